"""Reliability within sessions: every measure from either half of the retained volumes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradshift.bids.collect import read_variants
from gradshift.bids.rows import column
from gradshift.core.cortex.variants import HALVES
from gradshift.core.statistics.reliability import split_half
from gradshift.group.arrange import NAMES, Column, arrange, weighted
from gradshift.group.sessions import compared_sessions
from gradshift.group.study import Study, once
from gradshift.group.table import Table

Halves = tuple[pd.DataFrame, pd.DataFrame]
"""Values of the first and of the second half of every session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The reliability of one value within a session, or of its change."""

    modality: str = column("func")
    task: str = column("Task of the runs")
    atlas: str = column("The primary atlas")
    recipe: str = column("The primary recipe")
    measure: str = column("Measure")
    level: str = column("network, network-pair, set or whole")
    label: str = column("The network, pair of networks or set")
    session: str = column(
        "The session, or the change between sessions (as contrast in contrasts.tsv)"
    )
    n: int = column("People with a value in both halves")
    icc: float = column("ICC(3,1) of the first and second half of the retained volumes")
    icc_low: float = column("Lower end of its 95 % interval")
    icc_high: float = column("Upper end of its 95 % interval")
    icc_full: float = column("ICC(3,2): the reliability of the whole session, from both halves")
    status: str = column("ok, or why there is no value")


@once
def halves(study: Study) -> dict[str, Halves]:
    """Read the values of both halves of the sessions of the primary atlas and recipe, by task."""
    used = [
        result
        for result in compared_sessions(study.results, study.people, study.design)
        if (result.atlas, result.recipe) == study.primary
    ]
    by_task: dict[str, Halves] = {}
    for task in sorted({result.task for result in used}):
        sessions = [result for result in used if result.task == task]
        values = read_variants(study.output_dir, sessions)
        first, second = (values[values["choice"] == half] for half in HALVES)
        by_task[task] = (first, second)
    return by_task


@once
def reliability(study: Study) -> list[Reliability]:
    """Compare halves of the sessions of the primary atlas and recipe."""
    return [row for task, both in halves(study).items() for row in _rows(study, task, both)]


def _rows(study: Study, task: str, halves: Halves) -> list[Reliability]:
    """Turn the values of both halves into rows, sessions first and then the change."""
    (_, first, columns), (_, second, _) = (arrange(half, study.design) for half in halves)
    pairs = [
        (condition.name, first[:, i], second[:, i])
        for i, condition in enumerate(study.design.conditions)
    ]
    main = study.main
    one, other = (weighted(h, main.plus) - weighted(h, main.minus) for h in (first, second))
    pairs.append((main.contrast, one, other))
    reasons = _reasons(halves)
    rows = []
    for name, one, other in pairs:
        result = split_half(one, other)
        for i, (measure, level, label) in enumerate(columns):
            few = f"{result.n[i]} people with both halves, 3 needed"
            known = np.isfinite(result.icc[i])
            rows.append(
                Reliability(
                    modality="func",
                    task=task,
                    atlas=study.primary[0],
                    recipe=study.primary[1],
                    measure=measure,
                    level=level,
                    label=label,
                    session=name,
                    n=int(result.n[i]),
                    icc=result.icc[i],
                    icc_low=result.low[i],
                    icc_high=result.high[i],
                    icc_full=result.full[i],
                    status="ok" if known else reasons.get((measure, level, label), few),
                )
            )
    return rows


def _reasons(halves: Halves) -> dict[Column, str]:
    """Say of every column without any value why."""
    values = pd.concat(halves)
    known = values.groupby(NAMES, observed=True)["value"].transform("count") > 0
    missing = values[~known].drop_duplicates(NAMES)
    return {
        (row.measure, row.level, row.label): str(row.status)
        for row in missing.itertuples(index=False)
    }


TABLE = Table(
    name="reliability",
    rank=70,
    row=Reliability,
    rows=reliability,
    seconds=15,
    uses={
        "reliability": lambda written: any(
            np.isfinite(row.icc) for row in written.rows("reliability", Reliability)
        )
    },
)
