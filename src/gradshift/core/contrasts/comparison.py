"""What a comparison of one family of columns gives, and how test and sizes are put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Resampled
from gradshift.core.inference.simultaneous import critical_t
from gradshift.core.statistics.bayes import bayes_factor
from gradshift.core.statistics.effects import (
    effect_interval,
    hedges_correction,
    standardised_change,
)
from gradshift.core.statistics.equivalence import equivalence_p
from gradshift.core.statistics.fdr import benjamini_hochberg

Array = NDArray[np.float64]

Method = Literal["signflip", "covariates", "groups", "association", "crossover"]
"""The statistic that gave p, by its name in `gradshift.core.statistics`."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Results for the m columns of one family; names as in the group table.

    Parameters
    ----------
    n : (m,) array of int
        People with a value in all sessions that count; all else is over them.
    mean_baseline, mean_followup, mean_change, sd_change, se : (m,) array
        In the unit of the column; `se` is the standard error of the mean change. For groups:
        mean change of either, difference of these, pooled standard deviation, and Welch's
        standard error. In a crossover: mean after placebo and after the drug, the difference
        without what periods add, half the pooled standard deviation of the period differences.
        For a number: slope per unit and the standard deviation around it. With covariates: the
        change where these are 0 (traits: at their mean), and what the model leaves.
    dz, hedges_g : (m,) array
        Change in standard deviations of the change, raw and without small-sample bias; for
        groups the difference in pooled standard deviations. NaN for slopes over people.
    ci_low, ci_high : (m,) array
        Interval of the population's standardised change, which `hedges_g` estimates.
    ci_low_fwe, ci_high_fwe : (m,) array
        Simultaneous interval over the family around `hedges_g`: excludes 0 exactly where
        ``p_fwe <= 1 - confidence``.
    t, p, p_fwe, p_min, n_permutations, exact
        See `gradshift.core.inference.resampling.Resampled`.
    p_sign, n_direction : (m,) array
        Exact sign test, and people who changed in the direction of the mean, see
        `gradshift.core.statistics.signtest`; NaN where there is no change of single people that
        is compared with 0 (groups, numbers), p also with covariates and in a crossover.
    skewness : (m,) array
        Of the changes, within groups where these are compared, and of what covariates leave.
    p_spreads, p_fwe_spreads : (m,) array
        Between groups, p of draws of normal errors with the spread of each; NaN elsewhere.
    q_fdr : (m,) array
        False discovery rate over the family.
    p_equivalence : (m,) array
        See `gradshift.core.statistics.equivalence`; NaN for slopes over people.
    bf10 : (m,) array
        See `gradshift.core.statistics.bayes`; NaN for slopes over people.
    largest : (B,) array
        Largest statistic of the family in each rearrangement.
    method : str
        The statistic that gave p.
    status : tuple of str, length m
        ``ok``, or why there is no test or no effect size.
    """

    n: NDArray[np.intp]
    mean_baseline: Array
    mean_followup: Array
    mean_change: Array
    sd_change: Array
    se: Array
    dz: Array
    hedges_g: Array
    ci_low: Array
    ci_high: Array
    ci_low_fwe: Array
    ci_high_fwe: Array
    t: Array
    p: Array
    p_sign: Array
    n_direction: Array
    skewness: Array
    p_fwe: Array
    p_spreads: Array
    p_fwe_spreads: Array
    q_fdr: Array
    p_equivalence: Array
    bf10: Array
    p_min: Array
    n_permutations: int
    exact: bool
    largest: Array
    method: Method
    status: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What is tested, in the unit of the columns; all of length m.

    Parameters
    ----------
    n : array of int
    means : three arrays
        Baseline, follow-up, effect.
    sd : array
        What the effect is standardised by.
    se : array
        Standard error of the effect, as in t.
    spread : array
        The standard error is ``sd / sqrt(spread)`` if variances are the same everywhere.
    df : array of int
        Degrees of freedom of `sd`.
    df_t : array
        Those of t.
    p_sign, n_direction, skewness : array
    """

    n: NDArray[np.intp]
    means: tuple[Array, Array, Array]
    sd: Array
    se: Array
    spread: Array
    df: NDArray[np.intp]
    df_t: Array
    p_sign: Array
    n_direction: Array
    skewness: Array


