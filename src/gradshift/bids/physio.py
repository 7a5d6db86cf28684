"""Recordings of breathing and heart that lie beside the raw images, ``_physio.tsv.gz``."""

import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.metadata import inherited
from gradshift.bids.names import folder
from gradshift.bids.opener import read_bytes, shown
from gradshift.bids.parse import parse
from gradshift.errors import InputError

OF_RUN = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run")
"""Entities that a recording shares with the run; all echoes and parts have the same."""

ENDING = "_physio.tsv.gz"


class Recording(NamedTuple):
    """One column of a recording while a run was scanned.

    Parameters
    ----------
    name : str
        Such as ``respiratory`` or ``cardiac``.
    values : (N,) array
    rate : float
        Samples per second.
    """

    name: str
    values: NDArray[np.float64]
    rate: float


def find_recordings(entities: Mapping[str, str], raw_folders: Sequence[Path]) -> list[Path]:
    """Find the recordings of a run, in the first dataset that has any."""
    for root in raw_folders:
        place = root / folder(entities, "func")
        paths = [p for p in sorted(place.glob(f"*{ENDING}")) if _is_of(p, entities)]
        if paths:
            return paths
    return []


def _is_of(path: Path, entities: Mapping[str, str]) -> bool:
    own = parse(path, {key: entities[key] for key in ("sub", "ses") if key in entities}).entities
    return all(own.get(key, "").lstrip("0") == entities.get(key, "").lstrip("0") for key in OF_RUN)


def read_recordings(path: Path, seconds: float) -> list[Recording]:
    """Read what was recorded during a run.

    Parameters
    ----------
    path : Path
        Compressed, without a header; the JSON beside it or above names the columns.
    seconds : float
        Length of the run, which begins at time 0 of the recording.

    Raises
    ------
    InputError
        If it cannot be read, or its JSON does not say what it needs.
    """
    datatype = path.parent
    root = datatype.parents[1 if datatype.parent.name.startswith("ses-") else 0].parent
    metadata = inherited(path, parse(path, {}).entities, root)
    rate, start = (_number(metadata.get(key)) for key in ("SamplingFrequency", "StartTime"))
    names = metadata.get("Columns")
    if rate is None or rate <= 0 or start is None or not isinstance(names, list):
        raise InputError(
            f"The JSON of {shown(path)} does not say SamplingFrequency, StartTime and Columns."
        )
    try:
        text = io.BytesIO(gzip.decompress(read_bytes(path)))
        table = np.genfromtxt(text, delimiter="\t", missing_values="n/a", ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{shown(path)} cannot be read: {shown(error)}.") from error
    if table.shape[1] != len(names):
        raise InputError(f"{shown(path)} has {table.shape[1]} columns, its JSON {len(names)}.")
    times = start + np.arange(len(table)) / rate
    during = (times >= 0) & (times < seconds)
    return [
        Recording(str(name), column[during], rate)
        for name, column in zip(names, table.T, strict=True)
    ]


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None  # type: ignore[arg-type]
