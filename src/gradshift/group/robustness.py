"""Whether each result holds over recipes, atlases, and choices for gradients and graphs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict

import numpy as np
import pandas as pd

from gradshift.bids.rows import column
from gradshift.core.statistics.specifications import FEWEST, joint_test
from gradshift.group.study import Study, once
from gradshift.group.table import Table
from gradshift.group.testing import scheme_of
from gradshift.group.variants import Result, Variant, Way, changes, variants


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """The variants of one result side by side."""

    contrast: str = column("As in contrasts.tsv")
    effect: str = column("As in contrasts.tsv")
    modality: str = column("func, pet or mrs")
    task: str = column("Task of the runs")
    measure: str = column("Measure")
    level: str = column("network, network-pair, set or whole: what atlases share")
    label: str = column("The network, pair of networks or set")
    n_variants: int = column(
        "Number of variants with a value: atlases x recipes, of gradients also x kernels "
        "(aligned to the mean of all sessions), of graphs also x densities; the primary one in "
        "the people who moved little, in those matched for motion, and without remarked values; "
        "and those of other outputs"
    )
    share_same_sign: float = column(
        "Share of variants whose change has the sign of the primary one", default=math.nan
    )
    g_primary: float = column("Hedges' g with the primary atlas and recipe", default=math.nan)
    g_min: float = column("Smallest Hedges' g over variants", default=math.nan)
    g_median: float = column("Median Hedges' g over variants", default=math.nan)
    g_max: float = column("Largest Hedges' g over variants", default=math.nan)
    median_t: float = column("Median t over variants", default=math.nan)
    p_joint: float = column(
        "Two-sided p of median_t, people rearranged (signs flipped, or groups permuted) in "
        "all variants together, those of other people aside; not corrected for the number of "
        "rows",
        default=math.nan,
    )
    p_min: float = column("Smallest p that can be had with this many people", default=math.nan)
    n_permutations: int | None = column("Rearrangements that were used", default=None)
    exact: bool | None = column("true if these are all there are", default=None)
    status: str = column("ok, or what limits the result")
    variants: str = column("The variants, as atlas, recipe and what differs")


@once
def robustness(study: Study) -> list[Robustness]:
    """Put the variants of every result side by side."""
    by_result: dict[Result, dict[Way, Variant]] = {}
    for variant in variants(study):
        by_result.setdefault(variant.result, {})[variant.way] = variant
    return [_row(study, result, ways) for result, ways in by_result.items()]


def _row(study: Study, result: Result, ways: Mapping[Way, Variant]) -> Robustness:
    contrast, effect, modality, task, measure, level, label = result
    return Robustness(
        contrast=contrast,
        effect=effect,
        modality=modality,
        task=task,
        measure=measure,
        level=level,
        label=label,
        **_spread(ways, (*study.primary, "")),
        **_joint(study, result),
    )


class Spread(TypedDict):
    """The columns that describe the variants of a result."""

    n_variants: int
    share_same_sign: float
    g_primary: float
    g_min: float
    g_median: float
    g_max: float
    variants: str


class Joint(TypedDict, total=False):
    """The columns of the joint test; only the status where there is none."""

    median_t: float
    p_joint: float
    p_min: float
    n_permutations: int
    exact: bool
    status: Required[str]


_NOT_ASKED = Joint(status="no joint test of this effect")


def _spread(ways: Mapping[Way, Variant], primary: Way) -> Spread:
    """Describe the variants of one result."""
    first = ways.get(primary)
    g = np.sort([variant.hedges_g for variant in ways.values()])
    signs = np.sign([variant.t for variant in ways.values()])
    return Spread(
        n_variants=len(ways),
        share_same_sign=float((signs == np.sign(first.t)).mean()) if first else np.nan,
        g_primary=first.hedges_g if first else np.nan,
        g_min=g[0],
        g_median=float(np.median(g)),
        g_max=g[-1],
        variants="; ".join(" ".join(filter(None, way)) for way in sorted(ways)),
    )


def _joint(study: Study, result: Result) -> Joint:
    """Test the variants of one result together, where they answer the main question."""
    if result[:2] != study.main.name:
        return _NOT_ASKED
    if study.covariates:
        return Joint(status=f"no joint test with {study.covariates} held constant")
    key = result[2:]
    series: Sequence[pd.Series[float]] = [
        of_way[key] for _, of_way in sorted(changes(study).items()) if key in of_way
    ]
    if not series:
        return _NOT_ASKED
    table = pd.concat(series, axis=1).sort_index()
    alpha = study.group.alpha
    test = joint_test(scheme_of(study.main, list(table.index), table.to_numpy(), study.group)[0])
    if not np.isfinite(test.p):
        few = f"{len(series)} variants, {FEWEST} needed for a joint test"
        return Joint(median_t=test.median_t, status=few)
    limit = f"cannot be significant: p_min {test.p_min:.3g} > {alpha:g}"
    return Joint(
        median_t=test.median_t,
        p_joint=test.p,
        p_min=test.p_min,
        n_permutations=test.n_permutations,
        exact=test.exact,
        status="ok" if test.p_min <= alpha else limit,
    )


TABLE = Table(
    name="robustness",
    rank=40,
    row=Robustness,
    rows=robustness,
    uses={
        "specifications": lambda written: any(
            row.n_variants > 1 for row in written.rows("robustness", Robustness)
        )
    },
)
