"""Ask whether a change holds over reasonable ways to analyse it (specification curve)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import TIE, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.inference.tails import t_of_s

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""

FEWEST = 4
"""Variants that a joint test needs; two are compared by the difference of their effects."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A joint test of the variants of one comparison.

    Parameters
    ----------
    median_t : float
        Median of t over variants.
    p : float
        Two-sided p of it, people rearranged in all variants together.
    p_min : float
        The smallest p that so many people can give.
    n_permutations : int
        Rearrangements.
    exact : bool
        Whether these are all.
    """

    median_t: float
    p: float
    p_min: float
    n_permutations: int
    exact: bool


def joint_test(scheme: Scheme) -> Curve:
    """Test the median t over variants by rearranging people, the same way in all of them.

    Parameters
    ----------
    scheme : Scheme
        Its columns are the variants of the same change.

    Returns
    -------
    Curve
        p is NaN where fewer than `FEWEST` variants can be tested.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nat Hum Behav 4:1208.
    """
    median, p, p_min = np.nan, np.nan, np.nan
    if len(scheme.columns):
        median = _median(scheme.observed[None], scheme.df)[0]
    if len(scheme.columns) >= FEWEST:
        reached = sum(
            int((np.abs(_median(s, scheme.df)) >= abs(median) * (1 - TIE)).sum())
            for s in (scheme.project(block, slice(None)) for block in scheme.patterns())
        )
        p = (reached + scheme.extra) / (scheme.n_patterns + scheme.extra)
        # variants that different people lack have more people together than each alone
        p_min = min(float(np.nanmin(scheme.smallest_p())), p)
    return Curve(
        median_t=float(median),
        p=p,
        p_min=p_min,
        n_permutations=scheme.n_permutations,
        exact=scheme.exact,
    )


def _median(s: NDArray[np.float64], df: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the median t over variants of (b, v) values of s."""
    t = np.clip(t_of_s(np.clip(s, -1, 1), df), -HIGHEST, HIGHEST)
    median: NDArray[np.float64] = np.median(t, axis=1)
    return median


STATISTIC = Statistic(
    name="specifications",
    formula=(
        r"\operatorname{median}_v t_v, \quad p \text{ by flipping the signs of people } "
        r"\text{in all variants } v \text{ together}"
    ),
    high="p near 1: the variants together show no change",
    low="p near 0: the variants together show a change",
    methods=(
        "Every comparison was repeated over all recipes and atlases that were run, of gradients "
        "also with each kernel, aligned to the mean of all sessions, of graphs also at each "
        f"density; where there were at least {FEWEST} variants, their median t was tested by "
        "rearranging people in all of them together (specification curve). Two variants were "
        "compared by the paired difference of their effects. Where there were enough of them, the "
        "comparison was also made in the people whose mean framewise displacement was at most "
        "0.25 mm in every session, in those left when people were left out one by one until "
        "motion did not change on average, and without remarked values."
    ),
    cite=("Simonsohn2020",),
    caveat=(
        "Variants share the data: that they agree says that the choice between them matters "
        "little, not that the result would be found again in other people."
    ),
)
