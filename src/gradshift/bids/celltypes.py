"""What the text of a cell becomes, by the type of its column."""

import math
from collections.abc import Callable, Mapping
from typing import Any


def _number(text: str) -> float:
    return math.nan if text == "n/a" else float(text)


_WORDS = {"true": True, "false": False}


def _truth(text: str) -> bool:
    if text not in _WORDS:
        raise ValueError(f"{text!r} is neither true nor false")
    return _WORDS[text]


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text == "n/a" else read(text)


READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    float: _number,
    int: int,
    bool: _truth,
    str | None: _or_none(str),
    int | None: _or_none(int),
    bool | None: _or_none(_truth),
}
"""How a cell is read, by the type of its field."""
