"""Region series as arrays of numpy and as CIFTI parcels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.opener import check_file, shown
from gradshift.bids.tableheader import Header
from gradshift.errors import InputError, MissingInputError

NAMES = ("Columns", "Regions", "Labels")
"""Keys of a JSON file that may name the columns of an array."""


def array_header(path: Path) -> Header:
    """Read the columns of a ``.npy`` file, named by the JSON file beside it."""
    return Header(_named(path.with_suffix(".json")), _array(path).shape[1])


def array_values(path: Path) -> NDArray[np.float64]:
    """Read the (rows, columns) numbers of a ``.npy`` file."""
    return np.array(_array(path), dtype=np.float64)


def parcels_header(path: Path) -> Header:
    """Read the parcels of a ``.ptseries.nii`` file, and its repetition time."""
    image = _parcels(path)
    series, parcels = image.header.get_axis(0), image.header.get_axis(1)
    seconds = float(series.step) if series.unit == "SECOND" and series.step > 0 else None
    return Header(tuple(map(str, parcels.name)), len(parcels.name), seconds)


def parcels_values(path: Path) -> NDArray[np.float64]:
    """Read the (rows, columns) numbers of a ``.ptseries.nii`` file."""
    return np.asarray(_parcels(path).dataobj, dtype=np.float64)


def _named(path: Path) -> tuple[str, ...] | None:
    try:
        content = read_json(path)
    except MissingInputError:
        return None
    named = next((content[key] for key in NAMES if isinstance(content.get(key), list)), None)
    return None if named is None else tuple(map(str, named))


def _array(path: Path) -> NDArray[np.float64]:
    check_file(path)
    try:
        array: NDArray[np.float64] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{shown(path)} is no array of numpy: {shown(error)}.") from error
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InputError(
            f"{shown(path)} holds an array of {array.ndim} dimensions of {array.dtype}; volumes x "
            "regions of numbers are needed."
        )
    return array


def _parcels(path: Path):  # type: ignore[no-untyped-def]  # nibabel is not typed
    import nibabel

    check_file(path)
    try:
        image = nibabel.load(path)
        rows, columns = image.header.get_axis(0), image.header.get_axis(1)
    except Exception as error:  # nibabel lets through whatever its parsers raise
        raise InputError(f"{shown(path)} cannot be read as CIFTI: {shown(error)}.") from error
    if not hasattr(rows, "step") or not hasattr(columns, "voxels"):
        raise InputError(f"{shown(path)} is no CIFTI file of volumes x parcels.")
    return image
