"""Read GIFTI time series: a file for each hemisphere, which belong together."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError
from gradshift.images.grayordinates import Grayordinates, whole_meshes

START = 2**18
"""Bytes at the start of a file that hold its sizes."""

BLOCK = 16
"""Volumes given at a time."""


@dataclass(frozen=True, kw_only=True)
class GiftiHeader:
    """What the starts of both files say.

    Parameters
    ----------
    paths : (left, right)
    n_volumes : int
    places : Grayordinates
        Every vertex of both meshes.
    tr : float or None
        Seconds; None where the files do not tell.
    """

    paths: Sequence[Path]
    n_volumes: int
    places: Grayordinates
    tr: float | None


def read_gifti_header(left: Path, right: Path) -> GiftiHeader:
    """Read the sizes of the series of both hemispheres.

    Raises
    ------
    InputError
        If one is no GIFTI series, or the two have not the same number of volumes.
    """
    sizes = [_sizes(path) for path in (left, right)]
    (n, n_left, tr), (n_other, n_right, _) = sizes
    if n != n_other:
        raise InputError(
            f"{left.name} has {n} volumes and {right.name} has {n_other}: they are not the two "
            "hemispheres of one run; compute them again."
        )
    if n < 2:
        raise InputError(f"{left} holds one volume, where a time series is needed.")
    return GiftiHeader(
        paths=(left, right), n_volumes=n, places=whole_meshes((n_left, n_right)), tr=tr
    )


def _sizes(path: Path) -> tuple[int, int, float | None]:
    """Return volumes, vertices and the repetition time of one file, from its start."""
    with path.open("rb") as file:
        start = file.read(START).decode("latin-1")
    arrays, dim0, dim1 = (
        re.search(pattern, start)
        for pattern in (r'NumberOfDataArrays="(\d+)"', r'Dim0="(\d+)"', r'Dim1="(\d+)"')
    )
    if "<GIFTI" not in start or arrays is None or dim0 is None:
        raise InputError(f"{path} is no GIFTI file; copy or compute it again.")
    n = int(arrays[1]) * (int(dim1[1]) if dim1 and int(arrays[1]) == 1 else 1)
    step = re.search(r"TimeStep\]\]></Name>\s*<Value><!\[CDATA\[([0-9.eE+-]+)\]", start)
    seconds = float(step[1]) / 1000 if step else 0.0
    return n, int(dim0[1]), round(seconds, 6) if seconds > 0 else None


def stream_vertices(header: GiftiHeader) -> Generator[tuple[int, NDArray[Any]], None, None]:
    """Give the volumes of both hemispheres joined, left before right.

    Both files are held: GIFTI is text, which cannot be read in parts.

    Yields
    ------
    start : int
    volumes : (b, V) array of float32

    Raises
    ------
    InputError
        If a file is damaged, or is not as its start says.
    """
    halves = [_series(path) for path in header.paths]
    if any(len(half) != header.n_volumes for half in halves) or header.places.count != sum(
        half.shape[1] for half in halves
    ):
        raise InputError(
            f"{header.paths[0]} or its other hemisphere is damaged; compute it again."
        )
    for start in range(0, header.n_volumes, BLOCK):
        yield start, np.concatenate([half[start : start + BLOCK] for half in halves], axis=1)


def _series(path: Path) -> NDArray[np.float32]:
    """Read the (T, V) series of one hemisphere."""
    import nibabel

    try:
        arrays = [array.data for array in nibabel.load(path).darrays]
        if len(arrays) == 1:
            return np.ascontiguousarray(arrays[0].reshape(len(arrays[0]), -1).T, dtype=np.float32)
        return np.stack(arrays).astype(np.float32, copy=False)
    except Exception as error:  # of many kinds, as there are ways of damage
        raise InputError(
            f"{path} cannot be read as GIFTI ({error}); copy or compute the file again."
        ) from error
