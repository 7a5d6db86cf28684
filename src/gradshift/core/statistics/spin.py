"""Spin test: whether two cortical maps are more alike than any two smooth maps."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from gradshift.core.inference.resampling import TIE, Workers
from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]
TINY = 1e-10

BLOCK = 250
"""Rotations handled at once."""

MIRROR = np.diag([-1.0, 1.0, 1.0])
"""From one hemisphere to the other: x is left to right."""


def spins(
    places: Array,
    left: NDArray[np.bool_],
    *,
    n_spins: int = 10_000,
    seed: int = 0,
    workers: Workers = map,
) -> NDArray[np.intp]:
    """Turn the cortex at random, and say which region comes to lie on which.

    Both hemispheres turn as mirror images. Each region takes the place of exactly one other
    (Hungarian assignment), so that a turned map has the values of the map.

    Parameters
    ----------
    places : (R, 3) array of length 1
        Where each region lies on the sphere of its hemisphere, x from left to right.
    left : (R,) array of bool
        Regions of the left hemisphere; all others are right.
    n_spins : int
    seed : int
    workers : callable
        Where regions are assigned.

    Returns
    -------
    (n_spins, R) array of int
        Where the value of each region comes from.

    References
    ----------
    Alexander-Bloch et al. (2018), NeuroImage 178:540; Markello and Misic (2021), NeuroImage
    236:118052, for the assignment.
    """
    rng = np.random.default_rng(seed)
    rotations = _rotations(rng, n_spins)
    blocks = (rotations[start : start + BLOCK] for start in range(0, n_spins, BLOCK))
    return np.concatenate(list(workers(partial(_turned, places, left), blocks)))


def _turned(places: Array, left: NDArray[np.bool_], rotations: Array) -> NDArray[np.intp]:
    """Return the (b, R) regions that come to lie on each region by (b, 3, 3) rotations."""
    sides = [side for side in (np.flatnonzero(left), np.flatnonzero(~left)) if len(side)]
    turned = np.empty((len(rotations), len(left)), dtype=np.intp)
    for i, rotation in enumerate(rotations):
        for side in sides:
            turn = rotation if left[side[0]] else MIRROR @ rotation @ MIRROR
            place = places[side]
            _, taken = linear_sum_assignment(place @ (place @ turn.T).T, maximize=True)
            turned[i, side] = side[taken]
    return turned


def _rotations(rng: np.random.Generator, n: int) -> Array:
    """Draw (n, 3, 3) rotations; all are equally likely."""
    q, r = np.linalg.qr(rng.standard_normal((n, 3, 3)))
    turns: Array = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    turns[np.linalg.det(turns) < 0, :, 0] *= -1
    return turns


def spin_test(x: Array, y: Array, turned: NDArray[np.intp]) -> tuple[float, float, Array]:
    """Test Spearman's correlation of two maps against rotated maps.

    Parameters
    ----------
    x, y : (R,) array
        Finite everywhere.
    turned : (m, R) array of int
        See `spins`.

    Returns
    -------
    rho : float
    p : float
        Two-sided, (1 + b) / (1 + m).
    null : (m,) array
        Correlations of the rotated maps.
    """
    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    length = np.sqrt((a @ a) * (b @ b))
    if not length > TINY:
        return np.nan, np.nan, np.full(len(turned), np.nan)
    null = a[turned] @ b / length
    rho = float(a @ b / length)
    p = (1 + (np.abs(null) >= abs(rho) * (1 - TIE) - TINY).sum()) / (1 + len(null))
    return rho, float(p), null


STATISTIC = Statistic(
    name="spin",
    formula=(
        r"\rho = r(\operatorname{rank} x, \, \operatorname{rank} y) \text{ over regions}, \quad "
        r"p = \frac{1 + \#\{ s : |\rho_s| \ge |\rho| \}}{1 + S}, \; s \text{ the spins}"
    ),
    high="p near 1: any two smooth maps are as alike",
    low="p near 0: hardly a rotation makes them as alike",
    methods=(
        "Group maps of change were compared by Spearman's correlation against random rotations "
        "of the cortex, hemispheres as mirror images, each region taking the place of exactly "
        "one other. Regions lay where the middle of their vertices is on the sphere of "
        "fsaverage5."
    ),
    cite=("AlexanderBloch2018", "Markello2021"),
    caveat=(
        "Tells whether two maps are alike, not whether this generalises to other people: the "
        "correlation within people does. Of unrelated maps it calls 5 to 7 in 100 alike at "
        "p = .05 where they are smooth along the cortex, 9 to 10 where they are smooth through "
        "space as blurred images are; a plain p calls 13 to 72 alike."
    ),
)
