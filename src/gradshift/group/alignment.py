"""Gradients that need everybody: the same regions for all, and a reference if none ships.

The participant level aligns each session to the shipped reference over the regions its own
person has. For a comparison the regions must be the same in everybody; and an atlas without
a shipped reference is aligned to the mean of the baseline sessions. Both need all people.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_array, read_regions
from gradshift.core.cortex.gradients import mean_matrix, mean_reference
from gradshift.core.cortex.measure import Value, evaluate, unavailable
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.errors import InputError
from gradshift.group.sessions import columns_of, compared_sessions, read_session, regions_left_out
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
