"""Columns of PET tables: numbers, and times in seconds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.numbers import read_numbers
from gradshift.errors import InputError

Array = NDArray[np.float64]

SECONDS = ("s", "sec", "second", "seconds")


def number_columns(table: pd.DataFrame, path: Path) -> dict[str, Array]:
    """Return the columns that are numbers; n/a becomes NaN."""
    numbers = {}
    for name in map(str, table.columns):
        try:
            numbers[name] = read_numbers(list(table[name]), f"{name} of {path.name}")
        except InputError:
            if name in ("time", "frame_start", "frame_end"):
                raise
            numbers[name] = np.full(len(table), np.nan)
    return numbers


def check_seconds(described: object, what: str) -> None:
    """Refuse times that their description has in another unit."""
    unit = described.get("Units") if isinstance(described, dict) else None
    if unit is not None and str(unit).lower() not in SECONDS:
        raise InputError(f"Units of {what} is {unit!r}; BIDS has seconds (s).")


def listed(names: Sequence[str], most: int = 8) -> str:
    """Write the first names of a list, one after the other."""
    texts = [str(name) for name in names]
    return ", ".join(texts[:most]) + (" ..." if len(texts) > most else "")
