"""Whether another denoising recipe gives other changes: the paired difference of people."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from gradshift.bids.rows import column
from gradshift.core.contrasts import compare_variants
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.group.study import Study, once
from gradshift.group.table import Table
from gradshift.group.testing import limits_of
from gradshift.group.variants import Key, changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeDifference:
    """The difference between the changes that two recipes give."""

    contrast: str = column("As in contrasts.tsv, of the main question")
    effect: str = column("As in contrasts.tsv, of the main question")
    task: str = column("Task of the runs")
    atlas: str = column("The primary atlas")
    recipe: str = column("The primary recipe")
    other: str = column("The other recipe")
    measure: str = column("Confirmatory measure")
    level: str = column("network, set or whole")
    label: str = column("The network or set")
    n: int = column("People with the change by both recipes")
    mean_difference: float = column(
        "Mean of the change by the other recipe minus that by the primary one, in the unit of the "
        "measure"
    )
    hedges_g: float = column(
        "Standardised difference of the changes, each divided by its root mean square"
    )
    p: float = column("Two-sided p of the difference by sign flips")
    p_fwe: float = column("p corrected for the confirmatory measures")
    status: str = column("ok, or what limits the result")


@once
def recipe_differences(study: Study) -> list[RecipeDifference]:
    """Compare the changes of the confirmatory values by every other recipe with the primary."""
    atlas, recipe = study.primary
    by_way = changes(study)
    primary = by_way.get((atlas, recipe, ""), {})
    rows: list[RecipeDifference] = []
    for other in study.design.recipes:
        mapped = by_way.get((atlas, other, ""), {})
        keys = sorted(key for key in primary if key in mapped and key[2:] in CONFIRMATORY)
        if other != recipe:
            for _, same in groupby(keys, key=lambda key: key[1]):
                rows += _compared(study, other, {key: (primary[key], mapped[key]) for key in same})
    return rows


Pairs = dict[Key, tuple["pd.Series[float]", "pd.Series[float]"]]


def _compared(study: Study, other: str, pairs: Pairs) -> Iterator[RecipeDifference]:
    """Compare the values of one task."""
    people = sorted({name for first, _ in pairs.values() for name in first.index})
    first, second = (
        np.column_stack([pair[side].reindex(people).to_numpy() for pair in pairs.values()])
        for side in (0, 1)
    )
    result = compare_variants(second, first, **limits_of(study.group))
    atlas, recipe = study.primary
    for i, (_, task, measure, level, label) in enumerate(pairs):
        both = np.isfinite(first[:, i]) & np.isfinite(second[:, i])
        yield RecipeDifference(
            contrast=study.main.contrast,
            effect=study.main.effect,
            task=task,
            atlas=atlas,
            recipe=recipe,
            other=other,
            measure=measure,
            level=level,
            label=label,
            n=int(both.sum()),
            mean_difference=float((second - first)[both, i].mean()) if both.any() else math.nan,
            hedges_g=result.hedges_g[i],
            p=result.p[i],
            p_fwe=result.p_fwe[i],
            status=result.status[i],
        )


TABLE = Table(
    name="recipes", rank=45, row=RecipeDifference, rows=recipe_differences, optional=True
)
