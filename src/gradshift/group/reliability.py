"""Reliability within sessions: every measure from either half of the retained volumes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_array
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session
from gradshift.core.inference.resampling import Workers
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate, partial_correlate
from gradshift.core.statistics.reliability import split_half
from gradshift.group.contrasts import arrange, weighted
from gradshift.group.sessions import columns_of, compared_sessions, read_session, regions_left_out
from gradshift.study.design import Design
from gradshift.study.questions import Effect

RELIABILITY = {
    "modality": "func",
    "task": "Task of the runs",
    "atlas": "The primary atlas",
    "recipe": "The primary recipe",
    "measure": "Measure",
    "level": "network, network-pair, set or whole",
    "label": "The network, pair of networks or set",
    "session": "The session, or the change between sessions (as contrast in contrasts.tsv)",
    "n": "People with a value in both halves",
    "icc": "ICC(3,1) of the first and second half of the retained volumes",
    "icc_low": "Lower end of its 95 % interval",
    "icc_high": "Upper end of its 95 % interval",
    "icc_full": "ICC(3,2): the reliability of the whole session, from both halves",
    "status": "ok, or why there is no value",
}


def reliability(
    results: Sequence[SessionResult],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    effect: Effect,
    output_dir: Path,
    options: Options,
    apply: Workers,
) -> list[dict[str, Any]]:
    """Compare halves of the sessions of the primary atlas and recipe.

    Parameters
    ----------
    results : sequence of SessionResult
    people : sequence of mapping
        See `gradshift.study.design.find_people`.
    design : Design
    effect : Effect
        The main question: says what the change is.
    output_dir : Path
    options : Options
        Of the participant level.
    apply : callable
        Where sessions are measured.

    Returns
    -------
    list of dict
        Rows of the table of reliability.
    """
    primary = (design.atlases[0], design.recipes[0])
    used = [
        result
        for result in compared_sessions(results, people, design)
        if (result.atlas, result.recipe) == primary
    ]
    rows = []
    for task in sorted({result.task for result in used}):
        mine = [result for result in used if result.task == task]
        halves = [
            pd.DataFrame([value for values in found for value in values])
            for found in zip(
                *apply(partial(_both, output_dir=output_dir, options=options), mine), strict=True
            )
        ]
        fixed = {"modality": "func", "task": task, "atlas": design.atlases[0],
                 "recipe": design.recipes[0]}  # fmt: skip
        rows += [{**fixed, **row} for row in _rows(halves, design, effect)]
    return rows


def _both(
    result: SessionResult, *, output_dir: Path, options: Options
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Measure both halves of a session."""
    first, second = (_values(result, half, output_dir, options) for half in (0, 1))
    return first, second


def _values(
    result: SessionResult, half: int, output_dir: Path, options: Options
) -> list[dict[str, Any]]:
    """Compute every measure the session has from one half of its volumes."""
    whole = read_session(result, regions_left_out(result), output_dir, options)
    reference = outputs.reference_path(output_dir, result.about["AtlasEntities"])
    if reference.exists():
        whole = replace(whole, reference=read_array(reference))
    session = _half(whole, half, result.about["Estimator"])
    return [
        {**columns_of(result), **asdict(value)}
        for name in result.about["Measures"]
        if name in measures()
        for value in evaluate(measures()[name], session)
        if value.level != "region"
    ]


def _half(session: Session, half: int, estimator: str) -> Session:
    """Cut a session into its first (0) or second (1) half."""
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
        missing_maps=dict.fromkeys(
            ("alff", "malff", "falff", "zfalff", "reho"), "no map of half a session"
        ),
    )


def _rows(halves: Sequence[pd.DataFrame], design: Design, effect: Effect) -> list[dict[str, Any]]:
    """Turn the values of both halves into rows, sessions first and then the change."""
    (_, first, columns), (_, second, _) = (arrange(half, design) for half in halves)
    pairs = [(name, first[:, i], second[:, i]) for i, name in enumerate(_role_names(design))]
    one, other = (
        weighted(values, effect.plus) - weighted(values, effect.minus)
        for values in (first, second)
    )
    pairs.append((effect.contrast, one, other))
    why = _reasons(halves)
    rows = []
    for name, one, other in pairs:
        found = split_half(one, other)
        for i, column in enumerate(columns):
            known = np.isfinite(found.icc[i])
            few = f"{found.n[i]} people with both halves, 3 needed"
            rows.append(
                {
                    **dict(zip(("measure", "level", "label"), column, strict=True)),
                    "session": name,
                    "n": int(found.n[i]),
                    "icc": found.icc[i],
                    "icc_low": found.low[i],
                    "icc_high": found.high[i],
                    "icc_full": found.full[i],
                    "status": "ok" if known else why.get(column, few),
                }
            )
    return rows


def _role_names(design: Design) -> list[str]:
    """Name the sessions of a person in the order of their roles."""
    if design.kind == "crossover":
        return [
            f"{drug} {point}"
            for drug in (design.reference, design.against)
            for point in (design.baseline, design.followup)
        ]
    return list(design.sessions_of(""))


def _reasons(halves: Sequence[pd.DataFrame]) -> dict[tuple[str, str, str], str]:
    """Say of every column without any value why."""
    found = pd.concat(halves)
    known = found.groupby(["measure", "level", "label"])["value"].transform("count") > 0
    missing = found[~known].drop_duplicates(["measure", "level", "label"])
    return {
        (row.measure, row.level, row.label): str(row.status)
        for row in missing.itertuples(index=False)
    }
