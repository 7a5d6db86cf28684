"""Tests of change, effect sizes and corrections, found by themselves: arrays in, arrays out.

A module in this folder that defines ``STATISTIC`` is found here, with the sentence and the
references that the methods section needs.
"""

from collections.abc import Mapping
from functools import cache

from gradshift.core.folders import found_in
from gradshift.core.inference.statistic import Statistic


@cache
def statistics() -> Mapping[str, Statistic]:
    """Return every statistic in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "STATISTIC")
