"""Gradients and graphs measured again with other choices, from what the participants wrote.

A gradient rests on a kernel and on the reference it is aligned to, a graph on how many of its
connections are kept. The participant level makes one choice; these are the others.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult, read_regions
from gradshift.core.cortex.gradients import mean_matrix, mean_reference
from gradshift.core.cortex.measure import Measure, Value, evaluate
from gradshift.core.cortex.options import KERNELS, Options
from gradshift.core.measures import measures
from gradshift.errors import InputError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the sessions of one task, atlas and recipe are measured with.

    Parameters
    ----------
    gradients, graphs : sequence of Measure
        Measures that rest on a reference, and that are areas under a curve over densities.
    alignments : sequence of Alignment
    left_out : set of str
        Regions that somebody's gradients do without.
    output_dir : Path
    options : Options
        Of the participant level.
    """

    gradients: Sequence[Measure]
    graphs: Sequence[Measure]
    alignments: Sequence[Alignment]
    left_out: set[str]
    output_dir: Path
    options: Options


@once
def other_values(study: Study) -> pd.DataFrame:
    """Measure gradients and graphs with other choices.

    Gradients are computed with each kernel and aligned to the mean of all sessions compared;
    graphs are cut at each density of the options, where areas under their curves were taken.

    Returns
    -------
    DataFrame
        Columns of the study's table and ``choice``; values that atlases share, of the people
        compared.
    """
    measured = [measures()[name] for name in sorted(set(study.table["measure"]) & set(measures()))]
    gradients = [measure for measure in measured if measure.needs_reference]
    graphs = [measure for measure in measured if measure.curve is not None]
    rows: list[dict[str, object]] = []
    for sessions in by_place(compared_sessions(study.results, study.people, study.design)):
        left_out = set().union(*map(regions_left_out, sessions)) if gradients else set()
        choices = Choices(
            gradients=gradients,
            graphs=graphs,
            alignments=_alignments(study, sessions, left_out) if gradients else (),
            left_out=left_out,
            output_dir=study.output_dir,
            options=study.options,
        )
        wanted = sessions if choices.alignments or graphs else ()
        for of_session in study.workers(partial(_of_session, choices=choices), wanted):
            rows += of_session
    return pd.DataFrame(rows, columns=[*study.table.columns, "choice"])


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


def _of_session(result: SessionResult, *, choices: Choices) -> list[dict[str, object]]:
    """Measure one session with every choice."""
    values: list[tuple[str, Value]] = []
    if choices.alignments:
        session = read_session(result, choices.left_out, choices.output_dir, choices.options)
        for one in choices.alignments:
            aligned = replace(session, options=one.options, reference=one.reference)
            values += [(one.name, v) for m in choices.gradients for v in evaluate(m, aligned)]
    if choices.graphs:
        left_out = set(result.left_out_of_measures)
        session = read_session(result, left_out, choices.output_dir, choices.options)
        for place, density in enumerate(choices.options.densities):
            values += [
                (f"density {density:g}", value)
                for measure in choices.graphs
                for value in evaluate(measure.at(place), session)
            ]
    fixed = columns_of(result)
    return [
        {**fixed, **asdict(value), "choice": name}
        for name, value in values
        if value.level != "region"
    ]
