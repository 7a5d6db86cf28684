"""Tables of results as they stand in files: numbers, and values with what they are of.

A process that reads many has their cells cut by compiled loops (`gradshift.bids.cells`), with the
same outcome to the last bit: compiling takes as long as reading some hundred tables.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.columnar import Codes, Texts
from gradshift.errors import InputError, MissingInputError

if TYPE_CHECKING:
    from gradshift.bids.cells import Cells

FEW = 200
"""Tables that a process reads before it compiles what reads more."""

_TABLES = count()


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
    read = _plain_numbers if next(_TABLES) < FEW else _compiled_numbers
    try:
        values = read(body, len(head), first)
    except ValueError as error:  # no number, or rows of different lengths
        raise InputError(damaged(path)) from error
    return head[first:], values.reshape(-1, len(head) - first)


def _plain_numbers(body: bytes, width: int, first: int) -> NDArray[np.float64]:
    rows = [line.split("\t") for line in _lines(body)]
    if any(len(row) != width for row in rows):
        raise ValueError("rows of different lengths")
    return np.array([[_number(cell) for cell in row[first:]] for row in rows], dtype=np.float64)


def _compiled_numbers(body: bytes, width: int, first: int) -> NDArray[np.float64]:
    from gradshift.bids.cells import cut

    cells = cut(body, width)
    if cells is None:
        raise ValueError("rows of different lengths")
    values, odd = cells.numbers(first, width - 1)
    rows, columns = np.divmod(odd, width - first)
    for place, row, column in zip(odd, rows, columns, strict=True):
        values[place] = _number(*cells.texts(np.array([row]), first + column))
    return values


def _number(cell: str) -> float:
    return np.nan if cell == "n/a" else float(cell)


Rows = TypeVar("Rows")


class _Known(NamedTuple, Generic[Rows]):
    """A table of values that was read: its rows, and the numbers of its texts by column."""

    rows: Rows
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
        self._plain: list[_Known[list[str]]] = []
        self._compiled: list[_Known[Cells]] = []

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
            return self._read_plain(body) if next(_TABLES) < FEW else self._read_compiled(body)
        except ValueError as error:  # rows of different lengths, or no text
            raise InputError(damaged(path)) from error

    def _of(self, names: Sequence[str]) -> dict[str, Texts]:
        return {name: self._texts[name] for name in names if name != "value"}

    def _read_plain(self, body: bytes) -> tuple[NDArray[np.float64], dict[str, Codes]]:
        behind = self._columns[self._at + 1 :]
        rows = [line.rsplit("\t", len(behind) + 1) for line in _lines(body)]
        labels, values, *others = (list(cells) for cells in zip(*rows, strict=True))
        if len(others) != len(behind):
            raise ValueError("rows too short")
        known = next((one for one in self._plain if one.rows == labels), None)
        if known is None:
            names, split = self._columns[: self._at], [label.split("\t") for label in labels]
            if any(len(row) != len(names) for row in split):
                raise ValueError("rows of different lengths")
            columns = zip(self._of(names).items(), zip(*split, strict=True), strict=True)
            known = _Known(labels, {name: of.encode(cells) for (name, of), cells in columns})
            self._plain.append(known)
        cells_of = zip(self._of(behind).items(), others, strict=True)
        return _values(values), known.codes | {n: of.encode(cells) for (n, of), cells in cells_of}

    def _read_compiled(self, body: bytes) -> tuple[NDArray[np.float64], dict[str, Codes]]:
        from gradshift.bids.cells import cut

        cells, width = cut(body, len(self._columns)), len(self._columns)
        if cells is None:
            raise ValueError("rows of different lengths")
        values, odd = cells.numbers(self._at, self._at)
        values[odd] = _values(cells.texts(odd, self._at))
        same = (k for k in self._compiled if not cells.differ(k.rows, 0, self._at - 1).any())
        known = next(same, None)
        if known is None:
            every = np.arange(len(values))
            named = self._of(self._columns).items()
            codes = {
                name: of.encode(cells.texts(every, self._columns.index(name)))
                for name, of in named
            }
            known = _Known(cells, codes)
            self._compiled.append(known)
        changed = np.flatnonzero(cells.differ(known.rows, self._at + 1, width - 1))
        codes = dict(known.codes)
        for name, of in self._of(self._columns[self._at + 1 :]).items() if len(changed) else ():
            codes[name] = codes[name].copy()
            codes[name][changed] = of.encode(cells.texts(changed, self._columns.index(name)))
        return values, codes


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
