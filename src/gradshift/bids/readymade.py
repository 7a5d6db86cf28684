"""Finding region series and matrices that another program made."""

import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.bids.doors import Door
from gradshift.bids.exclude import excluded
from gradshift.bids.filters import filtered
from gradshift.bids.grids import PREFERRED_SPACES, Key
from gradshift.bids.index import index, people
from gradshift.bids.metadata import inherited
from gradshift.bids.numbertable import PARCELS, Header, readable
from gradshift.bids.opener import shown
from gradshift.bids.outputs import sidecar
from gradshift.bids.parse import IndexedFile
from gradshift.bids.regionnames import columns_of
from gradshift.bids.repetition import repetition_time
from gradshift.bids.run import LEFT_OUT
from gradshift.core.series.series import Gives
from gradshift.errors import GradshiftError, InputError, NothingSelectedError
from gradshift.settings import Inputs

Regions = Mapping[str, Sequence[str]]
"""Names of the regions of each atlas, by its name."""

SERIES: Gives = "series"
MATRIX: Gives = "matrix"

EXTENSIONS = (".tsv", ".npy", PARCELS)
"""Of tables, the one that is taken first in front."""

OF_TABLE = ("space", "cohort", "res", "den", "atlas", "seg", "scale", "stat", "desc", "meas")
"""Entities that tell the tables of one acquisition apart."""

_SOME_VOLUMES = re.compile(r"\d+volumes")

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRun:
    """One run that another program cleaned: its tables, and what is known of its quality.

    Parameters
    ----------
    entities : mapping of str to str
        Of the acquisition, and its space where the tables have one.
    tables, coverage : mapping of str to Path
        By the name of the atlas; coverage only where there is a table of it.
    gives : {'series', 'matrix'}
        What the tables hold.
    source : Path
        The table of the first atlas.
    motion, outliers : Path, optional
    tr : float
        Repetition time in seconds; NaN for matrices where it is not known.
    problem : str
        Why the run cannot be used; empty if it can.
    remarks : tuple of str
    """

    entities: Mapping[str, str]
    source: Path
    gives: Gives
    tables: Mapping[str, Path] = field(default_factory=dict)
    coverage: Mapping[str, Path] = field(default_factory=dict)
    motion: Path | None = None
    outliers: Path | None = None
    tr: float = math.nan
    problem: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def files(self) -> Sequence[Path]:
        """All files that are read."""
        known = [self.motion, self.outliers]
        quality = [path for path in known if path is not None]
        return [*self.tables.values(), *self.coverage.values(), *quality]

    @property
    def label(self) -> str:
        """The run as a log line names it."""
        return " ".join(f"{key}-{value}" for key, value in self.entities.items() if key != "space")


def find_ready(inputs: Inputs, door: Door, atlases: Regions) -> list[ReadyRun]:
    """Find the runs behind a door that the settings ask for.

    Series are preferred to matrices: where any run has series, a run without is a problem.

    Parameters
    ----------
    inputs : Inputs
    door : Door
    atlases : mapping of str to sequence of str

    Returns
    -------
    list of ReadyRun

    Raises
    ------
    NothingSelectedError
        If there is no table, or the filters leave none.
    InputError
        If no table has the regions of an atlas.
    """
    chosen = _asked(door, inputs)
    files = index(door.folder, chosen, inputs.bids_database_dir)
    tables = [file for file in files if _kind(file)]
    if not tables:
        raise NothingSelectedError(
            f"There is no table of region series or matrices (*_timeseries.tsv, *_relmat.tsv) in "
            f"the func folders of {shown(door.folder)} (--derivatives {door.name}=)."
        )
    tables = filtered(_labelled(tables, inputs), inputs.bids_filter_file, "series")
    tables = _in_one_space(tables, inputs.space)
    headers = {file.path: readable(file.path) for file in tables}
    study = _Study(door.folder, atlases, headers, _Beside(files))
    kind = study.kind(tables)
    by_run: dict[Key, list[IndexedFile]] = {}
    for file in tables:
        if _kind(file) == kind:
            by_run.setdefault(_acquisition(file), []).append(file)
    runs = [study.run(of_run, kind) for of_run in by_run.values()]
    if all(run.problem for run in runs):
        raise InputError(f"{runs[0].label}: {runs[0].problem}")
    return sorted(_without_excluded(runs, inputs), key=lambda run: run.source.name)


