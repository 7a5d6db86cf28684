"""Compare sessions, people and groups: everything one row of the group table needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Resampled, largest_t
from gradshift.core.inference.simultaneous import critical_t
from gradshift.core.statistics.association import association
from gradshift.core.statistics.bayes import bayes_factor
from gradshift.core.statistics.covariates import flipped_residuals
from gradshift.core.statistics.crossover import period_differences, sequences_known
from gradshift.core.statistics.effects import (
    effect_interval,
    hedges_correction,
    moments,
    standardised_change,
)
from gradshift.core.statistics.equivalence import SMALLEST, equivalence_p
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.groupcovariates import adjusted_groups
from gradshift.core.statistics.groups import compare_labels, welch
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.signtest import directions, skewness_of
from gradshift.core.statistics.within import contrast_of_sessions, slope_weights

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
class _Sizes:
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
    changes = _changes(baseline, followup)
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    if covariates is None:
        test = signflip(changes, **chance)
        sizes = _paired(changes, baseline, followup)
        reasons = [f"{n} with both sessions, 2 needed" if n < 2 else "" for n in sizes.n]
        method: Method = "signflip"
    else:
        changes[~np.isfinite(covariates).all(axis=1)] = np.nan
        held = flipped_residuals(changes, covariates, traits=traits, **chance)
        test, reasons, method = largest_t(held.scheme), list(held.reasons), "covariates"
        n = (~np.isnan(changes)).sum(axis=0)
        sizes = _Sizes(
            n=n,
            means=(
                _mean_where(changes, baseline), _mean_where(changes, followup), held.effect
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
    return _comparison(test, sizes, reasons, method, 1 - confidence, smallest_effect)


def compare_groups(
    baseline: Array,
    followup: Array,
    group: Array,
    *,
    covariates: Array | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size the difference between two groups in the change of every column.

    Parameters
    ----------
    baseline, followup : (n, m) array
        As in `compare`.
    group : (n,) array
        1 for the group whose change counts, 0 for the one it is held against; NaN: neither.
    covariates : (n, k) array, optional
        What is held constant; the difference is then that of the adjusted means.
    n_permutations, seed, confidence, smallest_effect
        As in `compare`, of permutations of people; effects in pooled standard deviations.

    Returns
    -------
    Comparison
        Columns with fewer than two people in a group are described, but not tested.
    """
    changes = _changes(baseline, followup)
    changes[~np.isfinite(group)] = np.nan
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    if covariates is None:
        test = compare_labels(changes, group, **chance)
        sizes = _grouped(changes, group)
        reasons = _few_in_groups(changes, group)
        return _comparison(test, sizes, reasons, "groups", 1 - confidence, smallest_effect)
    changes[~np.isfinite(covariates).all(axis=1)] = np.nan
    reasons = _few_in_groups(changes, group)
    few = np.array([bool(reason) for reason in reasons], dtype=bool)
    held = adjusted_groups(np.where(few, np.nan, changes), group, covariates, **chance)
    missing = np.full(len(few), np.nan)
    plain = _grouped(changes, group)
    sizes = _Sizes(
        n=plain.n,
        means=(*plain.means[:2], held.effect),
        sd=held.sd,
        se=held.se,
        spread=held.spread,
        df=held.df,
        df_t=held.df_t,
        p_sign=missing,
        n_direction=missing,
        skewness=held.skewness,
    )
    told = [few or why for few, why in zip(reasons, held.reasons, strict=True)]
    return _comparison(
        largest_t(held.scheme), sizes, told, "covariates", 1 - confidence, smallest_effect
    )


