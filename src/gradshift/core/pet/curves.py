"""Time-activity curves, their integrals, and the fits that kinetic models share.

Times are minutes since injection, activities kBq/mL, corrected for decay to injection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID = 60
"""Rate constants tried before the best one is refined."""

HALVINGS = 42
"""Steps of the golden section: to some 1e-9 of the rate constant."""


@dataclass(frozen=True)
class Frames:
    """The T frames of a scan.

    Parameters
    ----------
    start, end : (T,) array
        Minutes since injection.
    """

    start: Array
    end: Array

    @property
    def duration(self) -> Array:
        """(T,) minutes."""
        return self.end - self.start

    @property
    def middle(self) -> Array:
        """(T,) minutes since injection."""
        return (self.start + self.end) / 2

    @property
    def breaks(self) -> Array:
        """(T - 1,) minutes between the end of a frame and the start of the next."""
        return self.start[1:] - self.end[:-1]

    @property
    def weights(self) -> Array:
        """(T,) weights of the fits, proportional to duration, mean 1."""
        weights: Array = self.duration / self.duration.mean()
        return weights


@dataclass(frozen=True)
class InputFunction:
    """What the blood brings to the tissue, linear between N samples.

    Parameters
    ----------
    time : (N,) array
        Minutes since injection, rising from 0.
    parent : (N,) array
        Unchanged tracer in arterial plasma, kBq/mL.
    whole_blood : (N,) array or None
        Activity in whole blood, kBq/mL.
    """

    time: Array
    parent: Array
    whole_blood: Array | None = None

    def integral(self, time: Array) -> Array:
        """Integrate the parent activity from 0 to given times (kBq/mL min)."""
        return _integral(self.time, self.parent, time)

    def blood_in(self, frames: Frames) -> Array | None:
        """Average whole blood over each frame, (T,) kBq/mL; None where it was not measured."""
        if self.whole_blood is None:
            return None
        until_end = _integral(self.time, self.whole_blood, frames.end)
        until_start = _integral(self.time, self.whole_blood, frames.start)
        return (until_end - until_start) / frames.duration


def _integral(nodes: Array, values: Array, time: Array) -> Array:
    """Integrate a piecewise linear function, 0 before its first node, to given times."""
    steps = np.diff(nodes)
    done = np.append(0.0, np.cumsum(steps * (values[1:] + values[:-1]) / 2))
    at = np.clip(np.searchsorted(nodes, time, side="right") - 1, 0, len(nodes) - 2)
    since = time - nodes[at]
    slope = (values[at + 1] - values[at]) / steps[at]
    integral: Array = done[at] + values[at] * since + slope * since**2 / 2
    return np.where(time < nodes[0], 0.0, integral)


def until_middle(frames: Frames, curves: Array) -> Array:
    """Integrate frame averages from injection to the middle of each frame.

    A break between frames is bridged by a straight line.

    Parameters
    ----------
    frames : Frames
        From injection on, see `from_injection`.
    curves : (T,) or (T, R) array

    Returns
    -------
    array of the shape of `curves`
        kBq/mL min.
    """
    amount = (curves.T * frames.duration).T
    bridges = np.zeros_like(amount)
    bridges[1:] = ((curves[1:] + curves[:-1]).T * frames.breaks / 2).T
    middles: Array = np.cumsum(amount + bridges, axis=0) - amount / 2
    return middles


def from_injection(frames: Frames) -> tuple[Frames, Array]:
    """Take what lies after the injection, before which there is no tracer.

    Parameters
    ----------
    frames : Frames

    Returns
    -------
    Frames
        Without those that end by the injection; one that spans it starts with it.
    scale : (T,) array
        What an average over a frame is multiplied by to be one over the part that is left;
        NaN for frames that are left out.
    """
    after = ~(frames.end <= 0)
    begun, end = frames.start[after], frames.end[after]
    start = np.where(begun < 0, 0.0, begun)
    scale = np.full(len(after), np.nan)
    scale[after] = np.where(begun < 0, (end - begun) / (end - start), 1.0)
    return Frames(start, end), scale


class LinearFit(NamedTuple):
    """Weighted least squares of R regions with p regressors each."""

    beta: Array  # (R, p)
    covariance: Array  # (R, p, p)
    fitted: Array  # (n, R)


def linear_fit(design: Array, y: Array, weights: Array) -> LinearFit:
    """Fit each region's curve by its own regressors.

    Parameters
    ----------
    design : (n, R, p) array
    y : (n, R) array
    weights : (n,) array

    Returns
    -------
    LinearFit
        NaN for regions with a value that is not finite, or with regressors that depend on
        each other.
    """
    n, n_regions, p = design.shape
    scale = np.sqrt((weights[:, None, None] * design**2).sum(axis=0))
    usable = np.isfinite(design).all(axis=(0, 2)) & np.isfinite(y).all(axis=0)
    usable &= (scale > 0).all(axis=1)
    beta = np.full((n_regions, p), np.nan)
    covariance = np.full((n_regions, p, p), np.nan)
    for region in np.flatnonzero(usable):
        root = np.sqrt(weights)
        scaled = root[:, None] * design[:, region] / scale[region]
        u, s, vt = np.linalg.svd(scaled, full_matrices=False)
        if s[-1] < 1e-12 * s[0]:
            continue
        solution = vt.T @ ((u.T @ (root * y[:, region])) / s)
        residual = root * y[:, region] - scaled @ solution
        variance = residual @ residual / max(n - p, 1)
        beta[region] = solution / scale[region]
        inverse = (vt.T / s**2) @ vt
        covariance[region] = variance * inverse / np.outer(scale[region], scale[region])
    return LinearFit(beta, covariance, np.einsum("nrp,rp->nr", design, beta))


def late_line(
    x: Array, y: Array, activity: Array, late: NDArray[np.bool_]
) -> tuple[Array, Array, Array, Array]:
    """Fit a straight line to the late part of a graphical plot, frames alike.

    Parameters
    ----------
    x, y : (T, R) array
        Integrals before their division by `activity`, kBq/mL min.
    activity : (T, R) array
        kBq/mL.
    late : (T,) array of bool
        Frames to use.

    Returns
    -------
    slope, error, intercept : (R,) array
    curves : (T, R) array
        The activity that the line stands for; NaN in frames that were not used.
    """
    usable = (activity[late] > 0).all(axis=0)
    below = np.where(usable, activity[late], np.nan)
    design = np.stack([x[late] / below, np.ones_like(below)], axis=2)
    fit = linear_fit(design, y[late] / below, np.ones(int(late.sum())))
    curves = np.full(activity.shape, np.nan)
    slope, intercept = fit.beta.T
    with np.errstate(divide="ignore", invalid="ignore"):
        curves[late] = (y[late] - slope * x[late]) / intercept
    return slope, np.sqrt(fit.covariance[:, 0, 0]), intercept, curves


def convolve(rates: Array, time: Array, values: Array) -> Array:
    """Convolve a piecewise linear function with decaying exponentials, exactly.

    Parameters
    ----------
    rates : (R,) array
        1/min, above 0.
    time, values : (N,) array
        Nodes of the function, from 0.

    Returns
    -------
    (N, R) array
        ``∫ values(s) exp(-rate (t - s)) ds`` at every node.
    """
    convolved = np.zeros((len(time), len(rates)))
    for i, step in enumerate(np.diff(time)):
        fades = -np.expm1(-rates * step) / rates
        slope = (values[i + 1] - values[i]) / step
        rise = (step - fades) / rates
        convolved[i + 1] = convolved[i] * np.exp(-rates * step) + values[i] * fades + slope * rise
    return convolved


def tissue_response(source: InputFunction, frames: Frames, rates: Array) -> Array:
    """Average over frames what the input leaves in tissue that clears at given rates.

    Parameters
    ----------
    source : InputFunction
    frames : Frames
    rates : (R,) array
        k2, 1/min.

    Returns
    -------
    (T, R) array
        ``exp(-k2 t) * Cp`` averaged over each frame, kBq/mL min: exactly what came in,
        less what stayed, over k2; 0 before the injection.
    """
    starts, ends = np.maximum(frames.start, 0.0), np.maximum(frames.end, 0.0)
    edges = np.concatenate([starts, ends])
    time = np.unique(np.concatenate([source.time[source.time <= frames.end[-1]], edges, [0.0]]))
    convolved = convolve(rates, time, np.interp(time, source.time, source.parent))
    start, end = np.searchsorted(time, starts), np.searchsorted(time, ends)
    arrived = source.integral(frames.end) - source.integral(frames.start)
    mean: Array = (arrived[:, None] - convolved[end] + convolved[start]) / np.outer(
        frames.duration, rates
    )
    return mean


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


def propagated(gradient: Array, covariance: Array) -> Array:
    """Return the (R,) standard error of a function with the given (R, p) gradient."""
    variance = np.einsum("rp,rpq,rq->r", gradient, covariance, gradient)
    error: Array = np.sqrt(np.where(variance >= 0, variance, np.nan))
    return error
