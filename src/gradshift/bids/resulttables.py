"""Tables of results as they stand in files: numbers, and values with what they are of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.columnar import Codes, Texts
from gradshift.errors import InputError, MissingInputError


def read_numbers(path: Path, first: int = 0) -> tuple[list[str], NDArray[np.float64]]:
    """Read a table of numbers; n/a becomes NaN.

    Parameters
    ----------
    path : Path
    first : int
        Columns of texts in front.

    Returns
    -------
    names : list of str
        The other columns.
    values : (rows, columns) array

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    head, body = _content(path)
    width = len(head) - first
    try:
        rows = _lines(body)
        if any(row.count("\t") != len(head) - 1 or not row for row in rows):
            raise ValueError("rows of different lengths")
        values = _numbers(rows, range(first, len(head))) if rows else np.empty((0, width))
    except ValueError as error:  # no number, no text, or rows of different lengths
        raise InputError(damaged(path)) from error
    return head[first:], values


def _numbers(rows: Sequence[str], columns: Sequence[int]) -> NDArray[np.float64]:
    plain = (row.replace("n/a", "nan") for row in rows)
    return np.loadtxt(plain, delimiter="\t", comments=None, usecols=columns, ndmin=2)


class _Known(NamedTuple):
    """A table of values that was read: what its rows are of, and the numbers of these texts."""

    labels: list[str]
    codes: dict[str, Codes]


class ValueTables:
    """Reads tables of values, of which most have the same rows as one before.

    Parameters
    ----------
    columns : sequence of str
        That each must have; those before ``value`` say what a row is of.
    texts : mapping of str to Texts
        By column.
    """

    def __init__(self, columns: Sequence[str], texts: Mapping[str, Texts]) -> None:
        self._columns, self._texts = list(columns), texts
        self._at = self._columns.index("value")
        self._known: list[_Known] = []

    def read(self, path: Path) -> tuple[NDArray[np.float64], dict[str, Codes]]:
        """Return the values of a table, and the numbers of its texts by column.

        Raises
        ------
        InputError
            If it is missing, damaged or has other columns.
        """
        head, body = _content(path)
        if head != self._columns:
            raise InputError(
                f"{path} does not have the columns of a table of {path.stem.split('_')[-1]}; it "
                f"has {', '.join(head)}. Run the participant level again."
            )
        if not body:
            return np.empty(0), {name: of.encode(()) for name, of in self._of(head).items()}
        try:
            return self._read(body)
        except ValueError as error:  # rows of different lengths, or no text
            raise InputError(damaged(path)) from error

    def _of(self, names: Sequence[str]) -> dict[str, Texts]:
        return {name: self._texts[name] for name in names if name != "value"}

    def _read(self, body: bytes) -> tuple[NDArray[np.float64], dict[str, Codes]]:
        behind = self._columns[self._at + 1 :]
        rows = [line.rsplit("\t", len(behind) + 1) for line in _lines(body)]
        labels, values, *others = (list(cells) for cells in zip(*rows, strict=True))
        if len(others) != len(behind):
            raise ValueError("rows too short")
        known = next((one for one in self._known if one.labels == labels), None)
        if known is None:
            names, split = self._columns[: self._at], [label.split("\t") for label in labels]
            if any(len(row) != len(names) for row in split):
                raise ValueError("rows of different lengths")
            columns = zip(self._of(names).items(), zip(*split, strict=True), strict=True)
            known = _Known(labels, {name: of.encode(cells) for (name, of), cells in columns})
            self._known.append(known)
        cells_of = zip(self._of(behind).items(), others, strict=True)
        return _values(values), known.codes | {n: of.encode(cells) for (n, of), cells in cells_of}


def _values(cells: Sequence[str]) -> NDArray[np.float64]:
    """Read numbers; whatever is none becomes NaN."""
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
    values: NDArray[np.float64] = numbers.to_numpy(np.float64)
    return values


def _content(path: Path) -> tuple[list[str], bytes]:
    """Read the header and the rows; each row ends with a line end, or the file is cut off."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingInputError(
            f"{path} is not there, though it belongs to a result that is; run the participant "
            "level again with --overwrite."
        ) from error
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, _, body = content.partition(b"\n")
    try:
        names = head.decode().split("\t")
    except UnicodeDecodeError as error:
        raise InputError(damaged(path)) from error
    if not content.endswith(b"\n"):
        raise InputError(damaged(path))
    return names, body


def _lines(body: bytes) -> list[str]:
    return body[:-1].decode().split("\n") if body else []


def damaged(path: Path) -> str:
    """Say that a result is damaged, and what to do."""
    return (
        f"{path} is damaged, cut off or was changed by another program; remove it and run the "
        "participant level again."
    )
