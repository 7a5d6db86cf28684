"""Whether two maps beyond the cortex are more alike than any two as smooth through space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from gradshift.core.inference.resampling import TIE
from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]
TINY = 1e-10

NEIGHBOURS = tuple(share / 10 for share in range(1, 10))
"""Shares of the regions that permuted values are smoothed over; the best is taken."""

NEAR = 25.0
"""Per cent of the pairs of regions, the nearest, whose differences are matched."""

LAGS = 25
"""Distances at which they are matched."""

BANDWIDTH = 3.0
"""Width of the average over pairs at a distance, in steps between distances."""

BLOCK = 500
"""Surrogates made at once."""


@dataclass(frozen=True)
class Variogram:
    """How far values differ over short distances.

    Parameters
    ----------
    pairs : (2, P) array of int
        The pairs of regions that are near.
    weights : (L, P) array
        What each pair counts at each distance; rows add up to 1.
    """

    pairs: NDArray[np.intp]
    weights: Array

    @classmethod
    def over(cls, distances: Array) -> "Variogram":
        """Choose the pairs and distances of regions that lie `distances`, (R, R), apart."""
        first, second = np.triu_indices(len(distances), 1)
        apart = distances[first, second]
        near = apart <= np.percentile(apart, NEAR)
        apart = apart[near]
        lags = np.linspace(apart.min(), apart.max(), LAGS)
        width = BANDWIDTH * max(lags[1] - lags[0], TINY)
        weights = np.exp(-((2.68 * (apart - lags[:, None])) ** 2) / (2 * width**2))
        return cls(
            np.array([first[near], second[near]]), weights / weights.sum(axis=1, keepdims=True)
        )

    def of(self, maps: Array) -> Array:
        """Return the (m, L) variograms of (m, R) maps."""
        first, second = self.pairs
        return (maps[:, first] - maps[:, second]) ** 2 / 2 @ self.weights.T


def surrogates(values: Array, places: Array, *, n: int, seed: int) -> Array:
    """Make random maps with the variogram of a map.

    Values are permuted, smoothed over the nearest regions, and scaled, with noise added, so
    that their variogram comes closest to that of the map.

    Parameters
    ----------
    values : (R,) array
        Finite everywhere.
    places : (R, 3) array
        Centres of the regions in mm.
    n, seed : int
        How many, and from which random numbers.

    Returns
    -------
    (n, R) array

    References
    ----------
    Burt et al. (2020), NeuroImage 220:117038. Other than there, scale and noise are fitted
    with the constraint that neither is negative, which keeps variograms of few regions closer.
    """
    distances = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    variogram, kernels = Variogram.over(distances), _kernels(distances)
    rng = np.random.default_rng(seed)
    made = []
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        permuted = rng.permuted(np.tile(values, (size, 1)), axis=1)
        noise = rng.standard_normal(permuted.shape)
        made.append(_matched(permuted, noise, variogram, variogram.of(values[None])[0], kernels))
    return np.concatenate(made)


def _kernels(distances: Array) -> list[Array]:
    """Return the (R, R) averages over the nearest regions, for every share of them."""
    ranked = np.sort(distances, axis=1)
    order = distances.argsort(axis=1).argsort(axis=1)
    kernels = []
    for share in NEIGHBOURS:
        k = max(1, round(share * len(distances)))
        reach = np.maximum(ranked[:, [min(k, len(distances) - 1)]], TINY)
        weights = np.where((order >= 1) & (order <= k), np.exp(-distances / reach), 0.0)
        kernels.append(weights / weights.sum(axis=1, keepdims=True))
    return kernels


def _matched(
    permuted: Array, noise: Array, variogram: Variogram, wanted: Array, kernels: Sequence[Array]
) -> Array:
    """Smooth, scale and add noise, each map with the kernel that fits it best."""
    best = np.full(len(permuted), np.inf)
    made = np.empty_like(permuted)
    for kernel in kernels:
        smooth = permuted @ kernel.T
        has = variogram.of(smooth)
        scale, offset = _fitted(has, wanted)
        error = ((wanted - offset - scale * has) ** 2).sum(axis=1)
        better = error < best
        best[better] = error[better]
        made[better] = (np.sqrt(scale) * smooth + np.sqrt(offset) * noise)[better]
    return made


def _fitted(has: Array, wanted: Array) -> tuple[Array, Array]:
    """Fit variograms, (m, L), by least squares; (m, 1) scale and offset are not negative."""
    middle = has.mean(axis=1, keepdims=True)
    spread = has - middle
    slope = spread @ (wanted - wanted.mean()) / np.maximum((spread**2).sum(axis=1), TINY)
    scale = np.maximum(slope, 0.0)[:, None]
    offset = wanted.mean() - scale * middle
    through_zero = (has @ wanted / np.maximum((has**2).sum(axis=1), TINY))[:, None]
    return np.where(offset < 0, through_zero, scale), np.maximum(offset, 0.0)


def surrogate_test(x: Array, y: Array, null: Array) -> tuple[float, float, Array]:
    """Test Spearman's correlation of two maps against surrogates of the second.

    Parameters
    ----------
    x, y : (R,) array
        Finite everywhere.
    null : (m, R) array
        See `surrogates`.

    Returns
    -------
    rho : float
    p : float
        Two-sided, (1 + b) / (1 + m).
    null : (m,) array
        Correlations with the surrogates.
    """
    if np.ptp(x) < TINY or np.ptp(y) < TINY:
        return np.nan, np.nan, np.full(len(null), np.nan)
    ranks = _standard(rankdata(x))
    rho = float(_standard(rankdata(y)) @ ranks)
    each = _standard(rankdata(null, axis=1)) @ ranks
    p = (1 + (np.abs(each) >= abs(rho) * (1 - TIE) - TINY).sum()) / (1 + len(each))
    return rho, float(p), each


def _standard(ranks: Array) -> Array:
    """Centre ranks and give them length 1."""
    away = ranks - ranks.mean(axis=-1, keepdims=True)
    standard: Array = away / np.sqrt((away**2).sum(axis=-1, keepdims=True))
    return standard


STATISTIC = Statistic(
    name="variogram",
    formula=(
        r"\rho = r(\operatorname{rank} x, \, \operatorname{rank} y) \text{ over regions}, \quad "
        r"p = \frac{1 + \#\{ s : |\rho_s| \ge |\rho| \}}{1 + S}, \; s \text{ the surrogates of } y"
        r" \text{ with } \gamma_s(h) \approx \gamma_y(h), \\ \gamma(h) = \operatorname{mean}_{"
        r"|d_{ij} - h| \text{ small}} \tfrac{1}{2} (y_i - y_j)^2"
    ),
    high="p near 1: any two maps as smooth are as alike",
    low="p near 0: hardly a map as smooth is as much alike",
    methods=(
        "Beyond the cortex, group maps of change were compared by Spearman's correlation against "
        "surrogates of the map: its values permuted, smoothed over neighbours and scaled so that "
        "values differ over distance as those of the map do."
    ),
    cite=("Burt2020",),
    caveat=(
        "Tells whether two maps are alike, not whether this generalises to other people: the "
        "correlation within people does. Of unrelated maps of 32 regions of subcortex it calls 4 "
        "to 9 in 100 alike at p = .05, permutation of their values 8 to 25."
    ),
)
