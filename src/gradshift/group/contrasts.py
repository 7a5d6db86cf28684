"""Every question put to every family of values: the table of contrasts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.rows import column
from gradshift.core.contrasts import Comparison
from gradshift.core.inference.families import FIRST, families
from gradshift.group.arrange import Column, arrange
from gradshift.group.study import Place, Study, once
from gradshift.group.table import Table
from gradshift.group.testing import answer
from gradshift.group.written import Written
from gradshift.study.design import Design
from gradshift.study.effect import MOTION, Effect
from gradshift.study.model import read_families
from gradshift.study.participation import change_of_motion
from gradshift.study.questions import asked_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One result."""

    contrast: str = column(
        "What is held against what: sessions (follow-up minus baseline), groups or "
        "treatments; with a colon, in this group only"
    )
    effect: str = column(
        "What is tested: the mean within-person change; whether it differs between groups "
        "(group-by-time), drug and placebo (drug-by-time), early and late follow-up (delay); "
        "whether it goes with days since the dose (days); in a crossover, whether it differs "
        "between periods (period) and orders (order)"
    )
    family: str = column(
        "Results that are corrected together; a result in two families has a row in each"
    )
    modality: str = column("func, pet or mrs")
    task: str = column("Task of the runs")
    atlas: str = column("Atlas, as named on the command line")
    recipe: str = column("Denoising recipe")
    measure: str = column("Measure; see the sidecar of measures.tsv")
    level: str = column("What the value belongs to: region, network, network-pair, set or whole")
    label: str = column("The region, network, pair of networks or set")
    covariates: str | None = column(
        "Covariates that were held constant; deltafd is the change of mean motion in the same "
        "runs, where it was measured"
    )
    n: int = column("People with a value in all sessions that count")
    mean_baseline: float = column(
        "Mean at baseline over these people, in the unit of the measure; where groups or "
        "treatments are compared, mean change in the reference (for delay: the early "
        "follow-up)"
    )
    mean_followup: float = column(
        "Mean at follow-up; mean change in what is held against the reference"
    )
    mean_change: float = column(
        "Mean of the within-person changes; difference between groups; slope per day by least "
        "squares"
    )
    sd_change: float = column("Standard deviation of the changes (pooled, or around the slope)")
    se: float = column("Standard error of mean_change")
    dz: float = column("mean_change in standard deviations of the change; n/a for slopes")
    hedges_g: float = column("dz without its small-sample bias")
    ci_low: float = column(
        "Lower end of the 95 % interval of the standardised change (non-central t)"
    )
    ci_high: float = column("Upper end of that interval")
    t: float = column(
        "t statistic of mean_change; of days since the dose, where people differ in them, "
        "that of Spearman's rank correlation: rho = t / sqrt(t^2 + n - 2)"
    )
    p: float = column(
        "Two-sided p: of sign flips, or of permutations of people or of sessions within people"
    )
    p_fwe: float = column("p corrected for the family (maximal |t| over the same rearrangements)")
    q_fdr: float = column("Benjamini-Hochberg q over the family")
    n_permutations: int = column("Sign patterns or permutations that were used")
    exact: bool = column("true if these are all there are")
    p_min: float = column("Smallest p that can be had with this many people")
    status: str = column("ok, or what limits the result")


COMPARED = frozenset(f.name for f in fields(Comparison)) & {f.name for f in fields(Contrast)}
"""Columns that the comparison of a family fills."""


@once
def contrasts(study: Study) -> list[Contrast]:
    """Put every question to every family of every modality, task, atlas and recipe."""
    return [
        row
        for place, values in study.places()
        for row in compared(study, place, values, study.effects)
    ]


