"""Weigh a change against no change: the Bayes factor of Jeffreys, Zellner and Siow."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.statistic import Statistic

WIDTH = 0.707106781186547524
"""Scale of the Cauchy prior of the standardised change."""

NODES = np.arange(-18.0, 2.4, 0.125)
"""Logarithms of x at which the integral is formed, ``g = width^2 / x^2``."""

COLUMNS = 2048
"""Columns at a time, so that memory holds few copies."""


def bayes_factor(
    t: NDArray[np.float64],
    per_person: NDArray[np.float64] | NDArray[np.intp],
    df: NDArray[np.float64] | NDArray[np.intp],
    *,
    width: float = WIDTH,
) -> NDArray[np.float64]:
    """Return how much more likely t is under a change than under none (JZS, BF10).

    Parameters
    ----------
    t : (m,) array
        Of a paired test, or of two groups with pooled variance.
    per_person : (m,) array
        People; ``n1 n2 / (n1 + n2)`` for groups: such that ``t = d sqrt(per_person)``.
    df : (m,) array
        Degrees of freedom of t, ``n - 1`` or ``n1 + n2 - 2``.
    width : float
        Scale of the Cauchy prior of the standardised change.

    Returns
    -------
    (m,) array
        Above 1 speaks for a change, below 1 for none; NaN where there is no finite t, infinite
        where it is too large to write.

    Notes
    -----
    A Cauchy prior is a normal one whose variance g is ``width^2 / x^2`` for a standard normal
    x. The integral over the logarithm of x falls off smoothly on both sides, where the trapezoid
    rule converges faster than any power of its step.

    References
    ----------
    Rouder, Speckman, Sun, Morey and Iverson (2009), Psychon Bull Rev 16:225, equation 1.
    """
    known = np.isfinite(t) & (np.asarray(df) > 0) & (np.asarray(per_person) > 0)
    factors = np.full(len(t), np.nan)
    columns = np.flatnonzero(known)
    for start in range(0, len(columns), COLUMNS):
        part = columns[start : start + COLUMNS]
        factors[part] = _factor(
            t[part],
            np.asarray(per_person, dtype=np.float64)[part] * width**2,
            np.asarray(df, dtype=np.float64)[part],
        )
    return factors


def _factor(
    t: NDArray[np.float64], scale: NDArray[np.float64], df: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integrate over the prior; `scale` is people times the squared width."""
    x = np.exp(NODES)
    prior = NODES + 0.5 * np.log(2 / np.pi) - x**2 / 2
    wider = 1 + scale[:, None] / x**2
    squared = (t**2 / df)[:, None]
    exponent = (df + 1)[:, None] / 2
    logs = prior - 0.5 * np.log(wider) - exponent * np.log1p(squared / wider)
    logs += exponent * np.log1p(squared)
    highest = logs.max(axis=1)
    total = np.exp(logs - highest[:, None]).sum(axis=1) * (NODES[1] - NODES[0])
    with np.errstate(over="ignore"):
        factor: NDArray[np.float64] = np.exp(highest + np.log(total))
    return factor


STATISTIC = Statistic(
    name="bayes",
    formula=(
        r"BF_{10} = \frac{\int_0^\infty (1 + n g)^{-1/2} \left( 1 + "
        r"\frac{t^2}{(1 + n g) \nu} \right)^{-(\nu + 1) / 2} \pi(g) \, dg}"
        r"{\left( 1 + t^2 / \nu \right)^{-(\nu + 1) / 2}}, \quad \delta \mid g \sim N(0, g), \; "
        r"\delta \sim \mathrm{Cauchy}(0, \sqrt{2} / 2)"
    ),
    high="above 3: speaks for a change; above 10: strongly",
    low="below 1/3: speaks for no change; near 1: the data do not tell",
    methods=(
        "The evidence for and against a change was weighed by the JZS Bayes factor, with a Cauchy "
        "prior of scale .707 on the standardised change; between groups that of two samples with "
        "equal variances."
    ),
    cite=("Rouder2009",),
    caveat=(
        "Depends on the prior, is not corrected for the number of tests, and assumes normally "
        "distributed changes (of the same spread in both groups)."
    ),
)
