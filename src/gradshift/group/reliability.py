"""Reliability within sessions: every measure from either half of the retained volumes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_array
from gradshift.bids.rows import column
from gradshift.core.cortex.measure import UnavailableError, evaluate, unavailable
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate, partial_correlate
from gradshift.core.series.maps import MAPS
from gradshift.core.statistics.reliability import split_half
from gradshift.group.arrange import Column, arrange, weighted
from gradshift.group.sessions import (
    columns_of,
    compared_sessions,
    read_session,
    regions_left_out,
)
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
    """Measure both halves of the sessions of the primary atlas and recipe, by task."""
    used = [
        result
        for result in compared_sessions(study.results, study.people, study.design)
        if (result.atlas, result.recipe) == study.primary
    ]
    by_task: dict[str, Halves] = {}
    measure = partial(_both, output_dir=study.output_dir, options=study.options)
    for task in sorted({result.task for result in used}):
        sessions = [result for result in used if result.task == task]
        first, second = zip(*study.workers(measure, sessions), strict=True)
        by_task[task] = (_joined(first), _joined(second))
    return by_task


@once
def reliability(study: Study) -> list[Reliability]:
    """Compare halves of the sessions of the primary atlas and recipe."""
    return [row for task, both in halves(study).items() for row in _rows(study, task, both)]


def _joined(sessions: Sequence[Sequence[dict[str, object]]]) -> pd.DataFrame:
    return pd.DataFrame([value for values in sessions for value in values])


def _both(
    result: SessionResult, *, output_dir: Path, options: Options
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Measure both halves of a session."""
    whole = read_session(result, regions_left_out(result), output_dir, options)
    reference = outputs.reference_path(output_dir, result.atlas_entities)
    if reference.exists():
        whole = replace(whole, reference=read_array(reference))
    first, second = (_values(result, whole, half) for half in (0, 1))
    return first, second


def _values(result: SessionResult, whole: Session, half: int) -> list[dict[str, object]]:
    """Compute every measure the session has from one half of its volumes."""
    wanted = [measures()[name] for name in result.measures if name in measures()]
    try:
        session = _half(whole, half, result.estimator)
        values = [value for measure in wanted for value in evaluate(measure, session)]
    except UnavailableError as error:
        values = [v for m in wanted for v in unavailable(m, whole.regions, str(error))]
    return [{**columns_of(result), **asdict(value)} for value in values if value.level != "region"]


def _half(session: Session, half: int, estimator: str) -> Session:
    """Cut a session into its first (0) or second (1) half."""
    if session.gives == "matrix":
        raise UnavailableError("halves need series of regions, and the source has matrices alone")
    middle = len(session.series) // 2
    part = slice(0, middle) if half == 0 else slice(middle, 2 * middle)
    series = session.series[part]
    matrix = correlate(series) if estimator == "pearson" else partial_correlate(series)[0]
    return replace(
        session,
        series=series,
        volumes=session.volumes[part],
        run_of=session.run_of[part],
        matrix=matrix,
        n_common=min(session.n_common // 2, middle),
        missing_maps=dict.fromkeys(MAPS, "no map of half a session"),
    )


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
    known = values.groupby(["measure", "level", "label"])["value"].transform("count") > 0
    missing = values[~known].drop_duplicates(["measure", "level", "label"])
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
