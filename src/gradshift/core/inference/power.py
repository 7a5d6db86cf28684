"""Power of paired and unpaired comparisons, and the changes and people it takes."""

import numpy as np
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
