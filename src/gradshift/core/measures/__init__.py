"""Measures: one module each, found by themselves.

A module in this folder that defines ``MEASURE`` is a measure. The graph, the tables, the
group level, the methods text and the documentation pick it up from there.
"""

from collections.abc import Mapping
from functools import cache

from gradshift.core.cortex.measure import Measure
from gradshift.core.folders import found_in


@cache
def measures() -> Mapping[str, Measure]:
    """Return every measure in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "MEASURE")
