"""Read CIFTI time series in the order of the file: all volumes of some grayordinates at a time.

The file holds the series of one grayordinate after the other. It is read once, from its start to
its end, in pieces of a few megabytes, so that memory does not grow with the length of the run.
"""

import gzip
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError
from gradshift.images.grayordinates import Grayordinates, Structure

PIECE = 2**22
"""Bytes that are read at a time."""

PREFIX = "CIFTI_STRUCTURE_"


@dataclass(frozen=True, kw_only=True)
class CiftiHeader:
    """What the header of a CIFTI time series says.

    Parameters
    ----------
    path : Path
    n_volumes : int
    places : Grayordinates
    tr : float or None
        Seconds; None where the series is not one of time.
    dtype : dtype
        Number type in the file, byte order included.
    slope, intercept : float
        value = slope * number + intercept.
    offset : int
        Position of the first number, in bytes.
    """

    path: Path
    n_volumes: int
    places: Grayordinates
    tr: float | None
    dtype: np.dtype[Any]
    slope: float
    intercept: float
    offset: int


def read_cifti(path: Path) -> Any:
    """Read a CIFTI image as nibabel's object, gzipped or not.

    Raises
    ------
    InputError
        If it is none.
    """
    import nibabel

    try:
        if path.suffix == ".gz":
            image = nibabel.Cifti2Image.from_bytes(gzip.decompress(path.read_bytes()))
        else:
            image = nibabel.load(path)
        if isinstance(image, nibabel.Cifti2Image):
            return image
    except Exception as error:  # of many kinds, as there are ways of damage
        raise InputError(
            f"{path} cannot be read as CIFTI ({error}); copy or compute the file again."
        ) from error
    raise InputError(f"{path} is a NIfTI image without the header of CIFTI.")


def read_cifti_header(path: Path) -> CiftiHeader:
    """Read the header of a time series (``.dtseries.nii``).

    Raises
    ------
    InputError
        If it is no CIFTI file of volumes x grayordinates, or cut off.
    """
    image = read_cifti(path)
    try:
        time, brain = (image.header.get_axis(axis) for axis in (0, 1))
        step, places = float(time.step), grayordinates(brain)
    except Exception as error:  # other axes have no step, or no structures
        raise InputError(
            f"{path} is no CIFTI series of volumes x grayordinates (dtseries); give the "
            "preprocessed BOLD file."
        ) from error
    numbers = image.dataobj
    header = CiftiHeader(
        path=path,
        n_volumes=len(time),
        places=places,
        tr=round(step, 6) if time.unit == "SECOND" and step > 0 else None,
        dtype=np.dtype(numbers.dtype),
        slope=float(numbers.slope),
        intercept=float(numbers.inter),
        offset=int(numbers.offset),
    )
    _check(header)
    return header


def _check(header: CiftiHeader) -> None:
    if header.n_volumes < 2:
        raise InputError(f"{header.path} holds one volume, where a time series is needed.")
    promised = header.n_volumes * header.places.count * header.dtype.itemsize
    size = header.path.stat().st_size - header.offset
    if size != promised:
        kind = "is cut off" if size < promised else "holds more than its header promises"
        raise InputError(
            f"{header.path} {kind}: {promised} bytes of {header.n_volumes} volumes x "
            f"{header.places.count} grayordinates are promised, and {size} are there; copy or "
            "compute the file again."
        )


def grayordinates(axis: Any) -> Grayordinates:
    """Take the places from nibabel's axis of brain models."""
    structures = []
    for name, where, brain in axis.iter_structures():
        start = where.start or 0
        surface = name in axis.nvertices
        structures.append(
            Structure(
                name=str(name).removeprefix(PREFIX),
                where=slice(start, start + len(brain)),
                n_vertices=int(axis.nvertices[name]) if surface else 0,
                places=np.asarray(brain.vertex if surface else brain.voxel, dtype=np.intp),
            )
        )
    affine = np.eye(4) if axis.affine is None else np.asarray(axis.affine, dtype=np.float64)
    x, y, z = axis.volume_shape or (0, 0, 0)
    return Grayordinates(structures=structures, affine=affine, shape=(int(x), int(y), int(z)))


def stream_series(header: CiftiHeader) -> Generator[tuple[int, NDArray[Any]], None, None]:
    """Read the series of all grayordinates, some at a time.

    Yields
    ------
    start : int
        The first grayordinate.
    series : (b, T) array
        Numbers as in the file.

    Raises
    ------
    InputError
        If the file cannot be read to its end.
    """
    n, length = header.places.count, header.n_volumes
    rows = max(1, PIECE // (length * header.dtype.itemsize))
    with header.path.open("rb", buffering=0) as file:
        file.seek(header.offset)
        for start in range(0, n, rows):
            wanted = min(rows, n - start) * length
            try:
                numbers = np.fromfile(file, header.dtype, wanted)
            except OSError as error:
                raise InputError(f"{header.path} cannot be read: {error}.") from error
            if len(numbers) < wanted:
                raise InputError(f"{header.path} is cut off; copy or compute the file again.")
            yield start, numbers.reshape(-1, length)
