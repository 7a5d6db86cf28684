"""Values that need everybody: gradients over the same regions, and what is seen from a mean.

The participant level aligns each session to the shipped reference over the regions its own
person has. For a comparison the regions must be the same in everybody; and an atlas without
a shipped reference is aligned to the mean of all sessions compared. Both need all people, as do
measures of how far a session is from the mean of all.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_array, read_regions
from gradshift.bids.columnar import stacked, tabulated
from gradshift.core.cortex.measure import Measure, Value, evaluate, unavailable
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.reference import mean_matrix, mean_reference
from gradshift.core.cortex.session import Session
from gradshift.core.cortex.tangent import covariance, geometric_mean
from gradshift.core.measures import measures
from gradshift.errors import InputError
from gradshift.group.sessions import (
    by_place,
    columns_of,
    compared_sessions,
    read_session,
    regions_left_out,
)
from gradshift.study.design import Design
from gradshift.study.participation import Participation

logger = logging.getLogger("gradshift")


def align(
    table: pd.DataFrame,
    results: Sequence[SessionResult],
    people: Sequence[Participation],
    design: Design,
    output_dir: Path,
    options: Options,
) -> pd.DataFrame:
    """Compute the measures again that depend on everybody.

    Parameters
    ----------
    table : DataFrame
        All values of the participant level.
    results : sequence of SessionResult
    people : sequence of Participation
        Who is compared.
    design : Design
    output_dir : Path
    options : Options
        Those of the participant level.

    Returns
    -------
    DataFrame
        The table, with the values of these measures replaced for the people compared.
    """
    wanted = [m for name, m in measures().items() if name in set(table["measure"])]
    gradients = [measure for measure in wanted if measure.needs_reference]
    displaced = [measure for measure in wanted if measure.needs_everybody]
    if not gradients and not displaced:
        return table
    for sessions in by_place(compared_sessions(results, people, design)):
        common = Common.of(sessions, output_dir, options)
        if gradients and not common.settled:
            table = _replaced(table, common.with_reference(), gradients)
        if displaced:
            table = _replaced(table, common.with_centre(), displaced)
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What the values of one task, atlas and recipe rest on, the same for everybody.

    Parameters
    ----------
    sessions : list of SessionResult
    left_out : mapping of str to str
        Regions that somebody lacks, and who.
    reference : (R, K) array, optional
        Reference gradients; None where none is shipped or can be made.
    settled : bool
        Whether the gradients of every session rest on a shipped reference and these regions
        already.
    output_dir : Path
    options : Options
    centre : (R, R) array, optional
        Geometric mean of the covariances of the sessions.
    problem : str
        Why there is no reference or centre; empty if there is one.
    """

    sessions: list[SessionResult]
    left_out: Mapping[str, str]
    reference: NDArray[np.float64] | None
    settled: bool
    output_dir: Path
    options: Options
    centre: NDArray[np.float64] | None = None
    problem: str = ""

    @classmethod
    def of(cls, sessions: list[SessionResult], output_dir: Path, options: Options) -> "Common":
        """Find what the sessions have in common."""
        path = outputs.reference_path(output_dir, sessions[0].atlas_entities)
        shipped = read_array(path) if path.exists() else None
        by_session = [regions_left_out(result) for result in sessions]
        left_out = {
            name: f"left out of everybody's gradients: {result.participant} lacks it"
            for result, names in zip(sessions, by_session, strict=True)
            for name in sorted(names)
        }
        return cls(
            sessions=sessions,
            left_out=left_out,
            reference=shipped,
            settled=shipped is not None and all(names == set(left_out) for names in by_session),
            output_dir=output_dir,
            options=options,
        )

    def read(self, result: SessionResult) -> Session:
        """Read a session, of which one is held at a time."""
        return read_session(result, self.left_out, self.output_dir, self.options)

    def with_reference(self) -> "Common":
        """Add the mean of all sessions compared where no reference is shipped.

        It is blind to their roles.
        """
        first = self.sessions[0]
        logger.info(
            "%s, %s: gradients of %d sessions aligned over %d regions%s.",
            first.atlas,
            first.recipe,
            len(self.sessions),
            len(read_regions(self.output_dir, first)) - len(self.left_out),
            "" if self.reference is not None else " to the mean of all sessions compared",
        )
        if self.reference is not None:
            return self
        matrices = (self.read(result).matrix_common for result in self.sessions)
        regions = read_regions(self.output_dir, self.sessions[0])
        try:
            reference = mean_reference(mean_matrix(matrices), regions, self.options)
        except InputError as error:
            return replace(self, problem=f"no reference: {error}")
        return replace(self, reference=reference)

    def with_centre(self) -> "Common":
        """Add the geometric mean of all sessions compared: blind to their roles, too."""
        sessions = (self.read(one) for one in self.sessions if one.gives != "matrix")
        try:
            centre = geometric_mean([covariance(session) for session in sessions])
        except InputError as error:
            return replace(self, problem=f"no mean of everybody: {error}")
        return replace(self, centre=centre)


def _replaced(table: pd.DataFrame, common: Common, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Replace the values of one task, atlas and recipe."""
    rows = (
        [{**columns_of(result), **vars(value)} for value in _values(common, result, wanted)]
        for result in common.sessions
    )
    made = tabulated(list(table.columns), rows)
    keys = ["participant_id", "session_id", "task", "run", "atlas", "recipe", "measure"]
    old = np.ones(len(table), dtype=bool)
    for name in ("task", "atlas", "recipe", "measure"):
        old &= table[name].isin(made[name].cat.categories).to_numpy()
    some = pd.MultiIndex.from_frame(table.loc[old, keys].astype(str))
    old[old] = some.isin(pd.MultiIndex.from_frame(made[keys].astype(str)))
    return stacked([table[~old], made]).sort_values(keys, kind="stable", ignore_index=True)


def _values(common: Common, result: SessionResult, wanted: Sequence[Measure]) -> list[Value]:
    """Measure one session again."""
    session = replace(common.read(result), reference=common.reference, centre=common.centre)
    return [
        value
        for measure in wanted
        for value in (
            unavailable(measure, session.regions, common.problem)
            if common.problem
            else evaluate(measure, session, common.left_out)
        )
    ]
