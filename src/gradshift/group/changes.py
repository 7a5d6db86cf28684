"""Changes of every person that are coupled: of one task, and of PET and spectroscopy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.group.arrange import Column, arrange, weighted
from gradshift.group.pairs import Pair, PairColumns, Place, Term
from gradshift.group.study import Study
from gradshift.study.participation import change_of_motion
from gradshift.study.scores import score_of

LEVELS = ("set", "network", "whole", "network-pair", "region")
"""Where a label is looked for, in this order."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Changes of every person, of the primary atlas and recipe of every modality.

    Parameters
    ----------
    task : str
        Of the BOLD runs; ``n/a`` where there are none.
    contrast : str
        Name of the change.
    people : list of str, length n
        Sorted.
    values : (n, m) array
        NaN where a person has no value.
    positions : dict of Column to int
        Where each measure, level and label stands.
    places : dict of str to tuple of str
        Modality, atlas and recipe of every measure.
    motion : (n,) array
        Change of mean framewise displacement in mm, over the same sessions of this task.
    """

    task: str
    contrast: str
    people: list[str]
    values: NDArray[np.float64]
    positions: dict[Column, int]
    places: dict[str, tuple[str, str, str]]
    motion: NDArray[np.float64]

    def level(self, term: Term) -> str | None:
        """Return the level at which a measure has a label; None where there is no such."""
        levels = (one for one in LEVELS if (term.measure, one, term.label) in self.positions)
        return next(levels, None)

    def has(self, term: Term) -> bool:
        """Tell whether there are values of a term."""
        return self.level(term) is not None

    def is_bold(self, term: Term) -> bool:
        """Tell whether a measure comes from BOLD runs."""
        return term.measure in self.places and self.places[term.measure][0] == "func"

    def of_term(self, term: Term) -> NDArray[np.float64]:
        """Return the (n,) changes of one side of a pair; NaN where there is no such."""
        level = self.level(term)
        return self.of_labels(term.measure, level or "", [term.label])[:, 0]

    def of_labels(self, measure: str, level: str, labels: Sequence[str]) -> NDArray[np.float64]:
        """Return the (n, labels) changes; NaN where there is none."""
        empty = np.full(len(self.people), np.nan)
        columns = [self.positions.get((measure, level, label)) for label in labels]
        return np.column_stack([empty if i is None else self.values[:, i] for i in columns])

    def regions_of(self, measure: str) -> set[str]:
        """Return the regions of a measure."""
        return {
            label for name, level, label in self.positions if (name, level) == (measure, "region")
        }

    def place_of(self, first: Term, second: Term) -> Place:
        """Say where a pair is from: a side of BOLD counts, or else the first."""
        bold = [term for term in (first, second) if self.is_bold(term)]
        known = [term for term in (*bold, first, second) if term.measure in self.places]
        _, atlas, recipe = self.places[known[0].measure] if known else ("", "n/a", "n/a")
        return Place(
            contrast=self.contrast, task=self.task if bold else "n/a", atlas=atlas, recipe=recipe
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """A pair of changes in one task.

    Parameters
    ----------
    pair : Pair
    changes : Changes
    place : Place
    x, y : (n,) array
        The first and the second change, by `Changes.people`.
    """

    pair: Pair
    changes: Changes
    place: Place
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def of(cls, pair: Pair, changes: Changes) -> "Coupled":
        """Look up both changes."""
        return cls(
            pair=pair,
            changes=changes,
            place=changes.place_of(pair.first, pair.second),
            x=changes.of_term(pair.first),
            y=changes.of_term(pair.second),
        )

    @property
    def columns(self) -> PairColumns:
        """What all rows of the pair share."""
        place = self.place
        return PairColumns(
            contrast=place.contrast,
            task=place.task,
            atlas=place.atlas,
            recipe=place.recipe,
            pair=str(self.pair),
        )

    def of_people(self, people: Sequence[str], side: str) -> NDArray[np.float64]:
        """Return the changes of one side, ``x`` or ``y``, of these people; NaN for others."""
        values = dict(zip(self.changes.people, getattr(self, side), strict=True))
        return np.array([values.get(person, np.nan) for person in people])


def changes_by_task(study: Study) -> Iterator[Changes]:
    """Yield the changes of every task of BOLD, each with those of PET and spectroscopy.

    The change is the one that the main question is of.
    """
    primary = _primary(study)
    design = study.design
    weights = study.main.weights
    contrast = design.contrast if design.within_period else study.main.contrast
    bold = primary["modality"] == "func"
    for task in sorted(set(primary.loc[bold, "task"])) or ["n/a"]:
        values = primary[~bold | (primary["task"] == task)]
        people, array, columns = arrange(values, design)
        known = values[["measure", "modality", "atlas", "recipe"]].drop_duplicates()
        motion = change_of_motion(study.of_kind("func", task), people, task, weights)
        scores = _scores(study, people)
        columns += [("score", "set", name) for name in scores]
        places = {name: (kind, atlas, recipe) for name, kind, atlas, recipe in known.values}
        yield Changes(
            task=task,
            contrast=contrast,
            people=people,
            values=np.column_stack([weighted(array, weights), *scores.values()]),
            positions={column: i for i, column in enumerate(columns)},
            places=places | ({"score": ("n/a", "n/a", "n/a")} if scores else {}),
            motion=motion,
        )


def _scores(study: Study, people: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the (n,) numbers that a model names as moderators, for pairs such as score:age."""
    numbers = {name: score_of(study.design, study.main, name) for name in study.design.scores}
    return {
        name: np.array([of.get(person, np.nan) for person in people])
        for name, of in numbers.items()
    }


def _primary(study: Study) -> pd.DataFrame:
    """Take the values of the primary atlas and recipe of every modality."""
    parts = []
    for _, values in study.table.groupby("modality", sort=False, observed=True):
        for name, order in (("atlas", study.design.atlases), ("recipe", study.design.recipes)):
            present = set(values[name])
            values = values[values[name] == next(n for n in order if n in present)]
        parts.append(values)
    return pd.concat(parts)