def _asked(door: Door, inputs: Inputs) -> list[str]:
    """Return the labels of the participants to look at; those asked for must be there."""
    everybody = people(door.folder)
    if unknown := sorted(set(inputs.participant_label) - set(everybody)):
        raise NothingSelectedError(
            f"No participant {', '.join(unknown)} in {shown(door.folder)}. Participants there: "
            f"{', '.join(everybody[:20]) or 'none'}."
        )
    return sorted(inputs.participant_label) or everybody


def _kind(file: IndexedFile) -> Gives | None:
    """Tell what a file holds by its name; None where it is no table of regions."""
    desc = file.entities.get("desc", "")
    if file.suffix == "timeseries" and file.extension in EXTENSIONS:
        return None if desc in ("confounds", "qc") else SERIES
    if file.suffix == "bold" and file.extension == PARCELS:
        return SERIES
    if file.suffix in ("relmat", "matrix") and file.extension == ".tsv":
        return None if _SOME_VOLUMES.fullmatch(desc) else MATRIX
    return None


def _labelled(files: Iterable[IndexedFile], inputs: Inputs) -> list[IndexedFile]:
    """Keep the sessions and tasks asked for."""
    files = list(files)
    for key, option, wanted in (
        ("ses", "session", inputs.session_label),
        ("task", "task", inputs.task_id),
    ):
        labels = {file.entities.get(key, "none") for file in files}
        if unknown := sorted(set(wanted) - labels):
            raise NothingSelectedError(
                f"No {option} {', '.join(unknown)} among the tables of regions. "
                f"{option.capitalize()}s there: {', '.join(sorted(labels))}."
            )
        files = [file for file in files if not wanted or file.entities.get(key) in wanted]
    return files


def _in_one_space(files: Sequence[IndexedFile], asked: str | None) -> list[IndexedFile]:
    """Keep the tables of one space; those that name none stay."""
    had: dict[str, set[Key]] = {}
    for file in files:
        if space := file.entities.get("space"):
            had.setdefault(space, set()).add(_acquisition(file))
    if asked is not None and had and asked not in had:
        raise NothingSelectedError(
            f"No table of regions in space {asked}. Spaces there: {', '.join(sorted(had))}."
        )
    order = {space: place for place, space in enumerate(PREFERRED_SPACES)}
    chosen = asked or min(
        had, key=lambda s: (-len(had[s]), order.get(s, len(order)), s), default=""
    )
    if len(had) > 1:
        logger.info("Spaces there: %s. Using %s.", ", ".join(sorted(had)), chosen)
    return [file for file in files if file.entities.get("space", chosen) == chosen]


def _acquisition(file: IndexedFile) -> Key:
    return tuple((key, value) for key, value in file.entities.items() if key not in OF_TABLE)


