"""Question 5: PET and spectroscopy, and whether their changes go with those of BOLD."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.tables import KEYS
from gradshift.core.statistics.coupling import leave_one_out
from gradshift.figures.coupling import Coupled
from gradshift.group.contrasts import Contrast
from gradshift.group.pairs import Coupling
from gradshift.group.percent import PercentChange
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, p_value
from gradshift.report.sentences import Shown
from gradshift.report.summaries import summary
from gradshift.report.verdicts import Verdict, is_declared, verdict
from gradshift.tracers.tracer import Tracer

KINDS = {"pet": "PET", "mrs": "MRS"}

SCOPES = {
    "between-people": "over people",
    "between-people-leave-one-out": "over people, range without each person in turn",
    "between-people-partial-fd": "over people, change of motion held constant",
    "across-regions": "over regions within each person",
    "group-maps-spin": "over regions of the mean maps, against rotated maps",
}
"""How the table of coupling correlates, in words."""

WIDTH = 28
"""Letters in a line beside an axis."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class MoleculeRow:
    """A change of PET or spectroscopy, and what the page says beside it.

    Parameters
    ----------
    row : Contrast
    name : str
        Where it is, in words.
    shown : Shown
    percent : PercentChange or None
    verdict : Verdict
    others : list of float
        Hedges' g of the further models.
    """

    row: Contrast
    name: str
    shown: Shown
    percent: PercentChange | None
    verdict: Verdict
    others: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Molecule:
    """The changes of PET, or of spectroscopy.

    Parameters
    ----------
    title, what : str
        The modality, and what was measured.
    caveats : list of str
        Of the tracers.
    measure : str
        The primary model of PET; empty for spectroscopy.
    models : list of str
        Further models.
    sentence : str
    rows : list of MoleculeRow
    """

    title: str
    what: str
    caveats: list[str]
    measure: str
    models: list[str]
    sentence: str
    rows: list[MoleculeRow]

    @property
    def names(self) -> list[str]:
        """All models of PET, the primary one first; none of spectroscopy."""
        return [self.measure, *self.models] if self.measure else []


def molecules(results: GroupResults) -> list[Molecule]:
    """Tell the changes of PET and MRS: a table each, with one primary model.

    Returns
    -------
    list of Molecule
        One per modality with results.
    """
    by_modality = {modality: headline_rows(results, modality) for modality in KINDS}
    return [_modality(results, modality, rows) for modality, rows in by_modality.items() if rows]


def question(results: GroupResults) -> str:
    """Ask question 5, by what the tracers of the study stand for."""
    known = words.tracers(result.about for result in results.sources)
    pet = words.molecule(known) if known else "what PET measures"
    return f"Did {pet} or glutamate change, and do these changes go together?"


def headline_rows(results: GroupResults, modality: str) -> list[Contrast]:
    """List the headline results of a modality that are not of single regions."""
    rows = [
        row
        for row in results.rows
        if row.modality == modality
        and (row.contrast, row.effect) == results.effect
        and row.covariates == results.covariates
        and row.level != "region"
        and row.atlas in (results.atlas, "n/a")
    ]
    return [row for row in rows if row.recipe == rows[0].recipe]


def _modality(results: GroupResults, modality: str, rows: Sequence[Contrast]) -> Molecule:
    primary = rows[0].measure if modality == "pet" else ""
    tracers = words.tracers(result.about for result in results.sources) if primary else []
    names = [_place(row, named=not primary) for row in rows]
    models = _models(results, modality)
    declared = [(n, row) for n, row in zip(names, rows, strict=True) if is_declared(row)]
    sentence = summary(declared or list(zip(names, rows, strict=True)), results.alpha)
    if len(declared) == 1:
        sentence = f"{declared[0][0].capitalize()}: {sentence[0].lower()}{sentence[1:]}"
    percent = _percent(results, modality, rows[0].recipe)
    return Molecule(
        title=KINDS[modality],
        what=_what(primary, tracers) if primary else "",
        caveats=[tracer.caveat.value for tracer in tracers if tracer.caveat.value],
        measure=primary,
        models=list(models),
        sentence=sentence,
        rows=[
            MoleculeRow(
                row=row,
                name=name,
                shown=Shown.of(row),
                percent=percent.get(_key(row)),
                verdict=verdict(row, results.alpha),
                others=[g.get(_key(row), math.nan) for g in models.values()],
            )
            for name, row in zip(names, rows, strict=True)
        ],
    )


