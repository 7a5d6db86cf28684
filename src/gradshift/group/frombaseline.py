"""Whether changes depend on the baseline."""

import numpy as np
import pandas as pd

from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.group.arrange import Column, arrange, weighted
from gradshift.group.contrasts import contrasts
from gradshift.group.reliability import reliability
from gradshift.group.study import Study


def dependence(study: Study) -> list[dict[str, object]]:
    """Ask of the confirmatory measures whether the change depends on the baseline."""
    if not study.design.within_period:
        return []
    confirmatory: set[Column] = {
        (row.measure, row.level, row.label)
        for row in contrasts(study)
        if row.family == "confirmatory"
    }
    atlas, recipe = study.primary
    table = study.table
    primary = table[
        (table["atlas"] == atlas)
        & (table["recipe"] == recipe)
        & table["measure"].isin({measure for measure, _, _ in confirmatory})
    ]
    return [
        block
        for task, values in primary.groupby("task", sort=True, observed=True)
        for block in _baseline_of(study, str(task), values, confirmatory)
    ]


def _baseline_of(
    study: Study, task: str, values: pd.DataFrame, confirmatory: set[Column]
) -> list[dict[str, object]]:
    """Ask it of the confirmatory measures of one task."""
    reliable = {
        (row.measure, row.level, row.label): row.icc_full
        for row in reliability(study)
        if row.session == study.design.baseline and row.task == task
    }
    _, array, columns = arrange(values, study.design)
    before, after = weighted(array, study.main.minus), weighted(array, study.main.plus)
    blocks = []
    for i, column in enumerate(columns):
        if column not in confirmatory:
            continue
        icc = reliable.get(column, np.nan)
        result = baseline_dependence(
            before[:, i],
            after[:, i],
            reliability=icc,
            n_permutations=study.group.n_permutations,
            seed=study.group.random_seed,
        )
        blocks.append(
            {
                "Task": task,
                **dict(zip(("Measure", "Level", "Label"), column, strict=True)),
                "n": result.n,
                "OldhamR": result.oldham_r,
                "OldhamInterval": [result.oldham_low, result.oldham_high],
                "OldhamP": result.oldham_p,
                "Reliability": icc,
                "BlomqvistSlope": result.blomqvist_slope,
                "BlomqvistInterval": [result.blomqvist_low, result.blomqvist_high],
            }
        )
    return blocks
