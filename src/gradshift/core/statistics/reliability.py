"""Say how much of the differences between people is not noise: intraclass correlations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.statistic import Statistic


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Agreement of two halves over people, for m columns.

    Parameters
    ----------
    n : (m,) array of int
        People with a value in both halves.
    icc : (m,) array
        ICC(3,1): 1 if the halves rank and space people alike, 0 if they have nothing in
        common; NaN with fewer than three people or without any differences.
    low, high : (m,) array
        Interval of `icc`.
    full : (m,) array
        ICC(3,2): the reliability of the mean of both halves, which stands for the whole.
    """

    n: NDArray[np.intp]
    icc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    full: NDArray[np.float64]


def split_half(
    first: NDArray[np.float64], second: NDArray[np.float64], *, confidence: float = 0.95
) -> Reliability:
    """Estimate the intraclass correlation of two halves, consistency of single values.

    Parameters
    ----------
    first, second : (n, m) array
        People x columns; NaN where a person has no value.
    confidence : float
        Coverage of the interval, for normally distributed values.

    Returns
    -------
    Reliability

    References
    ----------
    Shrout and Fleiss (1979), Psychol Bull 86:420, case 3.
    """
    both = np.isfinite(first) & np.isfinite(second)
    n = both.sum(axis=0)
    a, b = (_centred(half, both, n) for half in (first, second))
    df = np.where(n >= 3, n - 1, np.nan)
    between = ((a + b) ** 2).sum(axis=0) / 2 / df
    within = ((a - b) ** 2).sum(axis=0) / 2 / df
    total = between + within
    known = total > 1e-20 * np.nan_to_num(np.abs(first)).max(axis=0, initial=0) ** 2
    total = np.where(known & (total > 0), total, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = between / within
        full = (between - within) / np.where(np.isnan(total), np.nan, between)
    tail = (1 - confidence) / 2
    low, high = (
        ratio / special.fdtri(df, df, 1 - tail),
        ratio * special.fdtri(df, df, 1 - tail),
    )
    return Reliability(
        n=n,
        icc=(between - within) / total,
        low=np.where(np.isnan(total), np.nan, _icc(low)),
        high=np.where(np.isnan(total), np.nan, _icc(high)),
        full=full,
    )


def _centred(
    values: NDArray[np.float64], present: NDArray[np.bool_], n: NDArray[np.intp]
) -> NDArray[np.float64]:
    plain = np.where(present, values, 0.0)
    return np.where(present, plain - plain.sum(axis=0) / np.maximum(n, 1), 0.0)


def _icc(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a ratio of variances into an intraclass correlation."""
    return np.where(np.isinf(ratio), 1.0, (ratio - 1) / (np.where(np.isinf(ratio), 0, ratio) + 1))


STATISTIC = Statistic(
    name="reliability",
    formula=(
        r"\mathrm{ICC}(3,1) = \frac{MS_B - MS_E}{MS_B + MS_E}, \quad "
        r"\mathrm{ICC}(3,2) = \frac{MS_B - MS_E}{MS_B}"
    ),
    high="near 1: both halves tell people apart alike",
    low="near 0: differences between people are noise",
    methods=(
        "Reliability within a session was estimated by the intraclass correlation, ICC(3,1), of "
        "every measure from the first and the second half of the retained volumes, for each "
        "session and for the change between them; ICC(3,2) stands for the whole session."
    ),
    cite=("Shrout1979",),
    caveat=(
        "Halves of one session share the day, the person's state and much of the motion: "
        "reliability between days is lower."
    ),
)