@dataclass(frozen=True)
class _Study:
    """The tables behind a door, and the atlases that are wanted of them.

    Parameters
    ----------
    root : Path
    atlases : mapping of str to sequence of str
    headers : mapping of Path to Header or None
        The columns of every table; None for one that cannot be read.
    beside : _Beside
    """

    root: Path
    atlases: Regions
    headers: Mapping[Path, Header | None]
    beside: "_Beside"

    def columns(self, file: IndexedFile, regions: Sequence[str]) -> tuple[int, ...]:
        header = self.headers[file.path]
        return columns_of(header, regions) if header else ()

    def kind(self, tables: Sequence[IndexedFile]) -> Gives:
        """Tell what the runs are read from: series where any table of them fits."""
        for file in tables:
            fits = any(self.columns(file, regions) for regions in self.atlases.values())
            if fits and _kind(file) == SERIES:
                return SERIES
        return MATRIX if any(_kind(file) == MATRIX for file in tables) else SERIES

    def run(self, files: Sequence[IndexedFile], kind: Gives) -> ReadyRun:
        """Choose the table of every atlas, and what lies beside it."""
        first = files[0]
        space = {"space": first.entities["space"]} if "space" in first.entities else {}
        entities = {**dict(_acquisition(first)), **space}
        run = ReadyRun(entities=entities, source=first.path, gives=kind)
        try:
            chosen = {name: self.table(files, name) for name in self.atlases}
            used = next(iter(chosen.values()))
            seconds, remark = self.seconds(used, kind)
            coverage = {name: self.beside.coverage(file) for name, file in chosen.items()}
            return replace(
                run,
                source=used.path,
                tables={name: file.path for name, file in chosen.items()},
                coverage={name: path for name, path in coverage.items() if path},
                motion=self.beside.motion(used),
                outliers=self.beside.find(used, "outliers"),
                tr=seconds,
                remarks=(remark,) if remark else (),
            )
        except GradshiftError as error:
            return replace(run, problem=str(error))

    def table(self, files: Sequence[IndexedFile], name: str) -> IndexedFile:
        """Return the one table with the regions of an atlas."""
        regions = self.atlases[name]
        fitting: dict[str, IndexedFile] = {}
        for file in sorted(files, key=lambda file: EXTENSIONS.index(file.extension)):
            if self.columns(file, regions):
                fitting.setdefault(file.path.name.removesuffix(file.extension), file)
        if len(fitting) == 1:
            return next(iter(fitting.values()))
        if fitting:
            listed = ", ".join(file.path.name for file in list(fitting.values())[:4])
            raise InputError(
                f"Several tables have the regions of {name}: {listed}; choose one with "
                '--bids-filter-file, such as {"series": {"desc": "..."}}.'
            )
        listed = ", ".join(sorted(file.path.name for file in files)[:4])
        raise InputError(
            f"No table has the regions of the atlas {name} (such as {regions[0]}, {regions[-1]}; "
            f"{len(regions)} in all); there is: {listed}. Choose the atlas of the tables with "
            "--atlas."
        )

    def seconds(self, file: IndexedFile, kind: Gives) -> tuple[float, str]:
        """Return the repetition time, and what is odd about it."""
        metadata = inherited(file.path, file.entities, self.root)
        beside = sidecar(file.path)
        metadata |= read_json(beside) if beside.exists() else {}
        frequency = metadata.get("SamplingFrequency")
        if isinstance(frequency, int | float) and frequency > 0:
            metadata.setdefault("RepetitionTime", 1 / frequency)
        if kind == MATRIX and not metadata.get("RepetitionTime"):
            return math.nan, ""
        header = self.headers[file.path]
        from_file = header.tr if header else None
        seconds, remark = repetition_time(file.path, metadata, from_file)
        return seconds, remark if from_file else ""


class _Beside:
    """Tables of quality, by the acquisition they are of."""

    def __init__(self, files: Iterable[IndexedFile]) -> None:
        self._files: dict[tuple[Key, str], list[IndexedFile]] = {}
        for file in files:
            if file.extension == ".tsv":
                self._files.setdefault((_acquisition(file), file.suffix), []).append(file)

    def find(self, table: IndexedFile, suffix: str, desc: str | None = None) -> Path | None:
        """Return the table of a suffix, of one ``desc`` where that is given."""
        for file in self._files.get((_acquisition(table), suffix), ()):
            if desc is None or file.entities.get("desc") == desc:
                return file.path
        return None

    def motion(self, table: IndexedFile) -> Path | None:
        """Return the table with the framewise displacement."""
        places = (("motion", None), ("timeseries", "confounds"), ("timeseries", "qc"))
        paths = (self.find(table, suffix, desc) for suffix, desc in places)
        return next((path for path in paths if path), None)

    def coverage(self, table: IndexedFile) -> Path | None:
        """Return the table of the coverage of the regions of a table."""
        keys = ("space", "atlas", "seg", "scale")
        for file in self._files.get((_acquisition(table), "bold"), ()):
            same = all(file.entities.get(key) == table.entities.get(key) for key in keys)
            if same and file.entities.get("stat") == "coverage":
                return file.path
        return None


def _without_excluded(runs: Sequence[ReadyRun], inputs: Inputs) -> list[ReadyRun]:
    """Mark the runs that the user's list leaves out."""
    names = {path.name: run.entities["sub"] for run in runs for path in run.tables.values()}
    out = excluded(names, inputs.exclude, ())
    problem = f"{LEFT_OUT} {Path(inputs.exclude or '').name}"
    return [
        replace(run, problem=problem)
        if not run.problem and any(path.name in out for path in run.tables.values())
        else run
        for run in runs
    ]
