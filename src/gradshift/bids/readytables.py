"""Which tables hold region series or matrices, and which lie beside them: by their names."""

import re
from collections.abc import Iterable
from pathlib import Path

from gradshift.bids.grids import Key
from gradshift.bids.names import FOREIGN
from gradshift.bids.numbertable import PARCELS, READERS
from gradshift.bids.parse import IndexedFile
from gradshift.bids.readyrun import MATRIX, SERIES
from gradshift.core.series.series import Gives

OF_TABLE = (
    "space", "cohort", "res", "den", "atlas", "seg", "scale", "stat", "desc", "meas", *FOREIGN,
)  # fmt: skip
"""Entities that tell the tables of one acquisition apart."""

MATRICES = ("relmat", "matrix", "correlations")

_SOME_VOLUMES = re.compile(r"\d+volumes")
_OTHER_THAN_PEARSON = re.compile("Partial|covariance", re.IGNORECASE)


def kind_of(file: IndexedFile) -> Gives | None:
    """Tell what a file holds by its name; None where it is no table of regions."""
    desc = file.entities.get("desc", "")
    if file.suffix == "timeseries" and file.extension in READERS:
        return None if desc in ("confounds", "qc") else SERIES
    if file.suffix == "bold" and file.extension == PARCELS:
        return SERIES
    if file.suffix in MATRICES and file.extension == ".tsv":
        other = _SOME_VOLUMES.fullmatch(desc) or _OTHER_THAN_PEARSON.match(desc)
        return None if other else MATRIX
    return None


def acquisition_of(file: IndexedFile) -> Key:
    """Return what the tables of one acquisition share."""
    return tuple((key, value) for key, value in file.entities.items() if key not in OF_TABLE)


class Beside:
    """Tables of quality, by the acquisition they are of."""

    def __init__(self, files: Iterable[IndexedFile]) -> None:
        self._files: dict[tuple[Key, str], list[IndexedFile]] = {}
        for file in files:
            if file.extension == ".tsv":
                self._files.setdefault((acquisition_of(file), file.suffix), []).append(file)

    def find(self, table: IndexedFile, suffix: str, desc: str | None = None) -> Path | None:
        """Return the table of a suffix, of one ``desc`` where that is given."""
        for file in self._files.get((acquisition_of(table), suffix), ()):
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
        for file in self._files.get((acquisition_of(table), "bold"), ()):
            same = all(file.entities.get(key) == table.entities.get(key) for key in keys)
            if same and file.entities.get("stat") == "coverage":
                return file.path
        return None
