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
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number
from gradshift.report.sentences import Shown
from gradshift.report.summaries import summary
from gradshift.report.verdicts import is_declared, verdict
from gradshift.tracers.tracer import Tracer

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


def question(found: GroupResults) -> str:
    """Ask question 5, by what the tracers of the study stand for."""
    known = words.tracers(result.about for result in found.sources)
    pet = words.molecule(known) if known else "what PET measures"
    return f"Did {pet} or glutamate change, and do these changes go together?"


def results(found: GroupResults, modality: str) -> list[Contrast]:
    """List the headline results of a modality that are not of single regions."""
    mine = [
        row
        for row in found.rows
        if row.modality == modality
        and (row.contrast, row.effect) == found.effect
        and row.covariates == found.covariates
        and row.level != "region"
        and row.atlas in (found.atlas, "n/a")
    ]
    return [row for row in mine if row.recipe == mine[0].recipe]


def _modality(found: GroupResults, modality: str, rows: Sequence[Contrast]) -> dict[str, Any]:
    primary = rows[0].measure if modality == "pet" else ""
    tracers = words.tracers(result.about for result in found.sources) if primary else []
    percent = {
        (row.measure, row.level, row.label): row
        for row in found.percent
        if row.modality == modality and row.recipe == rows[0].recipe
    }
    names = [_place(row, named=not primary) for row in rows]
    models = _models(found, modality)
    declared = [(n, row) for n, row in zip(names, rows, strict=True) if is_declared(row)]
    sentence = summary(declared or list(zip(names, rows, strict=True)), found.alpha)
    if len(declared) == 1:
        sentence = f"{declared[0][0].capitalize()}: {sentence[0].lower()}{sentence[1:]}"
    return {
        "title": KINDS[modality],
        "what": _what(primary, tracers) if primary else "",
        "caveats": [tracer.caveat.value for tracer in tracers if tracer.caveat.value],
        "measure": primary,
        "models": list(models),
        "sentence": sentence,
        "rows": [
            {
                "row": row,
                "name": name,
                "shown": Shown.of(row),
                "percent": percent.get(_key(row)),
                "verdict": verdict(row, found.alpha),
                "others": [g.get(_key(row), math.nan) for g in models.values()],
            }
            for name, row in zip(names, rows, strict=True)
        ],
    }


def _models(found: GroupResults, modality: str) -> dict[str, dict[Key, float]]:
    """Return Hedges' g of the further models of PET, which are variants of the primary one."""
    models: dict[str, dict[Key, float]] = {}
    for row in found.variants:
        choice = row.choice or ""
        same = (row.contrast, row.effect, row.modality) == (*found.effect, modality)
        if same and choice.startswith("model "):
            key = (row.measure, row.level, row.label)
            models.setdefault(choice.removeprefix("model "), {})[key] = row.hedges_g
    return models


def _what(measure: str, tracers: Sequence[Tracer]) -> str:
    """Name a measure of PET, its unit, and what it stands for."""
    stands_for = words.molecule(tracers)
    names = [tracer.name for tracer in tracers if tracer.name not in stands_for]
    return ", ".join([words.measure(measure), words.unit(measure), *names, stands_for])


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
        title = f"ρ = {number(row.estimate)}, n = {len(x)}"
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
