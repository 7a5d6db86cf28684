"""Measures: one module each, found by themselves.

A module in this folder that defines ``MEASURE`` is a measure. The graph, the tables, the
group level, the methods text and the documentation pick it up from there.
"""

from collections.abc import Collection, Mapping
from functools import cache

from gradshift.core.cortex.measure import OPT_IN, Measure
from gradshift.core.folders import found_in


@cache
def measures() -> Mapping[str, Measure]:
    """Return every measure in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "MEASURE")


def opt_in() -> Mapping[str, tuple[str, ...]]:
    """Return the names of the measures that are computed only if asked for, by group."""
    return {
        group: tuple(name for name, measure in measures().items() if measure.group == group)
        for group in OPT_IN
    }


def left_out(names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the opt-in measures that are not among names, by group."""
    absent = {
        group: tuple(name for name in members if name not in names)
        for group, members in opt_in().items()
    }
    return {group: members for group, members in absent.items() if members}
