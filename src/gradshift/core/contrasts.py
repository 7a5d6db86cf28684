"""Compare sessions, people and groups: everything one row of the group table needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Resampled, largest_t
from gradshift.core.statistics.association import association
from gradshift.core.statistics.covariates import (
    PEOPLE_PER_COVARIATE,
    flipped_residuals,
    permuted_residuals,
)
from gradshift.core.statistics.effects import (
    effect_interval,
    hedges_correction,
    moments,
    standardised_change,
)
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.within import within_people


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Results for the m columns of one family; names as in the group table.

    Parameters
    ----------
    n : (m,) array of int
        People with a value in all sessions that count; all else is over them.
    mean_baseline, mean_followup, mean_change, sd_change, se : (m,) array
        In the unit of the column; `se` is the standard error of the mean change. For groups:
        mean change of either, difference of these, pooled standard deviation. For a number:
        slope per unit and the standard deviation around it.
    dz, hedges_g : (m,) array
        Change in standard deviations of the change, raw and without small-sample bias; for
        groups the difference in pooled standard deviations. NaN for slopes.
    ci_low, ci_high : (m,) array
        Interval of the population's standardised change, which `hedges_g` estimates.
    t, p, p_fwe, p_min, n_permutations, exact
        See `gradshift.core.inference.resampling.Resampled`.
    q_fdr : (m,) array
        False discovery rate over the family.
    status : tuple of str, length m
        ``ok``, or why there is no test or no effect size.
    """

    n: NDArray[np.intp]
    mean_baseline: NDArray[np.float64]
    mean_followup: NDArray[np.float64]
    mean_change: NDArray[np.float64]
    sd_change: NDArray[np.float64]
    se: NDArray[np.float64]
    dz: NDArray[np.float64]
    hedges_g: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    t: NDArray[np.float64]
    p: NDArray[np.float64]
    p_fwe: NDArray[np.float64]
    q_fdr: NDArray[np.float64]
    p_min: NDArray[np.float64]
    n_permutations: int
    exact: bool
    status: tuple[str, ...]


