"""Tables of numbers from other programs: with or without names of columns and rows."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.numbers import NOTHING
from gradshift.bids.opener import check_file, read_bytes, shown
from gradshift.errors import GradshiftError, InputError, MissingInputError

PARCELS = ".ptseries.nii"
NAMES = ("Columns", "Regions", "Labels")
"""Keys of a JSON file that may name the columns of an array."""


class Header(NamedTuple):
    """The columns of a table.

    Parameters
    ----------
    names : tuple of str or None
        None where the table has none.
    n_columns : int
    tr : float or None
        Seconds between rows, where the file itself says so.
    """

    names: tuple[str, ...] | None
    n_columns: int
    tr: float | None = None


def read_header(path: Path) -> Header:
    """Read the names of the columns of a ``.tsv``, ``.npy`` or ``.ptseries.nii`` file.

    Raises
    ------
    MissingInputError, InputError
        If it cannot be read.
    """
    if path.name.endswith(PARCELS):
        return _parcels_header(path)
    if path.suffix == ".npy":
        names = _named(path.with_suffix(".json"))
        return Header(names, _array(path).shape[1])
    cells = _lines(path, first_line=True)[0]
    return Header(None if _are_numbers(cells) else tuple(cells), len(cells))


def read_values(path: Path) -> NDArray[np.float64]:
    """Read the (rows, columns) numbers of such a file; NaN where there is none.

    A first column that names the rows is NaN throughout.

    Raises
    ------
    MissingInputError, InputError
        If it cannot be read, or its rows differ in length.
    """
    if path.name.endswith(PARCELS):
        return np.asarray(_parcels(path).dataobj, dtype=np.float64)
    if path.suffix == ".npy":
        return np.array(_array(path), dtype=np.float64)
    head, *body = _lines(path)
    rows = [head, *body] if _are_numbers(head) else body
    if wrong := [n for n, row in enumerate(rows, start=2) if len(row) != len(head)]:
        raise InputError(
            f"Line {wrong[0]} of {shown(path)} has not as many cells as its first line; the file "
            "is damaged or cut off."
        )
    named = any(not _is_number(row[0]) for row in rows)
    values = np.full((len(rows), len(head)), np.nan)
    for place, row in enumerate(rows):
        try:
            values[place, named:] = [
                np.nan if cell in NOTHING else float(cell) for cell in row[named:]
            ]
        except ValueError as error:
            raise InputError(
                f"{shown(path)} has a cell that is no number in row {place + 1}: {error}."
            ) from error
    return values


def _lines(path: Path, *, first_line: bool = False) -> list[list[str]]:
    try:
        text = read_bytes(path, first_line=first_line).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown(path)} is not text in UTF-8.") from error
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if not lines[0]:
        raise InputError(f"The table {shown(path)} is empty.")
    return [[cell.strip().strip('"') for cell in line.split("\t")] for line in lines]


def _are_numbers(cells: list[str]) -> bool:
    return all(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    if cell in NOTHING:
        return bool(cell)  # an empty cell heads the column of row names
    try:
        float(cell)
    except ValueError:
        return False
    return True


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


def _parcels_header(path: Path) -> Header:
    image = _parcels(path)
    series, parcels = image.header.get_axis(0), image.header.get_axis(1)
    seconds = float(series.step) if series.unit == "SECOND" and series.step > 0 else None
    return Header(tuple(map(str, parcels.name)), len(parcels.name), seconds)


def readable(path: Path) -> Header | None:
    """Return the columns of a table; None where it cannot be read."""
    try:
        return read_header(path)
    except GradshiftError:
        return None
