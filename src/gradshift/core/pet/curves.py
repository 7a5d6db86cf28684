"""Time-activity curves, their integrals, and the fits that kinetic models share.

Times are minutes since injection, activities kBq/mL, corrected for decay to injection.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID = 60
"""Rate constants tried before the best one is refined."""


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


def propagated(gradient: Array, covariance: Array) -> Array:
    """Return the (R,) standard error of a function with the given (R, p) gradient."""
    variance = np.einsum("rp,rpq,rq->r", gradient, covariance, gradient)
    error: Array = np.sqrt(np.where(variance >= 0, variance, np.nan))
    return error