def _percent(results: GroupResults, modality: str, recipe: str) -> dict[Key, PercentChange]:
    """Return the changes in per cent of a modality by what they are of."""
    return {
        (row.measure, row.level, row.label): row
        for row in results.percent
        if row.modality == modality and row.recipe == recipe
    }


def _models(results: GroupResults, modality: str) -> dict[str, dict[Key, float]]:
    """Return Hedges' g of the further models of PET, which are variants of the primary one."""
    models: dict[str, dict[Key, float]] = {}
    for row in results.variants:
        choice = row.choice or ""
        same = (row.contrast, row.effect, row.modality) == (*results.effect, modality)
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
    results: GroupResults, measure: str, names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the (R,) mean changes in per cent of a measure of regions."""
    by_name = {
        row.label: row.mean_percent
        for row in results.percent
        if (row.measure, row.level) == (measure, "region")
    }
    return np.array([by_name.get(name, math.nan) for name in names], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class CoupledRow:
    """A row of the table of coupling, in words."""

    row: Coupling
    words: str
    how: str


def coupled_rows(results: GroupResults) -> list[CoupledRow]:
    """List the table of coupling, in words."""
    return [
        CoupledRow(
            row=row,
            words=" with ".join(_term(term) for term in row.pair.split("~")),
            how=SCOPES.get(row.scope, row.scope),
        )
        for row in results.couplings
    ]


def coupling_summary(results: GroupResults) -> str:
    """Say in a sentence which changes went together over people; empty without any."""
    rows = [row for row in coupled_rows(results) if row.row.scope == "between-people"]
    if not rows:
        return ""
    tested = [row for row in rows if math.isfinite(row.row.p_fwe)]
    if not tested:
        return "Whether changes go together over people could not be tested."
    together = [row for row in tested if row.row.p_fwe <= results.alpha]
    if not together:
        return (
            f"No evidence over people that changes of PET, spectroscopy and BOLD go together "
            f"({len(tested)} pairs tested)."
        )
    named = words.listed([f"{row.words}{_on_page(row.row, results.alpha)}" for row in together])
    return f"Evidence over people that changes go together: {named}."


def _on_page(row: Coupling, alpha: float) -> str:
    """Say whether a coupling stays when all declared families of the page are corrected for."""
    if not math.isfinite(row.p_page):
        return ""
    stays = "stays" if row.p_page <= alpha else "does not stay"
    p = p_value(row.p_page, alpha)
    return f" (which {stays} after correction for all declared families of this page, p = {p})"


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


def coupled_changes(results: GroupResults) -> Iterator[Coupled]:
    """Yield the changes of every pair over people, as far as there are values of both."""
    for row in results.couplings:
        if row.scope != "between-people" or not math.isfinite(row.estimate):
            continue
        first, second = row.pair.split("~")
        changes = pd.concat([_changes(results, first), _changes(results, second)], axis=1).dropna()
        if changes.empty:  # a number of people: it has no values of sessions
            continue
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


def _changes(results: GroupResults, text: str) -> "pd.Series[float]":
    """Return the change of every person in one side of a pair."""
    measure, _, label = text.partition(":")
    table = results.table
    values = table[(table["measure"] == measure) & (table["label"] == label)]
    values = values[~values.status.str.startswith("unreliable")]
    for name in ("level", "recipe", "task"):
        values = values[values[name] == values[name].iloc[0]] if len(values) else values
    means = values.groupby(list(KEYS), observed=True)["value"].mean().unstack()
    before, after = (means.reindex(columns=[s])[s] for s in results.sessions)
    return after - before
