"""Measures: one module each, found by themselves.

A module in this folder that defines ``MEASURE`` is a measure. The graph, the tables, the
group level, the methods text and the documentation pick it up from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.graph import Graph
from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.regions import LEVELS, Regions
from gradshift.core.cortex.session import Session
from gradshift.core.folders import found_in


@cache
def measures() -> Mapping[str, Measure]:
    """Return every measure in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "MEASURE")