def compare_crossover(
    placebo: Array,
    drug: Array,
    drug_first: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size the difference between drug and placebo in a crossover of two periods.

    Parameters
    ----------
    placebo, drug : (n, m) array
        The same people x what is compared: changes from the baseline of each period, or values
        of one session each.
    drug_first : (n,) array
        1 for people who had the drug in the first period, 0 for those who had placebo; NaN
        where nobody knows.
    n_permutations, seed, confidence, smallest_effect
        As in `compare`; of permutations of the order.

    Returns
    -------
    Comparison
        By the method of Hills and Armitage, `method` ``crossover``: what periods add is taken
        out. Where the order of anybody is not known, or the same in all, the differences
        themselves are tested by sign flips, `method` ``signflip``: a period effect cannot then
        be told from the drug. Columns with fewer than two people in an order are described, but
        not tested.

    References
    ----------
    Hills and Armitage (1979), Br J Clin Pharmacol 8:7.
    """
    differences = _changes(placebo, drug)
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    limits = 1 - confidence, smallest_effect
    if not sequences_known(differences, drug_first):
        return compare(
            placebo, drug, **chance, confidence=confidence, smallest_effect=smallest_effect
        )
    periods = period_differences(differences, drug_first)
    test = compare_labels(periods, drug_first, **chance)
    plain = _grouped(periods, drug_first)
    half = plain.means[2] / 2
    with np.errstate(invalid="ignore"):
        toward = (np.sign(differences) == np.sign(half)).sum(axis=0)
    sizes = _Sizes(
        n=plain.n,
        means=(_mean_where(periods, placebo), _mean_where(periods, drug), half),
        sd=plain.sd,
        se=plain.se / 2,
        spread=4 * plain.spread,
        df=plain.df,
        df_t=plain.df_t,
        p_sign=np.full(len(half), np.nan),
        n_direction=np.where(np.isfinite(half), toward, np.nan),
        skewness=plain.skewness,
    )
    reasons = _few_in_groups(periods, drug_first, what="orders")
    return _comparison(test, sizes, reasons, "crossover", *limits)


def compare_number(
    baseline: Array,
    followup: Array,
    number: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Comparison:
    """Test whether the change of every column goes with a number of people, by ranks.

    Parameters
    ----------
    baseline, followup : (n, m) array
        As in `compare`.
    number : (n,) array
        Of each person; NaN: left out.
    n_permutations, seed, confidence
        As in `compare`, of permutations of the number.

    Returns
    -------
    Comparison
        `t` is that of Spearman's rho; `mean_change` is the slope by least squares, in the unit
        of the values. Nothing is standardised.
    """
    changes = _changes(baseline, followup)
    changes[~np.isfinite(number)] = np.nan
    test = association(changes, number, ranked=True, n_permutations=n_permutations, seed=seed)
    some = np.where(np.isnan(changes), np.nan, np.nan_to_num(number)[:, None])
    away = np.nan_to_num(some - moments(some)[1])
    spread = (away**2).sum(axis=0)
    spread[spread == 0] = np.nan
    level = np.nan_to_num(changes - moments(changes)[1])
    slope = (away * level).sum(axis=0) / spread
    rest = level - np.nan_to_num(slope) * away
    sd = np.sqrt((rest**2).sum(axis=0) / np.where(test.n > 2, test.n - 2, np.nan))
    missing = np.full(len(slope), np.nan)
    sizes = _Sizes(
        n=test.n,
        means=(_mean_where(changes, baseline), _mean_where(changes, followup), slope),
        sd=sd,
        se=sd / np.sqrt(spread),
        spread=spread,
        df=test.n - 2,
        df_t=(test.n - 2).astype(np.float64),
        p_sign=missing,
        n_direction=missing,
        skewness=skewness_of(rest, test.n),
    )
    reasons = [
        "" if np.isfinite(p) else f"{n} people with different numbers, 3 needed"
        for n, p in zip(test.n, test.p, strict=True)
    ]
    return _comparison(test, sizes, reasons, "association", 1 - confidence, None)


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
    sizes = _paired(changes, before, after)
    reasons = [
        f"{n} people with all sessions that count, 2 needed" if n < 2 else "" for n in sizes.n
    ]
    return _comparison(test, sizes, reasons, "signflip", 1 - confidence, smallest_effect)


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
    found: Array = changes / np.where(size > 0, size, 1.0)
    return found


def _changes(baseline: Array, followup: Array) -> Array:
    if baseline.shape != followup.shape:
        raise ValueError(
            f"Both sessions need the same people and columns, got {baseline.shape} and "
            f"{followup.shape}."
        )
    return followup - baseline


def _mean_where(changes: Array, values: Array) -> Array:
    """Average values over the people who have a change."""
    return moments(np.where(np.isnan(changes), np.nan, values))[1]


def _paired(changes: Array, baseline: Array, followup: Array) -> _Sizes:
    """Size changes that are compared with 0."""
    n, mean, sd = moments(changes)
    people = np.where(n > 0, n, np.nan)
    seen = directions(changes)
    return _Sizes(
        n=n,
        means=(_mean_where(changes, baseline), _mean_where(changes, followup), mean),
        sd=sd,
        se=sd / np.sqrt(people),
        spread=people,
        df=n - 1,
        df_t=(n - 1).astype(np.float64),
        p_sign=seen.p,
        n_direction=seen.n_direction,
        skewness=seen.skewness,
    )


def _grouped(changes: Array, group: Array) -> _Sizes:
    """Size the difference between two groups; the standard error is Welch's."""
    (n0, mean0, sd0), (n1, mean1, sd1) = (moments(changes[group == code]) for code in (0, 1))
    few = np.minimum(n0, n1) < 2
    df = n0 + n1 - 2
    squares = (n0 - 1) * sd0**2 + (n1 - 1) * sd1**2
    sd = np.where(few, np.nan, np.sqrt(squares / np.where(df > 0, df, np.nan)))
    some = (np.where(few, np.nan, n0), np.where(few, np.nan, n1))
    own = welch(mean1 - mean0, (sd0**2 / some[0], sd1**2 / some[1]), (some[0] - 1, some[1] - 1))
    within = np.zeros(changes.shape)
    for code, mean in ((0, mean0), (1, mean1)):
        within[group == code] = np.nan_to_num(changes[group == code] - mean)
    missing = np.full(len(n0), np.nan)
    return _Sizes(
        n=n0 + n1,
        means=(mean0, mean1, mean1 - mean0),
        sd=sd,
        se=own.se,
        spread=some[0] * some[1] / (some[0] + some[1]),
        df=df,
        df_t=own.df,
        p_sign=missing,
        n_direction=missing,
        skewness=skewness_of(within, n0 + n1),
    )


def _few_in_groups(changes: Array, group: Array, *, what: str = "groups") -> list[str]:
    """Say which columns have fewer than two people in a group; empty: none."""
    n0, n1 = ((~np.isnan(changes[group == code])).sum(axis=0) for code in (0, 1))
    return [
        f"{a} and {b} people in the {what}, 2 needed" if min(a, b) < 2 else ""
        for a, b in zip(n0, n1, strict=True)
    ]


def _comparison(
    test: Resampled,
    sizes: _Sizes,
    reasons: Sequence[str],
    method: Method,
    alpha: float,
    smallest_effect: float | None,
) -> Comparison:
    """Put test and sizes together; without a `smallest_effect` nothing is standardised."""
    missing = np.full((8, len(sizes.n)), np.nan)
    dz, g, ci_low, ci_high, low_fwe, high_fwe, p_equivalence, bf10 = missing
    effect, sd = sizes.means[2], sizes.sd
    if smallest_effect is not None:
        known = np.isfinite(sizes.spread)
        dz = np.where(known, standardised_change(effect, sd), np.nan)
        correction = hedges_correction(sizes.df)
        g = dz * correction
        with np.errstate(divide="ignore", invalid="ignore"):
            per_person = np.where(sd > 0, (sd / sizes.se) ** 2, sizes.spread)
        ci_low, ci_high = effect_interval(test.t, per_person, confidence=1 - alpha, df=sizes.df_t)
        reach = critical_t(test, sizes.df_t, alpha=alpha)
        scale = correction / np.sqrt(per_person)
        t = np.where(np.isfinite(test.t), test.t, np.nan)
        low_fwe, high_fwe = (t - reach) * scale, (t + reach) * scale
        p_equivalence = equivalence_p(test.t, per_person, sizes.df_t, smallest=smallest_effect)
        bf10 = bayes_factor(dz * np.sqrt(sizes.spread), sizes.spread, sizes.df)
        bf10 = np.where(np.isfinite(test.t), bf10, np.nan)
    return Comparison(
        n=sizes.n,
        mean_baseline=sizes.means[0],
        mean_followup=sizes.means[1],
        mean_change=effect,
        sd_change=sd,
        se=sizes.se,
        dz=dz,
        hedges_g=g,
        ci_low=ci_low,
        ci_high=ci_high,
        ci_low_fwe=low_fwe,
        ci_high_fwe=high_fwe,
        t=test.t,
        p=test.p,
        p_sign=sizes.p_sign,
        n_direction=sizes.n_direction,
        skewness=sizes.skewness,
        p_fwe=test.p_fwe,
        q_fdr=benjamini_hochberg(test.p),
        p_equivalence=p_equivalence,
        bf10=bf10,
        p_min=test.p_min,
        n_permutations=test.n_permutations,
        exact=test.exact,
        largest=test.largest,
        method=method,
        status=tuple(
            why or _flat(*column) for why, *column in zip(reasons, sd, effect, strict=True)
        ),
    )


def _flat(sd: float, mean: float) -> str:
    """Say so where nobody differs from the others."""
    if sd == 0:
        return "nobody changed" if mean == 0 else "the same change in everybody"
    return "ok"