def compared(
    study: Study, place: Place, values: pd.DataFrame, effects: Sequence[Effect]
) -> list[Contrast]:
    """Put questions to every family of one modality, task, atlas and recipe.

    Parameters
    ----------
    study : Study
    place : Place
    values : DataFrame
        Of people and sessions.
    effects : sequence of Effect
    """
    names, array, columns = arrange(values, study.design)
    declared = read_families(Path(study.group.families)) if study.group.families else {}
    members: dict[str, list[int]] = {}
    for position, key in enumerate(columns):
        for family in families(place.modality, *key, declared):
            members.setdefault(family, []).append(position)
    remarks = _remarks(values, study.design)
    first = [family for family in (*declared, *FIRST) if family in members]
    people = study.of_kind(place.modality, place.task)
    rows = []
    for effect in asked_of(effects, people):
        covariates = _covariates(study, effect, names, place)
        for family in dict.fromkeys([*first, *members]):
            few = family in first or place.modality != "func"
            if not (effect.everywhere or few):
                continue
            positions = members[family]
            comparison = answer(effect, names, array[:, :, positions], covariates, study.group)
            answered = _Answered(place, effect, family, comparison)
            rows += [
                answered.row(i, columns[position], remarks, study.group.alpha)
                for i, position in enumerate(positions)
            ]
    return rows


@dataclass(frozen=True, slots=True)
class _Answered:
    """The answer to one question for one family."""

    place: Place
    effect: Effect
    family: str
    comparison: Comparison

    def row(self, i: int, key: Column, remarks: Mapping[Column, str], alpha: float) -> Contrast:
        """Turn column number i into a row of the table."""
        results: dict[str, Any] = {}
        for name in COMPARED:
            value = getattr(self.comparison, name)
            results[name] = value if isinstance(value, bool | int) else value[i]
        p_min = results["p_min"]
        limits = [results["status"]] if results["status"] != "ok" else []
        if not limits and p_min > alpha:
            limits.append(f"cannot be significant: p_min {p_min:.3g} > {alpha:g}")
        if key in remarks:
            limits.append(remarks[key])
        results["status"] = "; ".join(limits) or "ok"
        measure, level, label = key
        return Contrast(
            contrast=self.effect.contrast,
            effect=self.effect.effect,
            family=self.family,
            measure=measure,
            level=level,
            label=label,
            covariates=" ".join(self.effect.covariates) or None,
            **asdict(self.place),
            **results,
        )


def _covariates(
    study: Study, effect: Effect, names: Sequence[str], place: Place
) -> NDArray[np.float64] | None:
    """Return the (n, k) covariates of an effect, None if it has none."""
    if not effect.covariates:
        return None
    people = study.of_kind(place.modality, place.task)
    return np.column_stack(
        [
            change_of_motion(people, names, place.task, effect.weights)
            if name == MOTION
            else np.array([study.design.covariates[name].get(person, np.nan) for person in names])
            for name in effect.covariates
        ]
    )


def _remarks(values: pd.DataFrame, design: Design) -> dict[Column, str]:
    """Collect what the values of a column are marked with, other than ok."""
    counted = [
        session in design.sessions_of(person)
        for person, session in zip(values["participant_id"], values["session_id"], strict=True)
    ]
    marked = values[
        np.array(counted)
        & (values["status"] != "ok")
        & (values["value"].notna() | values["status"].str.startswith("unreliable"))
    ]
    texts: dict[Column, dict[str, int]] = {}
    for measure, level, label, status in marked[
        ["measure", "level", "label", "status"]
    ].itertuples(index=False):
        counts = texts.setdefault((measure, level, label), {})
        counts[status] = counts.get(status, 0) + 1
    return {
        key: "; ".join(f"{n} values: {text}" for text, n in sorted(counts.items()))
        for key, counts in texts.items()
    }


BETWEEN = frozenset({"delay", "days", "order", "period", "group-by-time", "drug-by-time"})
"""Effects that are tested by permuting people, where the design is not another."""


def _tested(written: Written) -> list[Contrast]:
    return [row for row in written.rows("contrasts", Contrast) if np.isfinite(row.p)]


def _effects(written: Written) -> set[str]:
    return {row.effect for row in _tested(written)}


def _between(written: Written) -> bool:
    within = {"crossover": {"drug-by-time"}, "repeated": {"days"}}.get(written.design, set())
    return bool(_effects(written) & (BETWEEN - within))


TABLE = Table(
    name="contrasts",
    rank=10,
    row=Contrast,
    rows=contrasts,
    uses={
        "signflip": lambda w: "change" in _effects(w) or w.design == "crossover",
        "association": _between,
        "within": lambda w: w.design == "repeated",
        "covariates": lambda w: any(row.covariates for row in _tested(w)),
        "effects": lambda w: bool(_tested(w)),
        "fdr": lambda w: bool(_tested(w)),
    },
)
