"""The noncentral t distribution, for many values at once."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

BISECTIONS = 45
"""Halvings of the bracket of a noncentrality: to some 1e-12 of its width."""

SECANTS = 12
"""Steps along secants; five or six find nearly every noncentrality."""

SMALL = 1e-9
"""A step smaller than this, in standard errors, leads to the noncentrality: the error of a secant
is about the product of the two before it."""

Floats = NDArray[np.float64]


def noncentrality_of(probability: float, df: Floats, t: Floats) -> Floats:
    """Find the noncentrality with ``P(T <= t) = probability``.

    The normal score of that probability is nearly a straight line over the noncentrality, along
    which secants lead in a few steps; where they do not, the noncentrality is bracketed.
    """
    noncentrality = np.full(len(t), np.nan)
    usable = np.flatnonzero(np.isfinite(t) & (df >= 1))
    noncentrality[usable] = _by_secants(probability, df[usable], t[usable])
    left = usable[np.isnan(noncentrality[usable])]
    noncentrality[left] = by_bisection(probability, df[left], t[left])
    return noncentrality


def _by_secants(probability: float, df: Floats, t: Floats) -> Floats:
    """Follow secants of the normal score; NaN where they lead nowhere."""
    settled = np.full(len(t), np.nan)
    score, error = special.ndtri(probability), np.sqrt(1 + t**2 / (2 * df))
    moving, at, step, before = np.arange(len(t)), t - score * error, np.zeros_like(t), None
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(SECANTS):
            missed = special.ndtri(noncentral_t(df[moving], at, t[moving])) - score
            slope = -1 / error[moving] if before is None else (missed - before) / step
            step = np.where(missed == 0, 0.0, -missed / slope)
            at, before = at + step, missed
            there = np.abs(step) <= SMALL * error[moving]
            settled[moving[there]] = at[there]
            on = ~there & np.isfinite(at)
            moving, at, step, before = moving[on], at[on], step[on], before[on]
    return settled


def by_bisection(probability: float, df: Floats, t: Floats) -> Floats:
    """Find noncentralities from a bracket.

    It is t -/+ 4 standard errors, wider where few degrees of freedom need it.
    """
    width = 4 * np.sqrt(1 + t**2 / (2 * df))
    low, high = t - width, t + width
    for _ in range(8):
        low = np.where(noncentral_t(df, low, t) < probability, low - width, low)
        high = np.where(noncentral_t(df, high, t) > probability, high + width, high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = noncentral_t(df, middle, t) > probability
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    noncentrality: Floats = (low + high) / 2
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
