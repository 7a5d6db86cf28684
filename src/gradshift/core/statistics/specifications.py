"""Ask whether a change holds over reasonable ways to analyse it (specification curve)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.resampling import t_of_s
from gradshift.core.statistics import Statistic
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import MAX_EXACT, scale, sign_patterns

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A joint test of the variants of one comparison.

    Parameters
    ----------
    median_t : float
        Median of t over variants.
    p : float
        Two-sided p of it, the signs of a person flipped in all variants together.
    p_min : float
        The smallest p that so many people can give.
    n_permutations : int
        Sign patterns.
    exact : bool
        Whether these are all.
    """

    median_t: float
    p: float
    p_min: float
    n_permutations: int
    exact: bool


def joint_signflip(
    changes: NDArray[np.float64], *, n_permutations: int = 10_000, seed: int = 0
) -> Curve:
    """Test the median t over variants by flipping the signs of people.

    Parameters
    ----------
    changes : (n, v) array
        People x variants of the same change; NaN where a person has no value.
    n_permutations, seed : int
        As in `gradshift.core.statistics.signflip.signflip`.

    Returns
    -------
    Curve
        NaN where no variant has two people.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nat Hum Behav 4:1208.
    """
    changes = changes[~np.isnan(changes).all(axis=1)]
    n_people = len(changes)
    n, _, _ = moments(changes)
    usable = np.flatnonzero(n >= 2)
    exact = n_people <= MAX_EXACT
    number = 2**n_people if exact else n_permutations
    if not len(usable):
        return Curve(median_t=np.nan, p=np.nan, p_min=np.nan, n_permutations=number, exact=exact)
    scaled, df = scale(changes, usable, n[usable]), n[usable] - 1
    observed = _median(scaled.sum(axis=0)[None], df)[0]
    blocks, n_patterns = sign_patterns(n_people, n_permutations=n_permutations, seed=seed)
    reached = sum(
        int((np.abs(_median(signs @ scaled, df)) >= abs(observed) * (1 - 1e-9)).sum())
        for signs in blocks
    )
    extra = 0 if exact else 1
    return Curve(
        median_t=float(observed),
        p=(reached + extra) / (n_patterns + extra),
        p_min=max(2.0 ** (1 - n_people), extra / (n_permutations + 1)),
        n_permutations=number,
        exact=exact,
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
        "Every comparison was repeated over all recipes and atlases that were run; the median t "
        "over these variants was tested by flipping the signs of people in all of them together "
        "(specification curve)."
    ),
    cite=("Simonsohn2020",),
    caveat=(
        "Variants share the data: that they agree says that the choice between them matters "
        "little, not that the result would be found again in other people."
    ),
)
