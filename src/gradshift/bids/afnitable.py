"""Region series as C-PAC writes them: ``.1D`` tables of AFNI's 3dROIstats."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.opener import read_bytes, shown
from gradshift.bids.tableheader import Header
from gradshift.errors import InputError

Rows = list[list[str]]

MEAN = re.compile(r"(?:N?Z?Mean|Med)_(\d+)")
"""What 3dROIstats calls the column of a label of the atlas."""


def afni_header(path: Path) -> Header:
    """Read the columns of a ``.1D`` table; its last comment with names is its first line."""
    names, rows = _parts(path)
    return Header(names, len(rows[0]))


def afni_values(path: Path) -> NDArray[np.float64]:
    """Read the (rows, columns) numbers of a ``.1D`` table.

    Raises
    ------
    InputError
        If there is none, a cell is no number, or rows differ in length.
    """
    names, rows = _parts(path)
    n_columns = len(names or rows[0])
    if wrong := [n for n, row in enumerate(rows, start=1) if len(row) != n_columns]:
        raise InputError(
            f"Row {wrong[0]} of {shown(path)} has not as many numbers as there are columns; the "
            "file is damaged or cut off."
        )
    try:
        return np.array([[float(cell) for cell in row] for row in rows])
    except ValueError as error:
        raise InputError(f"{shown(path)} has a cell that is no number: {error}.") from error


def _parts(path: Path) -> tuple[tuple[str, ...] | None, Rows]:
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{shown(path)} is not text in UTF-8.") from error
    cells = [re.findall(r"[^\s,#]+", line) for line in lines]
    comments = [row for line, row in zip(lines, cells, strict=True) if line.startswith("#")]
    rows = [row for line, row in zip(lines, cells, strict=True) if row and line[0] != "#"]
    if not rows:
        raise InputError(f"The table {shown(path)} has no numbers.")
    named = [row for row in comments if row and all(map(MEAN.fullmatch, row))]
    if not named and all(map(MEAN.fullmatch, rows[0])):
        named, rows = [rows[0]], rows[1:]
    return tuple(named[-1]) if named else None, rows
