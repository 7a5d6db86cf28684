"""The runs behind a door to what another program cleaned: which tables they are read from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.bids.metadata import inherited
from gradshift.bids.numbertable import READERS
from gradshift.bids.outputs import sidecar
from gradshift.bids.parse import IndexedFile
from gradshift.bids.readyrun import MATRIX, SERIES, ReadyRun
from gradshift.bids.readytables import OF_TABLE, Beside, acquisition_of, kind_of
from gradshift.bids.regionnames import columns_of, contradicts
from gradshift.bids.repetition import repetition_time
from gradshift.bids.tableheader import Header
from gradshift.core.series.series import Gives
from gradshift.errors import GradshiftError, InputError

Regions = Mapping[str, Sequence[str]]
"""Names of the regions of each atlas, by its name."""


@dataclass(frozen=True)
class ReadyStudy:
    """The tables behind a door, and the atlases that are wanted of them.

    Parameters
    ----------
    root : Path
    atlases : mapping of str to sequence of str
    headers : mapping of Path to Header or None
        The columns of every table; None for one that cannot be read.
    beside : Beside
    """

    root: Path
    atlases: Regions
    headers: Mapping[Path, Header | None]
    beside: Beside

    def has(self, file: IndexedFile, name: str) -> bool:
        """Tell whether a table has the regions of an atlas."""
        header = self.headers[file.path]
        if header is None or contradicts(file.path.name, name):
            return False
        return bool(columns_of(header, self.atlases[name]))

    def kind(self, tables: Sequence[IndexedFile]) -> Gives:
        """Tell what the runs are read from: series where any table of them fits."""
        for file in tables:
            if kind_of(file) == SERIES and any(self.has(file, name) for name in self.atlases):
                return SERIES
        return MATRIX if any(kind_of(file) == MATRIX for file in tables) else SERIES

    def run(self, files: Sequence[IndexedFile], kind: Gives) -> ReadyRun:
        """Choose the table of every atlas, and what lies beside it."""
        first = files[0]
        space = {"space": first.entities["space"]} if "space" in first.entities else {}
        entities = {**dict(acquisition_of(first)), **space}
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
        for file in sorted(files, key=lambda file: list(READERS).index(file.extension)):
            if self.has(file, name):
                fitting.setdefault(file.path.name.removesuffix(file.extension), file)
        if len(fitting) == 1:
            return next(iter(fitting.values()))
        if fitting:
            several = list(fitting.values())
            listed = ", ".join(file.path.name for file in several[:4])
            keys = (key for key in OF_TABLE if len({f.entities.get(key) for f in several}) > 1)
            raise InputError(
                f"Several tables have the regions of {name}: {listed}; choose one with "
                f'--bids-filter-file, such as {{"series": {{"{next(keys, "desc")}": "..."}}}}.'
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
