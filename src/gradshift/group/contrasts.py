"""Every question put to every family of values: the table of contrasts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.rows import column
from gradshift.core.contrasts import Comparison
from gradshift.core.inference.families import DECLARED
from gradshift.core.inference.page import holm
from gradshift.core.statistics.equivalence import verdict
from gradshift.group.acquisition import acquisition_remark
from gradshift.group.answers import Answer, answers, blocks_of, compare_blocks
from gradshift.group.arrange import Column, counted
from gradshift.group.coupling import couplings
from gradshift.group.study import Place, Study, once
from gradshift.group.table import Table
from gradshift.group.written import Written
from gradshift.study.compared import OVER_TIME, Compared, compared_of
from gradshift.study.design import Design
from gradshift.study.effect import Effect
from gradshift.study.model import read_families


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One result.

    Parameters
    ----------
    compared : Compared
        What its change is one between; tables leave it to their sidecar.
    """

    contrast: str = column(
        "What is held against what: sessions (follow-up minus baseline), groups or "
        "treatments; with a colon, in this group only"
    )
    effect: str = column(
        "What is tested: the mean within-person change; whether it differs between groups "
        "(group-by-time), drug and placebo (drug-by-time), early and late follow-up (delay); "
        "whether it goes with days since the dose (days) or a number of people (moderator); in a "
        "crossover, whether it differs between periods (period) and orders (order)"
    )
    family: str = column(
        "Results that are corrected together; a result in two families has a row in each"
    )
    modality: str = column("func, pet, mrs or score")
    task: str = column("Task of the runs")
    atlas: str = column("Atlas, as named on the command line")
    recipe: str = column("Denoising recipe")
    measure: str = column("Measure; see the sidecar of measures.tsv")
    level: str = column("What the value belongs to: region, network, network-pair, set or whole")
    label: str = column("The region, network, pair of networks or set")
    covariates: str | None = column(
        "Covariates that were held constant: deltafd is the change of mean motion in the same "
        "runs and enters as it is, so that the row gives the change at no change of motion; "
        "traits of people are centred"
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
    ci_low_fwe: float = column(
        "Lower end of the simultaneous interval over the family, from the same rearrangements: "
        "it excludes 0 exactly where p_fwe is at most alpha; its level is 1 - alpha, or 1 - p_min "
        "where that is lower"
    )
    ci_high_fwe: float = column("Upper end of that interval")
    t: float = column(
        "t statistic of mean_change; between groups Welch's (p: on the normal scale); of days "
        "since the dose, where people differ in them, that of Spearman's rank correlation: "
        "rho = t / sqrt(t^2 + n - 2)"
    )
    p: float = column("Two-sided p: of sign flips, or of permutations of people")
    p_sign: float = column(
        "Two-sided exact sign test of the changes, which assumes no symmetry; n/a between groups"
    )
    n_direction: float = column("People who changed in the direction of the mean")
    p_fwe: float = column("p corrected for the family (maximal |t| over the same rearrangements)")
    p_page: float = column(
        "p_fwe corrected by Holm's procedure for all declared families of the page (primary atlas "
        "and recipe, no covariates); n/a elsewhere"
    )
    q_fdr: float = column("Benjamini-Hochberg q over the family")
    p_equivalence: float = column(
        "p of two one-sided tests against the smallest effect of interest: at most alpha where "
        "any change is smaller than that"
    )
    bf10: float = column(
        "Bayes factor for a change against none (JZS, Cauchy prior of scale .707); n/a for slopes"
    )
    n_permutations: int = column("Sign patterns or permutations that were used")
    exact: bool = column("true if these are all there are")
    p_min: float = column("Smallest p that can be had with this many people")
    verdict: str = column(
        "Of confirmatory and declared families: change (between groups: if their own spreads "
        "allow it, too), smaller (than the smallest effect of interest) or undecided; n/a "
        "elsewhere"
    )
    status: str = column("ok, or what limits the result")
    compared: Compared = OVER_TIME

    @property
    def together(self) -> tuple[str | None, ...]:
        """What the results that it was corrected with share."""
        question = (self.contrast, self.effect, self.covariates, self.family)
        return (*question, self.modality, self.task, self.atlas, self.recipe)


def family_sizes(rows: Iterable[Contrast]) -> Counter[tuple[str | None, ...]]:
    """Count the tests that results were corrected with, by what these share."""
    return Counter(row.together for row in rows if isfinite(row.p))


COMPARED = frozenset(f.name for f in fields(Comparison)) & {f.name for f in fields(Contrast)}
"""Columns that the comparison of a family fills."""

SKEWED = 1.0
"""Skewness of the changes beyond which a row says so."""


@once
def contrasts(study: Study) -> list[Contrast]:
    """List the answers to every question for every family."""
    rows = list(_uncorrected(study))
    for members, p_page in zip(_page(study).members, _page(study).p, strict=True):
        for i, value in zip(members, p_page, strict=True):
            rows[i] = replace(rows[i], p_page=float(value))
    return rows


def page_of_couplings(study: Study) -> NDArray[np.float64]:
    """Return p of the couplings over people, corrected for all declared families of the page."""
    return _page(study).coupling


@once
def _uncorrected(study: Study) -> list[Contrast]:
    return [row for answer in answers(study) for row in _rows(study, answer, _remarks_at(study))]


def compared(
    study: Study,
    place: Place,
    values: pd.DataFrame,
    effects: Sequence[Effect],
    known: Sequence[Comparison] | None = None,
) -> list[Contrast]:
    """Put questions to every family of one modality, task, atlas and recipe.

    Parameters
    ----------
    study : Study
    place : Place
    values : DataFrame
        Of people and sessions.
    effects : sequence of Effect
    known : sequence of Comparison, optional
        Of the same questions, where they were computed elsewhere.
    """
    remarks = {place: _remarks(values, study.design)}
    blocks = blocks_of(study, place, values, effects)
    answered = map(Answer, blocks, compare_blocks(blocks, study) if known is None else known)
    return [row for answer in answered for row in _rows(study, answer, remarks)]


Remarks = Mapping[Place, Mapping[Column, str]]
"""What the values of a column are marked with."""


@once
def _remarks_at(study: Study) -> Remarks:
    return {place: _remarks(values, study.design) for place, values in study.places()}


def _remarks(values: pd.DataFrame, design: Design) -> dict[Column, str]:
    """Collect what the values of a column are marked with, other than ok."""
    marked = values[counted(values, design) & (values["status"] != "ok") & values["value"].notna()]
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


def is_declared(study: Study, family: str) -> bool:
    """Tell whether a family was declared beforehand."""
    own = read_families(Path(study.group.families)) if study.group.families else {}
    return family in DECLARED or family in own


def _rows(study: Study, answer: Answer, remarks: Remarks) -> list[Contrast]:
    """Turn the answer to a question into a row for every column of its family."""
    block, alpha = answer.block, study.group.alpha
    declared = is_declared(study, block.family)
    acquired = acquisition_remark(study, block.place.modality, block.place.task)
    rows = []
    for i, key in enumerate(block.columns):
        results = {name: _at(getattr(answer.comparison, name), i) for name in COMPARED}
        remark = "; ".join(filter(None, (acquired, remarks[block.place].get(key))))
        results["status"] = _status(answer.comparison, i, remark, alpha)
        measure, level, label = key
        rows.append(
            Contrast(
                contrast=block.effect.contrast,
                effect=block.effect.effect,
                family=block.family,
                measure=measure,
                level=level,
                label=label,
                covariates=" ".join(block.effect.covariates) or None,
                p_page=np.nan,
                verdict=_verdict(answer.comparison, i, alpha) if declared else "n/a",
                compared=compared_of(study.design, block.effect),
                **asdict(block.place),
                **results,
            )
        )
    return rows


def _at(value: Any, i: int) -> Any:
    """Return the value of one column; some are the same for all."""
    return value if isinstance(value, bool | int) else value[i]


def _verdict(comparison: Comparison, i: int, alpha: float) -> str:
    """Return what the data tell of a declared result; nothing where no p can be small enough."""
    if not comparison.p_min[i] <= alpha:
        return "undecided" if np.isfinite(comparison.p_min[i]) else "n/a"
    p = np.fmax(comparison.p_fwe[i], comparison.p_fwe_spreads[i])
    return verdict(p, comparison.p_equivalence[i], alpha=alpha)


def _status(comparison: Comparison, i: int, remark: str, alpha: float) -> str:
    """Say what limits a result; ok if nothing does."""
    limits = [comparison.status[i]] if comparison.status[i] != "ok" else []
    p_min, skewness = comparison.p_min[i], comparison.skewness[i]
    if not limits and p_min > alpha:
        limits.append(f"cannot be significant: p_min {p_min:.3g} > {alpha:g}")
    if comparison.p_fwe[i] <= alpha < (p_spreads := comparison.p_fwe_spreads[i]):
        limits.append(f"no change if groups differ in spread: p_fwe {p_spreads:.2g} then")
    if abs(skewness) > SKEWED:
        limits.append(f"skewed changes (skewness {skewness:.2g}): see the sign test")
    if remark:
        limits.append(remark)
    return "; ".join(limits) or "ok"


@dataclass(frozen=True, slots=True)
class _Page:
    """The declared families of a page, corrected for their number.

    Parameters
    ----------
    members : sequence of sequence of int
        Positions of the results of each family.
    p : sequence of array
        ``p_page`` of these.
    coupling : array
        That of the couplings over people.
    """

    members: Sequence[Sequence[int]]
    p: Sequence[NDArray[np.float64]]
    coupling: NDArray[np.float64]


@once
def _page(study: Study) -> _Page:
    """Correct the declared families of the page for their number."""
    rows = _uncorrected(study)
    families: dict[tuple[str, ...], list[int]] = {}
    for i, row in enumerate(rows):
        if is_declared(study, row.family) and on_page(study, row):
            together = () if row.family == "confirmatory" else (row.contrast, row.effect, row.task)
            families.setdefault((row.family, *together), []).append(i)
    coupled = np.array([row.p_fwe for row in couplings(study) if row.scope == "between-people"])
    p = [np.array([rows[i].p_fwe for i in members]) for members in families.values()]
    *corrected, coupling = holm([*p, coupled])
    return _Page(list(families.values()), corrected, coupling)


def on_page(study: Study, row: Contrast) -> bool:
    """Tell whether a result is one of those that the page answers questions with."""
    first = (row.atlas, row.recipe) == study.primary or row.modality != "func"
    main = row.effect in ("change", study.main.effect)
    return first and main and row.covariates == study.covariates and np.isfinite(row.p_fwe)


def _tested(written: Written) -> list[Contrast]:
    return [row for row in written.rows("contrasts", Contrast) if isfinite(row.p)]


def _effects(written: Written) -> set[str]:
    return {row.effect for row in _tested(written)}


def _between(written: Written) -> bool:
    return bool(_tested(written)) and "groups" in written.tested_by


def _adjusted(written: Written) -> bool:
    return any(row.covariates for row in _tested(written))


TABLE = Table(
    name="contrasts",
    rank=10,
    row=Contrast,
    rows=contrasts,
    seconds=25,
    uses={
        "signflip": lambda w: "change" in _effects(w) and w.tested_by != {"crossover"},
        "association": lambda w: "number" in w.tested_by,
        "groups": _between,
        "ownspreads": _between,
        "crossover": lambda w: "crossover" in w.tested_by,
        "within": lambda w: "sessions" in w.tested_by,
        "covariates": _adjusted,
        "groupcovariates": lambda w: _between(w) and _adjusted(w),
        "signtest": lambda w: any(np.isfinite(row.p_sign) for row in _tested(w)),
        "effects": lambda w: bool(_tested(w)),
        "equivalence": lambda w: any(row.verdict != "n/a" for row in _tested(w)),
        "bayes": lambda w: any(np.isfinite(row.bf10) for row in _tested(w)),
        "fdr": lambda w: bool(_tested(w)),
    },
)
