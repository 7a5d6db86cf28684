"""Changes of every person from the baseline to the first follow-up, of the primary values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.group.pairs import Term
from gradshift.group.study import Study

LEVELS = ("set", "network", "whole", "network-pair", "region")
"""Where a label is looked for, in this order."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Changes of every person, of the primary atlas and recipe of every modality.

    Parameters
    ----------
    table : DataFrame
        Values.
    sessions : pair of str
        Baseline and follow-up.
    people : sequence of str
        Sorted.
    levels : dict
        The level at which a measure has a label.
    """

    table: pd.DataFrame
    sessions: tuple[str, str]
    people: Sequence[str]
    levels: dict[tuple[str, str], str]

    @classmethod
    def of(cls, study: Study) -> "Changes":
        """Take the values of the primary atlas and recipe of every modality."""
        design = study.design
        primary = []
        for _, values in study.table.groupby("modality", sort=False):
            for name, order in (("atlas", design.atlases), ("recipe", design.recipes)):
                present = set(values[name])
                values = values[values[name] == next(n for n in order if n in present)]
            primary.append(values[values["task"] == min(values["task"])])
        table = pd.concat(primary)
        levels: dict[tuple[str, str], str] = {}
        known = table[["measure", "level", "label"]].drop_duplicates()
        for measure, level, label in known.itertuples(index=False):
            best = levels.get((measure, label), level)
            levels[measure, label] = min(best, level, key=LEVELS.index)
        return cls(
            table=table,
            sessions=(design.baseline, design.followup),
            people=sorted(set(table["participant_id"])),
            levels=levels,
        )

    @property
    def measures(self) -> set[str]:
        """Measures with values."""
        return {measure for measure, _ in self.levels}

    def has(self, term: Term) -> bool:
        """Tell whether there are values of a term."""
        return (term.measure, term.label) in self.levels

    def of_labels(self, measure: str, level: str, labels: Sequence[str]) -> NDArray[np.float64]:
        """Return the (people, labels) changes; NaN where there is none."""
        rows = self.table[(self.table["measure"] == measure) & (self.table["level"] == level)]
        rows = rows[~rows["status"].str.startswith("unreliable")]
        means = rows.groupby(["participant_id", "session_id", "label"])["value"].mean()
        wide = means.unstack("label").reindex(columns=list(labels))
        before, after = (
            wide.reindex(pd.MultiIndex.from_product([self.people, [session]])).to_numpy(float)
            for session in self.sessions
        )
        change: NDArray[np.float64] = after - before
        return change

    def of_term(self, term: Term) -> NDArray[np.float64]:
        """Return the (people,) changes of one side of a pair; NaN where there is no such."""
        if not self.has(term):
            return np.full(len(self.people), np.nan)
        level = self.levels[term.measure, term.label]
        return self.of_labels(term.measure, level, [term.label])[:, 0]

    def regions_of(self, measure: str) -> set[str]:
        """Return the regions of a measure."""
        rows = self.table[(self.table["measure"] == measure) & (self.table["level"] == "region")]
        return set(rows["label"])
