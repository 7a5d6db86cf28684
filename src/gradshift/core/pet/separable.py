"""Fits of curves that are linear but for one rate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import GRID

Array = NDArray[np.float64]

HALVINGS = 42
"""Steps of the golden section: to some 1e-9 of the rate constant."""


class SeparableFit(NamedTuple):
    """A curve that is a size times a shape, and what is known of both."""

    size: Array  # (R,)
    rate: Array  # (R,), 1/min
    covariance: Array  # (R, 2 or 3, same): size, rate, and the other regressor's share
    share: Array  # (R,), of the other regressor
    fitted: Array  # (T, R)
    at_bound: NDArray[np.bool_]  # (R,)


def separable_fit(
    shape: Callable[[Array], Array],
    y: Array,
    weights: Array,
    bounds: tuple[float, float],
    other: Array | None = None,
) -> SeparableFit:
    """Fit ``size * shape(rate) + share * other``: a search over the rate, the rest is linear.

    Parameters
    ----------
    shape : callable
        Takes (R,) rates, gives (T, R) curves.
    y : (T, R) array
    weights : (T,) array
    bounds : tuple of float
        Of the rate, 1/min.
    other : (T,) array, optional
        A further curve, whose share is fitted.

    Returns
    -------
    SeparableFit
        NaN for regions with a value that is not finite.
    """
    root = np.sqrt(weights)[:, None]
    unit = None
    if other is not None:
        unit = root[:, 0] * other
        unit = unit / np.linalg.norm(unit)

    def apart(curves: Array) -> Array:
        scaled = root * curves
        return scaled if unit is None else scaled - np.outer(unit, unit @ scaled)

    target = apart(y)

    def squares(candidates: Array) -> Array:
        basis = apart(candidates)
        explained = (basis * target).sum(axis=0) ** 2 / (basis**2).sum(axis=0)
        left: Array = (target**2).sum(axis=0) - explained
        return left

    rate = _best_rate(shape, squares, bounds)
    basis = shape(rate)
    nearby = 1e-4 * rate
    slope = (shape(rate + nearby) - shape(rate - nearby)) / (2 * nearby)
    inside = apart(basis)
    size = (inside * target).sum(axis=0) / (inside**2).sum(axis=0)
    columns = [basis, size * slope]
    share = np.zeros_like(size)
    if other is not None:
        share = (weights * other) @ (y - size * basis) / (weights @ other**2)
        columns.append(np.repeat(other[:, None], y.shape[1], axis=1))
    fitted = size * basis + share * (0.0 if other is None else other[:, None])
    covariance = _covariance(np.stack(columns, axis=2), y - fitted, weights)
    edge = (rate <= bounds[0] * 1.01) | (rate >= bounds[1] / 1.01)
    missing = np.isnan(y).any(axis=0)
    rate, size, share = (np.where(missing, np.nan, v) for v in (rate, size, share))
    return SeparableFit(size, rate, covariance, share, fitted, edge & ~missing)


def _best_rate(
    shape: Callable[[Array], Array], squares: Callable[[Array], Array], bounds: tuple[float, float]
) -> Array:
    """Find the rate of the smallest squares for every region: on a grid, then between."""
    grid = np.geomspace(*bounds, GRID)
    tried = shape(grid)
    every = np.array([squares(tried[:, [k]]) for k in range(GRID)])
    best = np.argmin(np.where(np.isnan(every), np.inf, every), axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, GRID - 1)]
    return _golden(lambda rates: squares(shape(rates)), low, high)


def _golden(objective: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Find the smallest value between bounds, for every region by itself."""
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(HALVINGS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        lower = objective(left) < objective(right)
        low, high = np.where(lower, low, left), np.where(lower, right, high)
    return (low + high) / 2


def _covariance(jacobian: Array, residuals: Array, weights: Array) -> Array:
    """Return the (R, p, p) covariance of the parameters of a weighted fit."""
    n, n_regions, p = jacobian.shape
    covariance = np.full((n_regions, p, p), np.nan)
    variance = (weights[:, None] * residuals**2).sum(axis=0) / max(n - p, 1)
    scaled = np.sqrt(weights)[:, None, None] * jacobian
    size = np.sqrt((scaled**2).sum(axis=0))
    for region in np.flatnonzero(np.isfinite(variance) & (size > 0).all(axis=1)):
        units = scaled[:, region] / size[region]
        inverse = np.linalg.pinv(units.T @ units, hermitian=True)
        covariance[region] = variance[region] * inverse / np.outer(size[region], size[region])
    return covariance
