"""Tests of change, effect sizes and corrections, found by themselves: arrays in, arrays out.

A module in this folder that defines ``STATISTIC`` is found here, with the sentence and the
references that the methods section needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gradshift.core.folders import found_in


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """What the methods section says of a statistic.

    Parameters
    ----------
    name : str
        The name of its module.
    formula : str
        LaTeX, for the documentation.
    high, low : str
        What a high and what a low value of the result mean.
    methods : str
        The sentence for the methods section.
    cite : tuple of str
        Keys of ``report/references.bib``.
    caveat : str
        What its results must not be taken for.
    """

    name: str
    formula: str
    high: str
    low: str
    methods: str
    cite: tuple[str, ...]
    caveat: str


@cache
def statistics() -> Mapping[str, Statistic]:
    """Return every statistic in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "STATISTIC")
