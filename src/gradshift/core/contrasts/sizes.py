"""Sizes of changes and of differences between groups, in the unit of the columns."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts.comparison import Sizes
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.groups import welch
from gradshift.core.statistics.signtest import directions, skewness_of

Array = NDArray[np.float64]


def changes_of(baseline: Array, followup: Array) -> Array:
    """Return follow-up less baseline, of the same people and columns."""
    if baseline.shape != followup.shape:
        raise ValueError(
            f"Both sessions need the same people and columns, got {baseline.shape} and "
            f"{followup.shape}."
        )
    return followup - baseline


def mean_where(changes: Array, values: Array) -> Array:
    """Average values over the people who have a change."""
    return moments(np.where(np.isnan(changes), np.nan, values))[1]


def paired_sizes(changes: Array, baseline: Array, followup: Array) -> Sizes:
    """Size changes that are compared with 0."""
    n, mean, sd = moments(changes)
    people = np.where(n > 0, n, np.nan)
    seen = directions(changes)
    return Sizes(
        n=n,
        means=(mean_where(changes, baseline), mean_where(changes, followup), mean),
        sd=sd,
        se=sd / np.sqrt(people),
        spread=people,
        df=n - 1,
        df_t=(n - 1).astype(np.float64),
        p_sign=seen.p,
        n_direction=seen.n_direction,
        skewness=seen.skewness,
    )


def grouped_sizes(changes: Array, group: Array) -> Sizes:
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
    return Sizes(
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


def few_in_groups(changes: Array, group: Array, *, what: str = "groups") -> list[str]:
    """Say which columns have fewer than two people in a group; empty: none."""
    n0, n1 = ((~np.isnan(changes[group == code])).sum(axis=0) for code in (0, 1))
    return [
        f"{a} and {b} people in the {what}, 2 needed" if min(a, b) < 2 else ""
        for a, b in zip(n0, n1, strict=True)
    ]
