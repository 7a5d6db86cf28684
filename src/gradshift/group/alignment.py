"""Gradients that need everybody: the same regions for all, and a reference if none ships.

The participant level aligns each session to the shipped reference over the regions its own
person has. For a comparison the regions must be the same in everybody; and an atlas without
a shipped reference is aligned to the mean of the baseline sessions. Both need all people.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_array, read_matrix, read_regions
from gradshift.bids.dataset import read_json
from gradshift.core.cortex.gradients import mean_matrix, mean_reference
from gradshift.core.cortex.measure import Value, evaluate, unavailable
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.errors import InputError
from gradshift.study.design import Design

logger = logging.getLogger("gradshift")


def align(
    table: pd.DataFrame,
    results: Sequence[SessionResult],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    output_dir: Path,
    options: Options,
) -> pd.DataFrame:
    """Compute the measures of gradients again where they depend on everybody.

    Parameters
    ----------
    table : DataFrame
        All values of the participant level.
    results : sequence of SessionResult
    people : sequence of mapping
        Who is compared, see `gradshift.study.design.find_people`.
    design : Design
    output_dir : Path
    options : Options
        Those of the participant level.

    Returns
    -------
    DataFrame
        The table, with the values of these measures replaced for the people compared.
    """
    wanted = set(table["measure"])
    names = [name for name, m in measures().items() if m.needs_reference and name in wanted]
    if not names:
        return table
    used = compared_sessions(results, people, design)
    for _, found in groupby(used, key=lambda result: (result.task, result.atlas, result.recipe)):
        table = _replaced(table, list(found), names, design, output_dir, options)
    return table


def compared_sessions(
    results: Sequence[SessionResult], people: Sequence[Mapping[str, Any]], design: Design
) -> list[SessionResult]:
    """Return the usable BOLD sessions of those compared, by task, atlas and recipe."""
    compared = {
        (row["participant_id"], row["task"])
        for row in people
        if row["included"] and row["modality"] == "func"
    }
    used = [
        result
        for result in results
        if result.modality == "func"
        and not result.excluded
        and (result.participant, result.task) in compared
        and result.session in design.sessions_of(result.participant)
    ]
    return sorted(used, key=lambda result: (result.task, result.atlas, result.recipe))


def _replaced(
    table: pd.DataFrame,
    results: Sequence[SessionResult],
    names: Sequence[str],
    design: Design,
    output_dir: Path,
    options: Options,
) -> pd.DataFrame:
    """Replace the values of one task, atlas and recipe, if they depend on everybody."""
    path = outputs.reference_path(output_dir, results[0].about["AtlasEntities"])
    reference = read_array(path) if path.exists() else None
    left_out = [regions_left_out(result) for result in results]
    everywhere = {
        name: f"left out of everybody's gradients: {result.participant} lacks it"
        for result, names_ in zip(results, left_out, strict=True)
        for name in sorted(names_)
    }
    if reference is not None and all(found == set(everywhere) for found in left_out):
        return table
    problem, regions = "", read_regions(output_dir, results[0])
    if reference is None:
        baseline = (
            read_session(result, everywhere, output_dir, options).matrix_common
            for result in results
            if design.is_baseline(result.participant, result.session)
        )
        try:
            reference = mean_reference(mean_matrix(baseline), regions, options)
        except InputError as error:
            problem = f"no reference: {error}"
    logger.info(
        "%s, %s: gradients of %d sessions aligned over %d regions%s.",
        results[0].atlas,
        results[0].recipe,
        len(results),
        len(regions) - len(everywhere),
        "" if path.exists() else " to the mean of the baseline sessions",
    )
    rows = []
    for result in results:  # of which one is held at a time
        session = read_session(result, everywhere, output_dir, options)
        values = _values(replace(session, reference=reference), names, everywhere, problem)
        rows += [{**columns_of(result), **asdict(value)} for value in values]
    made = pd.DataFrame(rows, columns=table.columns)
    keys = ["participant_id", "session_id", "task", "run", "atlas", "recipe", "measure"]
    old = pd.MultiIndex.from_frame(table[keys]).isin(pd.MultiIndex.from_frame(made[keys]))
    return pd.concat([table[~old], made], ignore_index=True).sort_values(
        keys, kind="stable", ignore_index=True
    )


def _values(
    session: Session, names: Sequence[str], reasons: Mapping[str, str], problem: str
) -> list[Value]:
    return [
        value
        for name in names
        for value in (
            unavailable(measures()[name], session.regions, problem)
            if problem
            else evaluate(measures()[name], session, reasons)
        )
    ]


def columns_of(result: SessionResult) -> dict[str, str]:
    """Return the columns that are the same in all rows of a session."""
    return {
        "participant_id": result.participant,
        "session_id": result.session,
        "modality": "func",
        "task": result.task,
        "run": result.run,
        "space": result.about["Entities"]["space"],
        "atlas": result.atlas,
        "recipe": result.recipe,
    }


def regions_left_out(result: SessionResult) -> set[str]:
    """Name the regions that the gradients of a session do without."""
    return {
        *result.about["RegionsLeftOutOfMeasures"],
        *result.about["RegionsLeftOutOfGradients"],
    }


def read_session(
    result: SessionResult, left_out: Collection[str], output_dir: Path, options: Options
) -> Session:
    """Read a session back from its series, without the regions left out of any."""
    about, regions = result.about, read_regions(output_dir, result)
    path = result.series_path(output_dir)
    series, told = read_array(path), read_json(outputs.sidecar(path))
    _, matrix = read_matrix(result.matrix_path(output_dir))
    gone = np.isin(regions.names, list(left_out))
    series[:, gone] = matrix[gone] = matrix[:, gone] = np.nan
    return Session(
        regions=regions,
        series=series,
        volumes=_indices(told["RetainedVolumes"]),
        run_of=_indices(told["RetainedVolumesRun"]),
        tr=about["RepetitionTime"],
        matrix=matrix,
        n_common=about["NumberOfCommonVolumes"],
        dropout=np.zeros(len(regions), dtype=bool),
        options=options,
    )


def _indices(values: Sequence[int]) -> NDArray[np.intp]:
    return np.array(values, dtype=np.intp)
