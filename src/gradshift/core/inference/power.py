"""Power of paired and unpaired comparisons, and the changes and people it takes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.noncentral import noncentral_t


def power_paired(dz: float, n: int, *, alpha: float = 0.05) -> float:
    """Give the power of a two-sided paired t test.

    Parameters
    ----------
    dz : float
        True change in standard deviations of the change.
    n : int
        People; at least 2.
    alpha : float
        Significance level.

    Returns
    -------
    float
        Probability of p <= alpha.

    Raises
    ------
    ValueError
        If there are fewer than two people.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences.
    """
    if n < 2:
        raise ValueError(f"The power of a paired test needs at least 2 people, got {n}.")
    return _power(abs(dz) * np.sqrt(n), n - 1, alpha)


def power_groups(d: float, n1: int, n2: int, *, alpha: float = 0.05) -> float:
    """Give the power of a two-sided t test between two groups, pooled variance.

    Parameters
    ----------
    d : float
        True difference in standard deviations within groups.
    n1, n2 : int
        People in the groups; at least 2 each.
    alpha : float
        Significance level.

    Returns
    -------
    float
        Probability of p <= alpha.

    Raises
    ------
    ValueError
        If there are fewer than two people in a group.
    """
    if min(n1, n2) < 2:
        raise ValueError(f"Power between groups needs 2 people in each, got {n1} and {n2}.")
    return _power(abs(d) * np.sqrt(n1 * n2 / (n1 + n2)), n1 + n2 - 2, alpha)


def _power(noncentrality: float, df: int, alpha: float) -> float:
    """Return the probability that |t| passes its critical value."""
    critical = special.stdtrit(df, 1 - alpha / 2)
    not_right, left = noncentral_t(
        np.array([df, df]), np.array([noncentrality] * 2), np.array([critical, -critical])
    )
    return float(1 - not_right + left)


POINTS = (0.5, 0.7, 0.8, 0.9)
"""Standardised effects at which a curve of power is told."""


def power_curve(
    n: int, other: int | None = None, *, effects: Sequence[float] = POINTS, alpha: float = 0.05
) -> NDArray[np.float64]:
    """Give the power for several true effects.

    Parameters
    ----------
    n : int
        People of a paired test, or of one of two groups; at least 2.
    other : int, optional
        People of the other group.
    effects : sequence of float
        In standard deviations of the change, or within groups.
    alpha : float
        Two-sided significance level.

    Returns
    -------
    (k,) array
        See `power_paired` and `power_groups`.
    """
    if other is None:
        return np.array([power_paired(effect, n, alpha=alpha) for effect in effects])
    return np.array([power_groups(effect, n, other, alpha=alpha) for effect in effects])
