"""The cells of many large tables, cut and read by compiled loops.

The loops are compiled (numba) when this module is imported, a second or two in each process:
import it where so many tables are read that it pays. They read a number as `float` does, to the
last bit: up to 15 digits and a power of ten that has no error of its own need one multiplication
or division (Clinger, 1990, "How to read floating point numbers accurately"); what is not as plain
is left to `float`. As in `gradshift.core.enhancement`, nothing compiled is kept on disk.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import boolean, float64, int64, njit, types, void
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

TAB, LINE_END, MINUS, PLUS, POINT = (ord(sign) for sign in "\t\n-+.")
ZERO, NINE, SLASH, LOWER_A, LOWER_E, LOWER_N = (ord(sign) for sign in "09/aen")

MOST_DIGITS = 15
"""Digits of whole numbers that have no error of their own in double precision."""

HIGHEST = 22
POWERS = np.array([float(10**power) for power in range(HIGHEST + 1)])
"""The powers of ten that have none."""

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_POWERS = types.Array(float64, 1, "C", readonly=True)
_PLACES, _PAIRS = int64[::1], int64[:, ::1]
_FLOATS, _MARKS = float64[::1], boolean[::1]
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(result: Any, *arguments: Any) -> Callable[[F], F]:
    """Compile a function for arguments of these types."""
    made: Callable[[F], F] = njit(
        result(*arguments), nogil=True, error_model="numpy", no_cfunc_wrapper=True
    )
    return made


class Cells(NamedTuple):
    """Where the cells of a table are.

    Parameters
    ----------
    body : bytes
        Its rows, each with a line end.
    starts, stops : (rows, columns) array of int
        Of each cell, without what parts it from the next.
    """

    body: bytes
    starts: Places
    stops: Places

    @property
    def data(self) -> Bytes:
        """The bytes as an array."""
        return np.frombuffer(self.body, dtype=np.uint8)

    def texts(self, rows: Places, column: int) -> list[str]:
        """Return what is in some rows of a column."""
        places = zip(self.starts[rows, column], self.stops[rows, column], strict=True)
        return [self.body[start:stop].decode() for start, stop in places]

    def differ(self, other: "Cells", first: int, last: int) -> NDArray[np.bool_]:
        """Tell which rows have other texts in these columns than those of another table."""
        marks = np.ones(len(self.starts), dtype=np.bool_)
        if len(other.starts) == len(self.starts):
            ours, theirs = (
                np.stack([one.starts[:, first], one.stops[:, last]]) for one in (self, other)
            )
            _differ(self.data, ours, other.data, theirs, marks)
        return marks

    def numbers(self, first: int, last: int) -> tuple[NDArray[np.float64], Places]:
        """Read columns of numbers.

        Returns
        -------
        values : (rows * columns,) array
            NaN for n/a.
        odd : array of int
            Where in these a cell is that is left to `float`.
        """
        starts, stops = (
            np.ascontiguousarray(place[:, first : last + 1]).ravel()
            for place in (self.starts, self.stops)
        )
        values, odd = np.full(len(starts), np.nan), np.zeros(len(starts), dtype=np.bool_)
        _read(self.data, starts, stops, POWERS, values, odd)
        return values, np.flatnonzero(odd)


def cut(body: bytes, width: int) -> Cells | None:
    """Find the cells of a table; None where a row has more or fewer than it should.

    Parameters
    ----------
    body : bytes
        Rows that end with a line end, without the header.
    width : int
        Columns.
    """
    stops = np.empty(body.count(b"\t") + body.count(b"\n"), dtype=np.int64)
    if not _cut(np.frombuffer(body, dtype=np.uint8), width, stops):
        return None
    starts = np.zeros_like(stops)
    starts[1:] = stops[:-1] + 1
    return Cells(body, starts.reshape(-1, width), stops.reshape(-1, width))


@_compiled(boolean, _BYTES, int64, _PLACES)
def _cut(data: Bytes, width: int, stops: Places) -> bool:
    n, cells = 0, 0
    for i in range(len(data)):
        if data[i] == TAB or data[i] == LINE_END:
            stops[n] = i
            n, cells = n + 1, cells + 1
            if data[i] == LINE_END:
                if cells != width:
                    return False
                cells = 0
    return cells == 0


@_compiled(void, _BYTES, _PAIRS, _BYTES, _PAIRS, _MARKS)
def _differ(
    data: Bytes, ours: Places, other: Bytes, theirs: Places, marks: NDArray[np.bool_]
) -> None:
    """Mark the (2, rows) places, from and to, with other bytes than those of another table."""
    for i in range(len(marks)):
        at, there = ours[0, i], theirs[0, i]
        length = ours[1, i] - at
        marks[i] = length != theirs[1, i] - there
        for k in range(length):
            if marks[i]:
                break
            marks[i] = data[at + k] != other[there + k]


@_compiled(void, _BYTES, _PLACES, _PLACES, _POWERS, _FLOATS, _MARKS)
def _read(
    data: Bytes,
    starts: Places,
    stops: Places,
    powers: NDArray[np.float64],
    values: NDArray[np.float64],
    odd: NDArray[np.bool_],
) -> None:
    """Read plain numbers, and mark what is none; n/a is left as it is."""
    for cell in range(len(starts)):
        i, stop = starts[cell], stops[cell]
        if (
            stop - i == 3
            and data[i] == LOWER_N
            and data[i + 1] == SLASH
            and data[i + 2] == LOWER_A
        ):
            continue
        negative = i < stop and data[i] == MINUS
        i += negative
        whole, digits, power, seen, behind = 0, 0, 0, 0, False
        while i < stop and digits <= MOST_DIGITS:
            sign = data[i]
            if ZERO <= sign <= NINE:
                whole = whole * 10 + (sign - ZERO)
                digits += whole > 0
                power -= behind
                seen += 1
            elif sign == POINT and not behind:
                behind = True
            else:
                break
            i += 1
        if i + 1 < stop and data[i] == LOWER_E and seen > 0:
            below = data[i + 1] == MINUS
            i += 2 if below or data[i + 1] == PLUS else 1
            shift, known = 0, i < stop
            while i < stop and ZERO <= data[i] <= NINE and shift < 1000:
                shift = shift * 10 + (data[i] - ZERO)
                i += 1
            power += -shift if below else shift
            seen = seen if known else 0
        if i != stop or seen == 0 or digits > MOST_DIGITS or abs(power) > HIGHEST:
            odd[cell] = True
            continue
        value = float(whole)
        value = value / powers[-power] if power < 0 else value * powers[power]
        values[cell] = -value if negative else value
