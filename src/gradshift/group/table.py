"""What the group level writes: one module each, found by themselves.

A module of this room that defines ``TABLE`` writes a table, one that defines ``FILES`` writes
other files. The loop that writes, the documentation, the sidecars and the methods text pick
them up from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import gradshift.group
from gradshift import __version__
from gradshift.bids.rows import columns, write_rows
from gradshift.core.statistics import statistics
from gradshift.group.study import Study
from gradshift.group.written import Written
from gradshift.study.compared import OVER_TIME, compared_of
from gradshift.study.model import read_families

Uses = Mapping[str, Callable[[Written], bool]]
"""Statistics by name, and whether what was written shows that one was used."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the group level.

    Parameters
    ----------
    name : str
        Of its file, without the ending.
    rank : int
        Tables are written, and their statistics told, in this order.
    row : type
        Dataclass of its rows, see `gradshift.bids.rows.column`.
    rows : callable
        Takes a `Study`, returns the rows.
    optional : bool
        Whether it is only written where it has rows.
    uses : mapping
        The statistics it may use.
    seconds : float
        About what it takes for a study of usual size: its weight in the progress.
    """

    name: str
    rank: int
    row: type
    rows: Callable[[Study], Sequence[Any]]
    optional: bool = False
    uses: Uses = field(default_factory=dict)
    seconds: float = 1.0

    @property
    def columns(self) -> dict[str, str]:
        """Columns and what they hold."""
        return columns(self.row)

    def write(self, study: Study, folder: Path) -> None:
        """Compute the table and write it, with its sidecar."""
        rows = self.rows(study)
        if rows or not self.optional:
            write_rows(folder / f"{self.name}.tsv", self.row, rows, sidecar(study))


@dataclass(frozen=True, kw_only=True)
class Files:
    """Other files of the group level.

    Parameters
    ----------
    name : str
    rank : int
        As of `Table`.
    write : callable
        Takes a `Study` and the folder, and writes them.
    uses : mapping
        The statistics they may use.
    seconds : float
        As of `Table`.
    """

    name: str
    rank: int
    write: Callable[[Study, Path], None]
    uses: Uses = field(default_factory=dict)
    seconds: float = 1.0


@cache
def parts() -> Sequence[Table | Files]:
    """Return everything that the group level writes, in its order."""
    modules = [
        import_module(f"{gradshift.group.__name__}.{module.name}")
        for module in iter_modules(gradshift.group.__path__)
    ]
    every = [
        getattr(module, what)
        for module in modules
        for what in ("TABLE", "FILES")
        if hasattr(module, what)
    ]
    return sorted(every, key=lambda part: (part.rank, part.name))


def tables() -> list[Table]:
    """Return the tables of the group level in their order."""
    return [part for part in parts() if isinstance(part, Table)]


def statistics_used(folder: Path) -> list[str]:
    """Name the statistics that the group level came to use, told from what it wrote.

    Parameters
    ----------
    folder : Path
        Of the group level.
    """
    written = Written(folder)
    return [name for part in parts() for name, used in part.uses.items() if used(written)]


def sidecar(study: Study) -> dict[str, object]:
    """Collect what every sidecar of the group level says."""
    design, group = study.design, study.group
    return {
        "Software": f"gradshift {__version__}",
        "Design": str(design),
        "DesignType": design.kind,
        "TestedBy": sorted({effect.kind for effect in study.effects}),
        "Baseline": design.baseline,
        "Followup": design.followup,
        "MoreFollowups": list(design.more),
        "SessionsOf": _two_sessions(study),
        "Covariates": list(design.covariates),
        "Moderators": {
            name: {"Table": score.table, "Units": score.units}
            for name, score in design.scores.items()
        },
        "Compared": {
            effect.contrast: asdict(compared)
            for effect in study.effects
            if (compared := compared_of(design, effect)) != OVER_TIME
        },
        "Outcomes": {
            name: {
                "Table": score.table,
                "Column": score.column,
                "Units": score.units,
                "Levels": dict(score.levels),
            }
            for name, score in design.outcomes.items()
        },
        "PrimaryAtlas": design.atlases[0],
        "PrimaryRecipe": design.recipes[0],
        "Alpha": group.alpha,
        "SmallestEffect": group.smallest_effect,
        "OwnFamilies": read_families(Path(group.families)) if group.families else {},
        "RandomSeed": group.random_seed,
        "Statistics": {name: statistic.methods for name, statistic in statistics().items()},
    }


def _two_sessions(study: Study) -> dict[str, list[str]]:
    """Return the two sessions that the main question compares, where people differ in them."""
    counted = [i for i, weight in enumerate(study.main.weights) if weight]
    if not study.design.sessions or len(counted) != 2:
        return {}
    before, after = sorted(counted, key=lambda i: study.main.weights[i])
    return {
        person: [sessions[before], sessions[after]]
        for person, sessions in study.design.sessions.items()
    }
