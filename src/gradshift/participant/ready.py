"""Region series and matrices of another program at the participant level."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from gradshift.bids.dataset import check_dataset
from gradshift.bids.doors import SERIES, Door, ready_made
from gradshift.bids.readymade import find_ready
from gradshift.bids.readyrun import ReadyRun
from gradshift.bids.sessions import group_runs
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.runs import Runs

STEPS = ("ready", "connect", "person", "measure", "save")
CODE = tuple(f"gradshift.participant.nodes.{name}" for name in STEPS)
"""The modules that make the numbers of the results."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Ready(Runs):
    """The runs of a study that another program cleaned."""

    order: ClassVar[int] = 1
    title: ClassVar[str] = "table of regions"
    code: ClassVar[Sequence[str]] = CODE

    runs: Sequence[ReadyRun]

    @classmethod
    def find(cls, asked: Asked) -> Self:
        """Find the tables of all runs."""
        door = _door(asked)
        if door is None:
            raise NothingFoundError
        validate = not asked.settings.inputs.skip_bids_validation
        check_dataset(asked.settings.bids_dir, validate=validate)
        atlases = {atlas.name: atlas.regions().names for atlas in asked.atlases}
        runs = find_ready(asked.settings.inputs, door, atlases)
        logger.info(
            "%s of %s are taken as they are: another program cleaned them.",
            "Matrices" if runs[0].gives == "matrix" else "Series",
            door.folder,
        )
        return cls(asked=asked, runs=runs)

    @property
    def derivatives(self) -> list[Path]:
        """The dataset with the tables."""
        door = _door(self.asked)
        return [] if door is None else [door.folder]

    def describe(self) -> tuple[str, bool]:
        """Say what would be done, a block per session."""
        combine = self.asked.settings.analysis.combine_runs
        blocks = [
            "\n".join(line for run in unit for line in _lines(run))
            for unit in group_runs(self.runs, combine=combine)
        ]
        usable = sum(not run.problem for run in self.runs)
        blocks.append(f"{usable} of {len(self.runs)} runs would be processed.")
        return "\n".join(blocks), bool(usable)


MODALITY = Ready


def _door(asked: Asked) -> Door | None:
    door = ready_made(asked.settings.inputs.derivatives)
    return door if door is not None and door.name in SERIES else None


def _lines(run: ReadyRun) -> list[str]:
    if run.problem:
        return [run.label, f"  left out   {run.problem}"]
    tables = [f"  {run.gives:<10} {path} ({name})" for name, path in run.tables.items()]
    return [
        run.label,
        *tables,
        f"  motion     {run.motion or 'not known'}",
        f"  outliers   {run.outliers or 'not known'}",
        f"  TR         {'not known' if math.isnan(run.tr) else f'{run.tr:g} s'}",
        "  recipe     asis: nothing is regressed out again",
        *(f"  remark     {remark}" for remark in run.remarks),
    ]
