"""Kinds of design: one module each, found by themselves.

A module in this folder that defines ``KIND`` is a kind of design that tables or a model file
can ask for.
"""

from collections.abc import Mapping
from functools import cache

from gradshift.core.folders import found_in
from gradshift.study.kind import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of design by name, in the order in which they are tried."""
    every = found_in(__name__, __path__, "KIND")
    return dict(sorted(every.items(), key=lambda item: item[1].rank))
