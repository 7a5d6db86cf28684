"""Sizes of a paired change: means, standardised effects, intervals, power."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from gradshift.core.inference.noncentral import noncentrality_of
from gradshift.core.inference.statistic import Statistic

COLUMNS = 4096
"""Columns described at a time, so that memory holds few copies of the data."""


def moments(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Count, average and spread each column over the people who have a value.

    Sums run over sorted values, so that the order of people changes no digit.

    Parameters
    ----------
    values : (n, m) array
        People x columns; NaN where a person has no value.

    Returns
    -------
    n : (m,) array of int
    mean : (m,) array
        NaN for columns without values.
    sd : (m,) array
        With ``n - 1`` in the denominator; exactly 0 if all values are the same, NaN for
        fewer than two values.
    """
    n_columns = values.shape[1]
    n = np.zeros(n_columns, dtype=np.intp)
    mean = np.full(n_columns, np.nan)
    sd = np.full(n_columns, np.nan)
    for start in range(0, n_columns, COLUMNS):
        block = slice(start, start + COLUMNS)
        n[block], mean[block], sd[block] = _moments(np.sort(values[:, block], axis=0))
    return n, mean, sd


def _moments(
    ordered: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Do the work of `moments` for columns sorted upwards, missing values last."""
    missing = np.isnan(ordered)
    n = (~missing).sum(axis=0)
    mean = np.where(missing, 0.0, ordered).sum(axis=0) / np.where(n > 0, n, np.nan)
    squares = np.where(missing, 0.0, ordered - mean) ** 2
    sd = np.sqrt(squares.sum(axis=0) / np.where(n > 1, n - 1, np.nan))
    if len(ordered):
        last = ordered[np.maximum(n - 1, 0), np.arange(len(n))]
        sd[(ordered[0] == last) & (n > 1)] = 0.0
    return n, mean, sd


def standardised_change(mean: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide mean changes by their standard deviation (Cohen's dz).

    Parameters
    ----------
    mean, sd : (m,) array
        Of the changes; same unit.

    Returns
    -------
    (m,) array
        In standard deviations of the change. No change in anybody gives 0, the same change
        in everybody plus or minus infinity.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        dz = mean / sd
    return np.where((mean == 0) & (sd == 0), 0.0, dz)


def t_statistic(
    n: NDArray[np.intp], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the paired t, ``dz * sqrt(n)``; see `standardised_change` for its limits."""
    t: NDArray[np.float64] = standardised_change(mean, sd) * np.sqrt(n)
    return t


def hedges_correction(df: ArrayLike) -> NDArray[np.float64]:
    """Return the factor J that takes the bias of small samples out of dz.

    ``J = gamma(df/2) / (sqrt(df/2) gamma((df-1)/2))``, the exact form.

    Parameters
    ----------
    df : array of int
        Degrees of freedom, ``n - 1`` for paired changes.

    Returns
    -------
    array
        Near 1 for many people, .9227 for eleven; NaN below 2 degrees of freedom, where dz has
        no expectation.

    References
    ----------
    Hedges (1981), J Educational Statistics 6:107.
    """
    degrees = np.asarray(df, dtype=np.float64)
    known = np.where(degrees >= 2, degrees, np.nan)
    log_ratio = special.gammaln(known / 2) - special.gammaln((known - 1) / 2)
    correction: NDArray[np.float64] = np.exp(log_ratio) / np.sqrt(known / 2)
    return correction


def effect_interval(
    t: NDArray[np.float64],
    n: NDArray[np.intp] | NDArray[np.float64],
    *,
    confidence: float = 0.95,
    df: NDArray[np.intp] | NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the exact interval of the population's standardised change.

    dz and Hedges' g estimate the same number: the interval belongs to both. Its ends are the
    noncentralities for which the observed t is an upper or lower quantile, over ``sqrt(n)``.

    Parameters
    ----------
    t : (m,) array
        Paired t.
    n : (m,) array
        People; for a difference between groups of n1 and n2 people ``n1 n2 / (n1 + n2)``.
    confidence : float
        Coverage for normally distributed changes.
    df : (m,) array
        Degrees of freedom of t; ``n - 1`` if not given.

    Returns
    -------
    low, high : (m,) array
        In standard deviations of the change; NaN for fewer than two people or an infinite t.

    References
    ----------
    Cumming and Finch (2001), Educ Psychol Meas 61:532.
    """
    tail = (1 - confidence) / 2
    degrees = np.asarray(n - 1 if df is None else df, dtype=np.float64)
    root = np.sqrt(np.where(n > 0, n, np.nan))
    return (
        noncentrality_of(1 - tail, degrees, t) / root,
        noncentrality_of(tail, degrees, t) / root,
    )


def t_interval(n: int, mean: float, sd: float) -> tuple[float, float]:
    """Return the 95 % interval of a mean by Student's t.

    Parameters
    ----------
    n : int
        Number of values.
    mean, sd : float
        Their mean and standard deviation (ddof 1), in the unit of the values.

    Returns
    -------
    low, high : float
        NaN with fewer than two values.
    """
    from scipy import stats

    if n < 2:
        return np.nan, np.nan
    half = float(stats.t.ppf(0.975, n - 1)) * sd / np.sqrt(n)
    return mean - half, mean + half


STATISTIC = Statistic(
    name="effects",
    formula=(
        r"d_z = \frac{\bar{\Delta}}{s_\Delta}, \quad g = J(n - 1) \, d_z, \quad "
        r"J(m) = \frac{\Gamma(m / 2)}{\sqrt{m / 2} \; \Gamma((m - 1) / 2)}"
    ),
    high="above 0: values rose; 1: by as much as people differ in their change",
    low="near 0: people changed in both directions; below 0: values fell",
    methods=(
        "Changes were expressed in standard deviations of the change (dz), and as Hedges' g with "
        "the exact small-sample correction; 95 % intervals were found by inverting the noncentral "
        "t distribution."
    ),
    cite=("Hedges1981", "Cumming2001"),
    caveat=(
        "Standardised by the spread of the change, not of the people: not comparable with an "
        "effect size between groups. Interval and power assume normally distributed changes."
    ),
)
