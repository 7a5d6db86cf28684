"""The noncentral t distribution, for many values at once."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

BISECTIONS = 45
"""Halvings of the bracket of a noncentrality: to some 1e-12 of its width."""


def noncentrality_of(
    probability: float, df: NDArray[np.float64], t: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the noncentrality with ``P(T <= t) = probability`` by bisection.

    The bracket is t -/+ 4 standard errors, wider where few degrees of freedom need it.
    """
    noncentrality = np.full(len(t), np.nan)
    usable = np.isfinite(t) & (df >= 1)
    df, t = df[usable], t[usable]
    width = 4 * np.sqrt(1 + t**2 / (2 * df))
    low, high = t - width, t + width
    for _ in range(8):
        low = np.where(noncentral_t(df, low, t) < probability, low - width, low)
        high = np.where(noncentral_t(df, high, t) > probability, high + width, high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = noncentral_t(df, middle, t) > probability
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    noncentrality[usable] = (low + high) / 2
    return noncentrality


def noncentral_t(
    df: NDArray[np.float64] | NDArray[np.intp],
    noncentrality: NDArray[np.float64],
    t: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return ``P(T <= t)``, which falls from 1 to 0 as the noncentrality grows.

    Where it is 1 or 0 to many digits, far from t, scipy can give NaN.
    """
    probability = special.nctdtr(df, noncentrality, t)
    far = np.where(noncentrality < t, 1.0, 0.0)
    return np.where(np.isnan(probability), far, probability)
