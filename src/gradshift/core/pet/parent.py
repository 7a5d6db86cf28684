"""The share of unchanged tracer in plasma over time."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression, least_squares

Array = NDArray[np.float64]

FEWEST = 4
"""Samples of the parent fraction that a Hill function needs."""

POOR = 0.05
"""Root mean square misfit of the parent fraction above which the Hill function is left."""

BEYOND = 5.0
"""Minutes that the input function may be carried on after its last sample."""


def parent_fraction(time: Array, fraction: Array, *, at: Array) -> tuple[Array, str]:
    """Fit how much of the plasma's activity is unchanged tracer.

    A Hill function ``1 - (1 - a) t^b / (c^b + t^b)``; where there are too few samples or it
    misses them, a monotone curve through falling averages of the samples. Either is 1 at
    injection.

    Parameters
    ----------
    time, fraction : (N,) array
        Samples in minutes, rising; shares between 0 and 1.
    at : (M,) array
        Minutes at which the share is wanted.

    Returns
    -------
    (M,) array
    str
        Remark if no Hill function was used.
    """
    later = time > 0
    t, y = time[later], fraction[later]
    if len(t) >= FEWEST:
        fit = least_squares(
            lambda p: hill(t, p) - y,
            x0=(min(max(y[-1], 0.05), 0.9), 1.5, 10.0),
            bounds=((0.0, 0.2, 0.1), (1.0, 10.0, 1000.0)),
            x_scale=(0.1, 1.0, 10.0),
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
        )
        if np.sqrt(np.mean(fit.fun**2)) <= POOR:
            return hill(at, fit.x), ""
    falling = np.clip(isotonic_regression(y, increasing=False).x, 0, 1)
    curve = PchipInterpolator(np.append(0.0, t), np.append(1.0, falling))
    shares: Array = curve(np.minimum(at, t[-1]))
    return shares, "parent fraction interpolated between samples, no Hill function"


def hill(time: Array, parameters: Array) -> Array:
    """Return ``1 - (1 - a) t^b / (c^b + t^b)`` for (a, b, c); 1 at injection."""
    a, b, c = parameters
    power = (time / c) ** b
    return np.asarray(1 - (1 - a) * power / (1 + power))