def compare(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    *,
    covariates: NDArray[np.float64] | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
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
    n_permutations : int
        Random sign patterns if there are too many people for all of them.
    seed : int
        Of the random patterns.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the sessions differ in shape, or a value is infinite.
    """
    changes = _changes(baseline, followup)
    if covariates is None:
        test = signflip(changes, n_permutations=n_permutations, seed=seed)
        n, mean, sd = moments(changes)
        df, least = n - 1, 2
    else:
        changes[~np.isfinite(covariates).all(axis=1)] = np.nan
        held = flipped_residuals(changes, covariates, n_permutations=n_permutations, seed=seed)
        test, sd, df = largest_t(held.scheme), held.sd, held.df
        n, mean, _ = moments(changes)
        least = max(2, PEOPLE_PER_COVARIATE * covariates.shape[1])
    return _comparison(
        test,
        n=n,
        means=(_mean_where(changes, baseline), _mean_where(changes, followup), mean),
        sd=sd,
        per_person=np.where(n > 0, n, np.nan),
        df=df,
        status=[_status(*column, least) for column in zip(n, sd, mean, strict=True)],
        confidence=confidence,
    )


def compare_groups(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    group: NDArray[np.float64],
    *,
    covariates: NDArray[np.float64] | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
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
    n_permutations, seed, confidence
        As in `compare`, of permutations of people.

    Returns
    -------
    Comparison
        Columns with fewer than two people in a group are described, but not tested.
    """
    changes = _changes(baseline, followup)
    if covariates is not None:
        changes[~np.isfinite(covariates).all(axis=1)] = np.nan
    (n0, mean0, sd0), (n1, mean1, sd1) = (moments(changes[group == code]) for code in (0, 1))
    few = np.minimum(n0, n1) < 2
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    tested = np.where(few, np.nan, changes)
    if covariates is None:
        test, df = association(tested, group, **chance), n0 + n1 - 2
        squares = (n0 - 1) * sd0**2 + (n1 - 1) * sd1**2
        sd = np.sqrt(squares / np.where(df > 0, df, np.nan))
        difference, per_person = mean1 - mean0, n0 * n1 / np.maximum(n0 + n1, 1)
    else:
        held = permuted_residuals(tested, group, covariates, **chance)
        test, df, sd = largest_t(held.scheme), held.df, held.sd
        difference, per_person = held.effect, held.spread
    return _comparison(
        test,
        n=n0 + n1,
        means=(mean0, mean1, difference),
        sd=sd,
        per_person=np.where(few, np.nan, per_person),
        df=df,
        status=[
            f"{a} and {b} people in the groups, 2 needed" if min(a, b) < 2 else _flat(*rest)
            for a, b, *rest in zip(n0, n1, sd, difference, strict=True)
        ],
        confidence=confidence,
    )


def compare_number(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    number: NDArray[np.float64],
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Test whether the change of every column goes with a number, such as days, by ranks.

    Parameters
    ----------
    baseline, followup : (n, m) array
        As in `compare`.
    number : (n,) array
        Of each person; NaN: left out.
    n_permutations, seed
        As in `compare`, of permutations of the number.

    Returns
    -------
    Comparison
        `t` is that of Spearman's rho; `mean_change` is the slope by least squares, in the unit
        of the values.
    """
    changes = _changes(baseline, followup)
    changes[~np.isfinite(number)] = np.nan
    test = association(changes, number, ranked=True, n_permutations=n_permutations, seed=seed)
    there = np.where(np.isnan(changes), np.nan, np.nan_to_num(number)[:, None])
    away = np.nan_to_num(there - moments(there)[1])
    spread = (away**2).sum(axis=0)
    spread[spread == 0] = np.nan
    level = np.nan_to_num(changes - moments(changes)[1])
    slope = (away * level).sum(axis=0) / spread
    left = ((level - slope * away) ** 2).sum(axis=0)
    return _comparison(
        test,
        n=test.n,
        means=(_mean_where(changes, baseline), _mean_where(changes, followup), slope),
        sd=np.sqrt(left / np.where(test.n > 2, test.n - 2, np.nan)),
        per_person=spread,
        df=test.n - 2,
        status=[
            "ok" if np.isfinite(p) else f"{n} people with different numbers, 3 needed"
            for n, p in zip(test.n, test.p, strict=True)
        ],
    )


def compare_sessions(
    values: NDArray[np.float64],
    number: NDArray[np.float64],
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Test whether every column goes with a number of the sessions, within people.

    Parameters
    ----------
    values : (n, S, m) array
        People x sessions x the values of one family; NaN where there is none.
    number : (n, S) array
        Of each session, see `gradshift.core.statistics.within.within_people`.
    n_permutations, seed
        As in `compare`, of permutations of sessions within people.

    Returns
    -------
    Comparison
        `mean_change` is the slope; the means are those of the sessions with the lowest number
        of a person and of the others.
    """
    test, slope = within_people(values, number, n_permutations=n_permutations, seed=seed)
    counts = np.isfinite(number)
    lowest = number == np.where(counts, number, np.inf).min(axis=1, keepdims=True)
    before, after = (
        moments(np.where((side & counts)[:, :, None], values, np.nan).reshape(-1, len(slope)))[1]
        for side in (lowest, ~lowest)
    )
    missing = np.full(len(slope), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.where(test.t == 0, np.nan, np.abs(slope / test.t))
    found = _comparison(
        test,
        n=test.n,
        means=(before, after, slope),
        sd=missing,
        per_person=missing,
        df=test.n,
        status=[
            "ok" if np.isfinite(p) else f"{n} people with several sessions, too few"
            for n, p in zip(test.n, test.p, strict=True)
        ],
    )
    return replace(found, se=se)


def _changes(baseline: NDArray[np.float64], followup: NDArray[np.float64]) -> NDArray[np.float64]:
    if baseline.shape != followup.shape:
        raise ValueError(
            f"Both sessions need the same people and columns, got {baseline.shape} and "
            f"{followup.shape}."
        )
    return followup - baseline


def _mean_where(changes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average values over the people who have a change."""
    return moments(np.where(np.isnan(changes), np.nan, values))[1]


def _comparison(
    test: Resampled,
    *,
    n: NDArray[np.intp],
    means: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    sd: NDArray[np.float64],
    per_person: NDArray[np.float64],
    df: NDArray[np.intp],
    status: Sequence[str],
    confidence: float | None = None,
) -> Comparison:
    """Put test and sizes together; the standard error is ``sd / sqrt(per_person)``.

    Without a `confidence` there is no standardised change.
    """
    dz, g, ci_low, ci_high = np.full((4, len(n)), np.nan)
    if confidence is not None:
        dz = np.where(np.isfinite(per_person), standardised_change(means[2], sd), np.nan)
        g = dz * hedges_correction(df)
        ci_low, ci_high = effect_interval(test.t, per_person, confidence=confidence, df=df)
    return Comparison(
        n=n,
        mean_baseline=means[0],
        mean_followup=means[1],
        mean_change=means[2],
        sd_change=sd,
        se=sd / np.sqrt(per_person),
        dz=dz,
        hedges_g=g,
        ci_low=ci_low,
        ci_high=ci_high,
        t=test.t,
        p=test.p,
        p_fwe=test.p_fwe,
        q_fdr=benjamini_hochberg(test.p),
        p_min=test.p_min,
        n_permutations=test.n_permutations,
        exact=test.exact,
        status=tuple(status),
    )


def _status(n: int, sd: float, mean: float, least: int) -> str:
    """Say why a column has no test, or no finite effect size."""
    if n < least:
        return f"{n} with both sessions, {least} needed"
    return _flat(sd, mean)


def _flat(sd: float, mean: float) -> str:
    """Say so where nobody differs from the others."""
    if sd == 0:
        return "nobody changed" if mean == 0 else "the same change in everybody"
    return "ok"
