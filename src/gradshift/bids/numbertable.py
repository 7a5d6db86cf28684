"""Tables of numbers from other programs: with or without names of columns and rows."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.afnitable import afni_header, afni_values
from gradshift.bids.conntable import conn_header, conn_values
from gradshift.bids.numberarrays import (
    array_header,
    array_values,
    parcels_header,
    parcels_values,
)
from gradshift.bids.numbers import NOTHING
from gradshift.bids.opener import read_bytes, shown
from gradshift.bids.tableheader import Header
from gradshift.errors import GradshiftError, InputError

PARCELS = ".ptseries.nii"

Readers = tuple[Callable[[Path], Header], Callable[[Path], NDArray[np.float64]]]
"""What reads the columns of a file, and its numbers."""


def read_header(path: Path) -> Header:
    """Read the names of the columns of a file.

    Raises
    ------
    MissingInputError, InputError
        If it cannot be read.
    """
    return _readers(path)[0](path)


def read_values(path: Path) -> NDArray[np.float64]:
    """Read the (rows, columns) numbers of a file; NaN where there is none.

    A first column that names the rows is NaN throughout.

    Raises
    ------
    MissingInputError, InputError
        If it cannot be read, or its rows differ in length.
    """
    return _readers(path)[1](path)


def readable(path: Path) -> Header | None:
    """Return the columns of a table; None where it cannot be read."""
    try:
        return read_header(path)
    except GradshiftError:
        return None


def _text_header(path: Path) -> Header:
    cells = _lines(path, first_line=True)[0]
    nameless = _are_numbers(cells) or _only_counted(cells)
    return Header(None if nameless else tuple(cells), len(cells))


def _text_values(path: Path) -> NDArray[np.float64]:
    head, *body = _lines(path)
    rows = [head, *body] if _are_numbers(head) and not _only_counted(head) else body
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


def _only_counted(cells: list[str]) -> bool:
    """Tell whether a first line only counts the columns, from 0 (giga_connectome) or 1."""
    counts = [str(n) for n in range(len(cells) + 1)]
    return len(cells) > 2 and cells in (counts[:-1], counts[1:])


READERS: Mapping[str, Readers] = {
    ".tsv": (_text_header, _text_values),
    ".npy": (array_header, array_values),
    ".1D": (afni_header, afni_values),
    ".mat": (conn_header, conn_values),
    PARCELS: (parcels_header, parcels_values),
}
"""By extension; of several files of one name, the first of these is taken."""


def _readers(path: Path) -> Readers:
    return next(
        (readers for ending, readers in READERS.items() if path.name.endswith(ending)),
        READERS[".tsv"],
    )
