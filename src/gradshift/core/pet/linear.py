"""Weighted linear fits of curves."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
