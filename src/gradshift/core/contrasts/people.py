"""Compare changes of people with no change: two sessions, several, or two ways to analyse them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts.comparison import Comparison, Method, Sizes, comparison
from gradshift.core.contrasts.sizes import changes_of, mean_where, paired_sizes
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.covariates import flipped_residuals
from gradshift.core.statistics.equivalence import SMALLEST
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.within import contrast_of_sessions, slope_weights

Array = NDArray[np.float64]


def compare(
    baseline: Array,
    followup: Array,
    *,
    covariates: Array | None = None,
    traits: Sequence[bool] | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size the change of every column of one family.

    Parameters
    ----------
    baseline, followup : (n, m) array
        The same people in the same order (sorted by identifier, see
        `gradshift.core.statistics.signflip.signflip`) x the values of one family; NaN where
        a person has none.
    covariates : (n, k) array, optional
        What is held constant, see `gradshift.core.statistics.covariates.flipped_residuals`.
    traits : sequence of bool, length k, optional
        Which covariates are traits of people and centred; the others are within-person
        quantities and enter as they are.
    n_permutations : int
        Random sign patterns if there are too many people for all of them.
    seed : int
        Of the random patterns.
    confidence : float
        Coverage of the intervals; the level of family-wise p is what is left to 1.
    smallest_effect : float
        Smallest effect of interest, in standard deviations of the change.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the sessions differ in shape, or a value is infinite.
    """
    changes = changes_of(baseline, followup)
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    if covariates is None:
        test = signflip(changes, **chance)
        sizes = paired_sizes(changes, baseline, followup)
        reasons = [f"{n} with both sessions, 2 needed" if n < 2 else "" for n in sizes.n]
        method: Method = "signflip"
    else:
        changes[~np.isfinite(covariates).all(axis=1)] = np.nan
        held = flipped_residuals(changes, covariates, traits=traits, **chance)
        test, reasons, method = largest_t(held.scheme), list(held.reasons), "covariates"
        n = (~np.isnan(changes)).sum(axis=0)
        sizes = Sizes(
            n=n,
            means=(
                mean_where(changes, baseline), mean_where(changes, followup), held.effect
            ),
            sd=held.sd,
            se=held.se,
            spread=held.spread,
            df=held.df,
            df_t=held.df_t,
            p_sign=np.full(len(n), np.nan),
            n_direction=np.full(len(n), np.nan),
            skewness=held.skewness,
        )  # fmt: skip
    return comparison(test, sizes, reasons, method, 1 - confidence, smallest_effect)


def compare_weighted(
    values: Array,
    weights: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size one contrast of the sessions of each person.

    Parameters
    ----------
    values : (n, S, m) array
        People x sessions x the values of one family; NaN where there is none.
    weights : (n, S) array
        Of the sessions of each person, such as -1 for one baseline and 1/2 for each of two
        follow-ups, or `gradshift.core.statistics.within.slope_weights`; 0 or NaN for sessions
        that do not count. People without weights are left out.
    n_permutations, seed, confidence, smallest_effect
        As in `compare`, of the signs of people's contrasts.

    Returns
    -------
    Comparison
        `mean_change` is the mean contrast; `mean_baseline` and `mean_followup` are weighted
        means of the sessions with weights below and above 0.
    """
    before, after, changes = contrast_of_sessions(values, weights)
    test = signflip(changes, n_permutations=n_permutations, seed=seed)
    sizes = paired_sizes(changes, before, after)
    reasons = [
        f"{n} people with all sessions that count, 2 needed" if n < 2 else "" for n in sizes.n
    ]
    return comparison(test, sizes, reasons, "signflip", 1 - confidence, smallest_effect)


def compare_sessions(values: Array, number: Array, **limits: Any) -> Comparison:
    """Test and size the slope of each person on a number of the own sessions.

    Parameters
    ----------
    values : (n, S, m) array
        As in `compare_weighted`.
    number : (n, S) array
        Days, say, or 0 for baselines and 1 for follow-ups: then the slope is the mean of the
        follow-ups less the mean of the baselines. NaN for sessions that do not count.
    **limits
        See `compare_weighted`.

    Returns
    -------
    Comparison
    """
    return compare_weighted(values, slope_weights(number), **limits)


def compare_variants(
    one: Array, other: Array, *, same_unit: bool = False, **limits: Any
) -> Comparison:
    """Test whether two variants of an analysis give different effects, by paired differences.

    Parameters
    ----------
    one, other : (n, m) array
        Changes of the same people by either variant, such as two recipes; NaN where a person
        has none.
    same_unit : bool
        Whether changes are compared as they are. If not, those of each variant are divided by
        their root mean square first, which no flip of signs changes: is one effect clearer than
        the other?
    **limits
        See `compare`.

    Returns
    -------
    Comparison
        `mean_baseline` is the mean of `other`, `mean_followup` that of `one`.
    """
    if not same_unit:
        both = np.isfinite(one) & np.isfinite(other)
        one, other = (_by_size(np.where(both, side, np.nan)) for side in (one, other))
    return compare(other, one, **limits)


def _by_size(changes: Array) -> Array:
    """Divide columns by their root mean square."""
    n = np.isfinite(changes).sum(axis=0)
    size = np.sqrt(np.nan_to_num(changes**2).sum(axis=0) / np.maximum(n, 1))
    scaled: Array = changes / np.where(size > 0, size, 1.0)
    return scaled
