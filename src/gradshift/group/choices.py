"""Gradients and graphs with other choices, and values of other outputs.

A gradient rests on a kernel and on the reference it is aligned to, a graph on how many of its
connections are kept. The participant level makes one choice; these are the others. It writes
those of graphs, too; gradients need everybody.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult, read_regions, read_variants
from gradshift.bids.columnar import stacked, tabulated
from gradshift.core.cortex.measure import Measure, evaluate
from gradshift.core.cortex.options import KERNELS, Options
from gradshift.core.cortex.reference import mean_matrix, mean_reference
from gradshift.core.cortex.variants import HALVES
from gradshift.core.measures import measures
from gradshift.errors import InputError
from gradshift.group.otheroutputs import values_elsewhere
from gradshift.group.sessions import (
    by_place,
    columns_of,
    compared_sessions,
    read_session,
    regions_left_out,
)
from gradshift.group.study import Study, once


@dataclass(frozen=True, slots=True)
class Alignment:
    """Gradients with a kernel, aligned to a reference."""

    name: str
    options: Options
    reference: NDArray[np.float64]


@once
def other_values(study: Study) -> pd.DataFrame:
    """Gather gradients and graphs with other choices, and values of other outputs.

    Gradients are computed with each kernel and aligned to the mean of all sessions compared;
    graphs were cut at each density of the options by the participant level, where areas under
    their curves were taken.

    Returns
    -------
    DataFrame
        Columns of the study's table and ``choice``; values that atlases share, of the people
        compared.
    """
    measured = [measures()[name] for name in sorted(set(study.table["measure"]) & set(measures()))]
    gradients = [measure for measure in measured if measure.needs_reference]
    parts = []
    for sessions in by_place(compared_sessions(study.results, study.people, study.design)):
        parts += [_with_kernels(study, sessions, gradients)] if gradients else []
        values = read_variants(study.output_dir, sessions)
        parts.append(values[~values["choice"].isin(HALVES)])
    if (elsewhere := values_elsewhere(study)) is not None:
        parts.append(elsewhere)
    empty = pd.DataFrame(columns=[*study.table.columns, "choice"])
    return stacked([part for part in parts if len(part)] or [empty])


def _with_kernels(
    study: Study, sessions: Sequence[SessionResult], gradients: Sequence[Measure]
) -> pd.DataFrame:
    """Measure the gradients of one task, atlas and recipe with each kernel."""
    left_out = set().union(*map(regions_left_out, sessions))
    work = partial(
        _of_session,
        gradients=[_without_regions(measure) for measure in gradients],
        alignments=_alignments(study, sessions, left_out),
        left_out=left_out,
        study=(study.output_dir, study.options),
    )
    return tabulated([*study.table.columns, "choice"], study.workers(work, sessions))


def _without_regions(measure: Measure) -> Measure:
    """Return a measure that gives no values of single regions."""
    return replace(measure, levels=tuple(level for level in measure.levels if level != "region"))


def _alignments(
    study: Study, results: Sequence[SessionResult], left_out: set[str]
) -> tuple[Alignment, ...]:
    """Return the kernels, each with the mean of all sessions compared for a reference."""
    matrices = (
        read_session(result, left_out, study.output_dir, study.options).matrix_common
        for result in results
    )
    regions = read_regions(study.output_dir, results[0])
    try:
        mean = mean_matrix(matrices)
    except InputError:
        return ()
    alignments = []
    for kernel in KERNELS:
        options = replace(study.options, kernel=kernel)
        try:
            reference = mean_reference(mean, regions, options)
        except InputError:  # as the participants' own gradients, where this is told
            continue
        alignments.append(Alignment(f"kernel {kernel} label-blind", options, reference))
    return tuple(alignments)


def _of_session(
    result: SessionResult,
    *,
    gradients: Sequence[Measure],
    alignments: Sequence[Alignment],
    left_out: Set[str],
    study: tuple[Path, Options],
) -> list[dict[str, object]]:
    """Measure the gradients of one session with every kernel."""
    if not alignments:
        return []
    session, fixed = read_session(result, left_out, *study), columns_of(result)
    rows = []
    for one in alignments:
        aligned = replace(session, options=one.options, reference=one.reference)
        values = (value for measure in gradients for value in evaluate(measure, aligned))
        rows += [{**fixed, **vars(value), "choice": one.name} for value in values]
    return rows
