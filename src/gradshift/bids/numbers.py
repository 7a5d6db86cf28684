"""Numbers in tables: one way to read them, and to say what is none."""

import logging
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.opener import shown
from gradshift.errors import InputError

logger = logging.getLogger("gradshift")
NOTHING = ("", "n/a", "N/A", "NA", "NaN", "nan")
"""How a table says that a value is not known; BIDS has the second."""

LARGEST = 1e30
"""No measured number is larger: its square would be no number any more."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.I)
_BOUND = re.compile(r"[<>≤≥]=?\s*\d+(\.\d+)?|\d+(\.\d+)?\s*\+", re.ASCII)  # as 89+


def read_number(text: str, what: str, *, low: float = -LARGEST, high: float = LARGEST) -> float:
    """Read one number of a table; NaN where it is not known.

    Parameters
    ----------
    text : str
    what : str
        How a message calls it, such as ``The age of sub-01``.
    low, high : float
        Smallest and largest value that make sense.

    Raises
    ------
    InputError
        If it is no number, or outside the range.
    """
    if text.strip() in NOTHING:
        return np.nan
    if not _NUMBER.fullmatch(text.strip()):
        raise InputError(f"{what} is {text[:40]!r}, where a number or n/a should be.")
    value = float(text)
    if np.isfinite(value) and not low <= value <= high:
        raise InputError(f"{what} is {text[:40]}, which cannot be: {_range(low, high)}.")
    return value


def read_numbers(
    cells: Sequence[str], what: str, *, low: float = -LARGEST, high: float = LARGEST
) -> NDArray[np.float64]:
    """Read a column of numbers, as `read_number`; a message names the line of the table."""
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            values[row] = read_number(cell, what, low=low, high=high)
        except InputError:
            read_number(cell, f"{what} in line {row + 2}", low=low, high=high)
    return values


def known_numbers(
    texts: Mapping[str, str], column: str, *, low: float = -LARGEST
) -> dict[str, float]:
    """Read the values of a column that are known; a bound such as ``89+`` is said, and left out.

    Parameters
    ----------
    texts : mapping of str to str
        Values by the place they stand at, such as a participant.
    column : str
    low : float
        Smallest value that makes sense.

    Raises
    ------
    InputError
        If there is anything but numbers, bounds and ``n/a``.
    """
    bounds = sorted(place for place, text in texts.items() if is_bound(text))
    if bounds:
        logger.warning(
            "%s is a bound and no number for %s: it counts as n/a there.",
            shown(column), ", ".join(bounds),
        )  # fmt: skip
    numbers = {
        place: read_number(text, f"{shown(column)} of {place}", low=low)
        for place, text in texts.items()
        if place not in bounds
    }
    return {place: number for place, number in numbers.items() if np.isfinite(number)}


def is_bound(text: str) -> bool:
    """Tell whether a cell says that a number lies beyond another, as ``89+`` of an age."""
    return _BOUND.fullmatch(text.strip()) is not None


def _range(low: float, high: float) -> str:
    if low > -LARGEST and high < LARGEST:
        return f"it lies between {low:g} and {high:g}"
    return f"it is at least {low:g}" if low > -LARGEST else f"it is at most {high:g}"
