"""Gradients and graphs measured again with other choices, from what the participants wrote.

A gradient rests on a kernel and on the reference it is aligned to, a graph on how many of its
connections are kept. The participant level makes one choice; these are the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult, read_regions
from gradshift.core.cortex.gradients import mean_matrix, mean_reference
from gradshift.core.cortex.measure import Measure, evaluate
from gradshift.core.cortex.options import KERNELS, Options
from gradshift.core.inference.resampling import Workers
from gradshift.core.measures import measures
from gradshift.errors import InputError
from gradshift.group.sessions import columns_of, compared_sessions, read_session, regions_left_out
from gradshift.study.design import Design


@dataclass(frozen=True, slots=True)
class _Choice:
    """Gradients with a kernel, aligned to a reference."""

    name: str
    options: Options
    reference: NDArray[np.float64]


def variants(
    table: pd.DataFrame,
    results: Sequence[SessionResult],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    output_dir: Path,
    options: Options,
    apply: Workers,
) -> pd.DataFrame:
    """Measure gradients and graphs with other choices.

    Gradients are computed with each kernel and aligned to the mean of the baseline sessions;
    graphs are cut at each density of the options, where areas under their curves were taken.

    Parameters
    ----------
    table : DataFrame
        All values.
    results : sequence of SessionResult
    people : sequence of mapping
        See `gradshift.study.design.find_people`.
    design : Design
    output_dir : Path
    options : Options
        Of the participant level.
    apply : callable
        Where sessions are measured.

    Returns
    -------
    DataFrame
        Columns of `table` and ``choice``; values that atlases share, of the people compared.
    """
    measured = [measures()[name] for name in sorted(set(table["measure"]) & set(measures()))]
    gradients = [measure for measure in measured if measure.needs_reference]
    graphs = [measure for measure in measured if measure.curve is not None]
    rows: list[dict[str, Any]] = []
    used = compared_sessions(results, people, design)
    for _, group in groupby(used, key=lambda result: (result.task, result.atlas, result.recipe)):
        found = list(group)
        everywhere = set().union(*map(regions_left_out, found)) if gradients else set()
        choices = _choices(found, everywhere, design, output_dir, options) if gradients else ()
        one = partial(
            _of_session,
            gradients=gradients,
            choices=choices,
            left_out=everywhere,
            graphs=graphs,
            output_dir=output_dir,
            options=options,
        )
        for made in apply(one, found if choices or graphs else ()):
            rows += made
    return pd.DataFrame(rows, columns=[*table.columns, "choice"])


def _choices(
    results: Sequence[SessionResult],
    left_out: set[str],
    design: Design,
    output_dir: Path,
    options: Options,
) -> tuple[_Choice, ...]:
    """Return the kernels, each with the mean of the baseline sessions for a reference."""
    baseline = (
        read_session(result, left_out, output_dir, options).matrix_common
        for result in results
        if design.is_baseline(result.participant, result.session)
    )
    regions = read_regions(output_dir, results[0])
    try:
        mean = mean_matrix(baseline)
    except InputError:
        return ()
    choices = []
    for kernel in KERNELS:
        own = replace(options, kernel=kernel)
        try:
            reference = mean_reference(mean, regions, own)
        except InputError:  # as the participants' own gradients, where this is told
            continue
        choices.append(_Choice(f"kernel {kernel} to baseline", own, reference))
    return tuple(choices)


def _of_session(
    result: SessionResult,
    *,
    gradients: Sequence[Measure],
    choices: Sequence[_Choice],
    left_out: set[str],
    graphs: Sequence[Measure],
    output_dir: Path,
    options: Options,
) -> list[dict[str, Any]]:
    """Measure one session with every choice."""
    made: list[tuple[str, Any]] = []
    if choices:
        session = read_session(result, left_out, output_dir, options)
        for choice in choices:
            own = replace(session, options=choice.options, reference=choice.reference)
            made += [(choice.name, one) for m in gradients for one in evaluate(m, own)]
    if graphs:
        left = set(result.about["RegionsLeftOutOfMeasures"])
        session = read_session(result, left, output_dir, options)
        for place, density in enumerate(options.densities):
            made += [
                (f"density {density:g}", one)
                for m in graphs
                for one in evaluate(m.at(place), session)
            ]
    fixed = columns_of(result)
    return [
        {**fixed, **asdict(one), "choice": name} for name, one in made if one.level != "region"
    ]
