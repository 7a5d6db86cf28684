"""Question 5: PET and spectroscopy, and whether their changes go with those of BOLD."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.core.statistics.coupling import leave_one_out
from gradshift.figures.coupling import Coupled
from gradshift.group.contrasts import Contrast
from gradshift.group.pairs import Coupling
from gradshift.report import wording, words
from gradshift.report.grouped import GroupResults

KINDS = {"pet": "PET", "mrs": "MRS"}

SCOPES = {
    "between-people": "over people",
    "between-people-leave-one-out": "over people, range without each person in turn",
    "between-people-partial-fd": "over people, change of motion held constant",
    "across-regions": "over regions within each person",
    "group-maps-spin": "over regions of the mean maps, against turned maps",
}
"""How the table of coupling correlates, in words."""

WIDTH = 28
"""Letters in a line beside an axis."""

Key = tuple[str, str, str]


def molecules(found: GroupResults) -> list[dict[str, Any]]:
    """Tell the changes of PET and MRS: a table each, with one primary model.

    Returns
    -------
    list of dict
        One per modality with results.
    """
    told = []
    for modality in KINDS:
        rows = results(found, modality)
        if rows:
            told.append(_modality(found, modality, rows))
    return told


def results(found: GroupResults, modality: str) -> list[Contrast]:
    """List the headline results of a modality that are not of single regions."""
    mine = [
        row
        for row in found.rows
        if row.modality == modality
        and (row.contrast, row.effect) == found.effect
        and row.covariates is None
        and row.level != "region"
        and row.atlas in (found.atlas, "n/a")
    ]
    return [row for row in mine if row.recipe == mine[0].recipe]


def _modality(found: GroupResults, modality: str, rows: Sequence[Contrast]) -> dict[str, Any]:
    measures = list(dict.fromkeys(row.measure for row in rows))
    primary, *models = measures if modality == "pet" else [""]
    percent = {
        (row.measure, row.level, row.label): row
        for row in found.percent
        if row.modality == modality and row.recipe == rows[0].recipe
    }
    by_key = {_key(row): row for row in rows}
    shown = [row for row in rows if row.measure == primary] if primary else rows
    names = [_place(row, named=not primary) for row in shown]
    beside = {name: [by_key.get((name, *_key(row)[1:])) for row in shown] for name in models}
    sentence = wording.summary(list(zip(names, shown, strict=True)), found.alpha)
    if len(names) == 1:
        sentence = f"{names[0].capitalize()}: {sentence[0].lower()}{sentence[1:]}"
    agreement = wording.agreement(names, shown, beside, found.alpha, word="model")
    return {
        "title": KINDS[modality],
        "what": f"{words.measure(primary)}, {words.unit(primary)}" if primary else "",
        "measure": primary,
        "models": models,
        "sentence": sentence,
        "agreement": agreement,
        "rows": [
            {
                "row": row,
                "name": name,
                "percent": percent.get(_key(row)),
                "verdict": wording.verdict(row, found.alpha),
                "kind": wording.kind(row, found.alpha),
                "others": [{"row": beside[model][i]} for model in models],
            }
            for i, (name, row) in enumerate(zip(names, shown, strict=True))
        ],
    }


def _key(row: Contrast) -> Key:
    return row.measure, row.level, row.label


def _place(row: Contrast, *, named: bool) -> str:
    """Say where a value is, and of what where that differs from row to row."""
    if named:
        place = words.where(row.level, row.label)
        return f"{words.measure(row.measure)} of {place}"
    return words.where(row.level, row.label).removeprefix("the ")


def percent_of_regions(
    found: GroupResults, measure: str, names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the (R,) mean changes in per cent of a measure of regions."""
    by_name = {
        row.label: row.mean_percent
        for row in found.percent
        if (row.measure, row.level) == (measure, "region")
    }
    return np.array([by_name.get(name, math.nan) for name in names], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class CoupledRow:
    """A row of the table of coupling, in words."""

    row: Coupling
    words: str
    how: str
    verdict: str


def coupled_rows(found: GroupResults) -> list[CoupledRow]:
    """List the table of coupling, in words."""
    return [
        CoupledRow(
            row=row,
            words=" with ".join(_term(term) for term in row.pair.split("~")),
            how=SCOPES.get(row.scope, row.scope),
            verdict=_coupled(row, found.alpha),
        )
        for row in found.couplings
    ]


def coupling_summary(found: GroupResults) -> str:
    """Say in a sentence which changes went together over people; empty without any."""
    rows = [row for row in coupled_rows(found) if row.row.scope == "between-people"]
    if not rows:
        return ""
    together = [row.words for row in rows if row.verdict == "evidence of coupling"]
    tested = sum(row.verdict != "not tested" for row in rows)
    if not tested:
        return "Whether changes go together over people could not be tested."
    if together:
        return f"Evidence over people that changes go together: {words.listed(together)}."
    return (
        f"No evidence over people that changes of PET, spectroscopy and BOLD go together "
        f"({tested} pairs tested)."
    )


def _coupled(row: Coupling, alpha: float) -> str:
    if not math.isfinite(row.p):
        return "not tested"
    p = row.p_fwe if math.isfinite(row.p_fwe) else row.p
    return "evidence of coupling" if p <= alpha else "no evidence of coupling"


def _term(text: str) -> str:
    """Put one side of a pair, as MEASURE:LABEL, into words."""
    measure, _, label = text.partition(":")
    return f"{words.measure(measure)} ({_label(label)})"


def _label(label: str) -> str:
    if label in words.SETS:
        return words.SETS[label]
    if label in words.NETWORKS:
        return words.network(label)
    return {"whole": "whole cortex", "region": "regions"}.get(label, label)


def coupled_changes(found: GroupResults) -> Iterator[Coupled]:
    """Yield the changes of every pair over people, as far as there are values of both."""
    for row in found.couplings:
        if row.scope != "between-people" or not math.isfinite(row.estimate):
            continue
        first, second = row.pair.split("~")
        changes = pd.concat([_changes(found, first), _changes(found, second)], axis=1).dropna()
        x, y = changes.to_numpy(float).T
        title = f"ρ = {wording.number(row.estimate)}, n = {len(x)}"
        labels = [_axis(side) for side in (first, second)]
        yield Coupled(
            title, x, y, (labels[0], labels[1]), row.estimate, row.ci_low, row.ci_high,
            leave_one_out(x, y),
        )  # fmt: skip


def _axis(text: str) -> str:
    measure, _, label = text.partition(":")
    return textwrap.fill(f"change of {words.measure(measure)}, {_label(label)}", WIDTH)


def _changes(found: GroupResults, text: str) -> "pd.Series[float]":
    """Return the change of every person in one side of a pair."""
    measure, _, label = text.partition(":")
    table = found.table
    mine = table[(table["measure"] == measure) & (table["label"] == label)]
    mine = mine[~mine.status.str.startswith("unreliable")]
    for name in ("level", "recipe", "task"):
        mine = mine[mine[name] == mine[name].iloc[0]] if len(mine) else mine
    means = mine.groupby(["participant_id", "session_id"])["value"].mean().unstack()
    before, after = (means.reindex(columns=[s])[s] for s in found.sessions)
    return after - before