class _Standardised(NamedTuple):
    """Effects in standard deviations and what follows from them; fields as in `Comparison`."""

    dz: Array
    hedges_g: Array
    ci_low: Array
    ci_high: Array
    ci_low_fwe: Array
    ci_high_fwe: Array
    p_equivalence: Array
    bf10: Array


def comparison(
    test: Resampled,
    sizes: Sizes,
    reasons: Sequence[str],
    method: Method,
    alpha: float,
    smallest_effect: float | None,
) -> Comparison:
    """Put test and sizes together.

    Parameters
    ----------
    test : Resampled
    sizes : Sizes
    reasons : sequence of str, length m
        Why a column is not tested; empty if it is.
    method : Method
    alpha : float
        Level of family-wise p that the simultaneous interval goes with.
    smallest_effect : float, optional
        Smallest effect of interest; if not given nothing is standardised.
    """
    if smallest_effect is None:
        standardised = _Standardised(*np.full((8, len(sizes.n)), np.nan))
    else:
        standardised = _standardised(test, sizes, alpha, smallest_effect)
    return Comparison(
        **standardised._asdict(),
        n=sizes.n,
        mean_baseline=sizes.means[0],
        mean_followup=sizes.means[1],
        mean_change=sizes.means[2],
        sd_change=sizes.sd,
        se=sizes.se,
        t=test.t,
        p=test.p,
        p_sign=sizes.p_sign,
        n_direction=sizes.n_direction,
        skewness=sizes.skewness,
        p_fwe=test.p_fwe,
        p_spreads=_or_missing(test.p_spreads, len(sizes.n)),
        p_fwe_spreads=_or_missing(test.p_fwe_spreads, len(sizes.n)),
        q_fdr=benjamini_hochberg(test.p),
        p_min=test.p_min,
        n_permutations=test.n_permutations,
        exact=test.exact,
        largest=test.largest,
        method=method,
        status=tuple(
            why or _flat(*column)
            for why, *column in zip(reasons, sizes.sd, sizes.means[2], strict=True)
        ),
    )


def _standardised(test: Resampled, sizes: Sizes, alpha: float, smallest: float) -> _Standardised:
    """Standardise effects; ``t = dz sqrt(per_person)``, and Welch's t has less than people give.

    The ends of the simultaneous interval are those of t, in the units of Hedges' g.
    """
    t = np.where(np.isfinite(test.t), test.t, np.nan)
    dz = standardised_change(sizes.means[2], sizes.sd)
    dz = np.where(np.isfinite(sizes.spread), dz, np.nan)
    correction = hedges_correction(sizes.df)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_person = np.where(sizes.sd > 0, (sizes.sd / sizes.se) ** 2, sizes.spread)
    low, high = effect_interval(test.t, per_person, confidence=1 - alpha, df=sizes.df_t)
    reach = critical_t(test, sizes.df_t, alpha=alpha)
    scale = correction / np.sqrt(per_person)
    pooled = np.where(np.isfinite(t), dz * np.sqrt(sizes.spread), np.nan)
    return _Standardised(
        dz=dz,
        hedges_g=dz * correction,
        ci_low=low,
        ci_high=high,
        ci_low_fwe=(t - reach) * scale,
        ci_high_fwe=(t + reach) * scale,
        p_equivalence=equivalence_p(t, per_person, sizes.df_t, smallest=smallest),
        bf10=bayes_factor(pooled, sizes.spread, sizes.df),
    )


def _or_missing(values: Array, number: int) -> Array:
    """Return values, NaN where there are none."""
    return values if len(values) else np.full(number, np.nan)


def _flat(sd: float, mean: float) -> str:
    """Say so where nobody differs from the others."""
    if sd == 0:
        return "nobody changed" if mean == 0 else "the same change in everybody"
    return "ok"
