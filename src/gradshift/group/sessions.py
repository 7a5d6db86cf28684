"""The sessions compared, read back from what the participant level wrote."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from gradshift.bids.collect import SessionResult, read_matrix, read_regions, read_series
from gradshift.core.cortex.common import Common, seconds_of
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session, build_session
from gradshift.core.series.connectivity import correlate
from gradshift.study.design import Design
from gradshift.study.participation import Participation


def compared_sessions(
    results: Sequence[SessionResult], people: Sequence[Participation], design: Design
) -> list[SessionResult]:
    """Return the usable BOLD sessions of those compared, by task, atlas and recipe.

    Parameters
    ----------
    results : sequence of SessionResult
    people : sequence of Participation
    design : Design
    """
    compared = {
        (person.participant_id, person.task)
        for person in people
        if person.included and person.modality == "func"
    }
    used = [
        result
        for result in results
        if result.modality == "func"
        and not result.excluded
        and (result.participant, result.task) in compared
        and result.session in design.sessions_of(result.participant)
    ]
    return sorted(used, key=_place)


def by_place(results: Sequence[SessionResult]) -> Iterator[list[SessionResult]]:
    """Yield sorted sessions that share task, atlas and recipe together."""
    for _, sessions in groupby(results, key=_place):
        yield list(sessions)


def _place(result: SessionResult) -> tuple[str, str, str]:
    return result.task, result.atlas, result.recipe


def columns_of(result: SessionResult) -> dict[str, str]:
    """Return the columns that are the same in all rows of a session."""
    return {
        "participant_id": result.participant,
        "session_id": result.session,
        "modality": "func",
        "task": result.task,
        "run": result.run,
        "space": result.space,
        "atlas": result.atlas,
        "recipe": result.recipe,
    }


def regions_left_out(result: SessionResult) -> set[str]:
    """Name the regions that the gradients of a session do without."""
    return {
        *result.left_out_of_measures,
        *result.left_out_of_gradients,
    }


def read_session(
    result: SessionResult, left_out: Collection[str], output_dir: Path, options: Options
) -> Session:
    """Read a session back from its series, without the regions left out of any.

    Its matrix is that of the series, whatever the estimator: gradients rest on it, and they are
    all that is asked of what is read. The table of a matrix takes as long to read as the series.
    """
    series = read_series(output_dir, result)
    if result.gives == "matrix":
        _, matrix = read_matrix(result.matrix_path(output_dir))
    else:
        matrix = correlate(series.series)
    return build_session(
        series,
        matrix,
        read_regions(output_dir, result),
        Common(
            seconds=seconds_of(result.n_common, np.nan if result.tr is None else result.tr),
            reasons=dict.fromkeys(left_out, "left out"),
            dropout=(),
        ),
        options,
        gives=result.gives,
    )
