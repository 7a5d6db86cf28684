"""Does a change in one thing go with a change in another? Over people, and over regions."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import rankdata

from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]

FEWEST = 4
"""People, or regions, that a correlation needs."""

MAX_EXACT = 8
"""Up to this many people all orders are used (40 320)."""

TINY = 1e-10
"""A smaller length or difference is 0."""

BLOCK = 2000
"""Orders, or resamples, handled at once."""


@dataclass(frozen=True, kw_only=True)
class Coupling:
    """Correlations of k pairs of changes over people.

    Parameters
    ----------
    n : (k,) array of int
        People with both changes.
    rho : (k,) array
        Spearman correlation; NaN for fewer than `FEWEST` people, or if one does not vary.
    p, p_fwe : (k,) array
        Two-sided p of the permutation test, by itself and over all pairs.
    n_permutations : int
        Orders used.
    exact : bool
        Whether these are all there are.
    """

    n: NDArray[np.intp]
    rho: Array
    p: Array
    p_fwe: Array
    n_permutations: int
    exact: bool


def spearman(x: Array, y: Array) -> float:
    """Return Spearman's correlation; NaN if one of them does not vary.

    Parameters
    ----------
    x, y : (n,) array
    """
    return float(_unit(rankdata(x)) @ _unit(rankdata(y))) if len(x) else np.nan


def _unit(values: Array) -> Array:
    """Centre and scale to length 1; NaN if all are the same."""
    centred = values - values.mean()
    length = np.sqrt(centred @ centred)
    scaled: Array = centred / length if length > TINY else np.full(len(values), np.nan)
    return scaled


def partial(x: Array, y: Array, held: Array) -> tuple[Array, Array]:
    """Take a third variable out of the ranks of two others.

    Parameters
    ----------
    x, y, held : (n,) array

    Returns
    -------
    x, y : (n,) array
        What is left of their ranks; the correlation of the two is the partial Spearman one.
    """
    ranks = _unit(rankdata(held))
    if np.isnan(ranks).any():
        return rankdata(x), rankdata(y)
    left = [rankdata(v) - rankdata(v).mean() for v in (x, y)]
    first, second = (v - ranks * (ranks @ v) for v in left)
    return first, second


def couple(
    x: Array, y: Array, *, n_permutations: int = 100_000, seed: int = 0, ranks: bool = True
) -> Coupling:
    """Correlate k pairs of changes over people, and test by permuting people.

    All pairs are permuted together, so that the largest ``|rho| sqrt(n - 1)`` corrects for
    their number. With few people all orders are used; otherwise random ones, and the observed
    order counts as one more.

    Parameters
    ----------
    x, y : (n, k) array
        People x pairs; NaN where a person has no value.
    n_permutations : int
        Random orders if there are too many.
    seed : int
    ranks : bool
        Whether to correlate ranks; False takes the values as they are.

    Returns
    -------
    Coupling
    """
    if x.shape != y.shape:
        raise ValueError(f"Pairs need both changes, got {x.shape} and {y.shape}.")
    present = np.isfinite(x) & np.isfinite(y)
    n = present.sum(axis=0)
    units = [_pair(x[rows, j], y[rows, j], ranks) for j, rows in enumerate(present.T)]
    rho = np.array([float(a @ b) for a, b in units])
    same = (present == present[:, :1]).all()
    people = int(n[0]) if len(n) else 0
    exact = bool(same and people <= MAX_EXACT)
    n_orders = math.factorial(people) if exact else n_permutations
    strength = np.abs(rho) * np.sqrt(np.maximum(n - 1, 0))
    least = strength * (1 - TINY) - TINY
    own, family = np.zeros((2, len(rho)))
    orders = _all_orders(people) if exact else _random_keys(len(x), n_permutations, seed)
    for block in orders:
        sizes = np.full((len(block), len(rho)), -np.inf)
        for j, (a, b) in enumerate(units):
            if np.isfinite(rho[j]):
                order = block if exact else np.argsort(block[:, present[:, j]], axis=1)
                sizes[:, j] = np.abs(b[order] @ a) * np.sqrt(n[j] - 1)
        own += (sizes >= least).sum(axis=0)
        family += (sizes.max(axis=1, initial=-np.inf)[:, None] >= least).sum(axis=0)
    extra = 0 if exact else 1
    missing = np.isnan(rho)
    p, p_fwe = (
        np.where(missing, np.nan, (count + extra) / (n_orders + extra)) for count in (own, family)
    )
    return Coupling(n=n, rho=rho, p=p, p_fwe=p_fwe, n_permutations=n_orders, exact=exact)


def _pair(x: Array, y: Array, ranks: bool) -> tuple[Array, Array]:
    if len(x) < FEWEST:
        return np.array([np.nan]), np.array([np.nan])
    return (_unit(rankdata(x)), _unit(rankdata(y))) if ranks else (_unit(x), _unit(y))


def _all_orders(n: int) -> Iterator[NDArray[np.intp]]:
    every = np.array(list(permutations(range(n))), dtype=np.intp)
    for start in range(0, len(every), BLOCK):
        yield every[start : start + BLOCK]


def _random_keys(n: int, n_permutations: int, seed: int) -> Iterator[Array]:
    """Yield random numbers whose order is a permutation, also of some of the people."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_permutations, BLOCK):
        yield rng.random((min(BLOCK, n_permutations - start), n))


def bca_interval(
    x: Array, y: Array, *, confidence: float = 0.95, n_resamples: int = 5000, seed: int = 0
) -> tuple[float, float]:
    """Give the bias-corrected and accelerated bootstrap interval of Spearman's correlation.

    Parameters
    ----------
    x, y : (n,) array
    confidence : float
    n_resamples : int
    seed : int

    Returns
    -------
    low, high : float
        NaN for fewer than `FEWEST` people, or if one does not vary.

    References
    ----------
    Efron (1987), JASA 82:171.
    """
    observed = spearman(x, y) if len(x) >= FEWEST else np.nan
    if not np.isfinite(observed):
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(x), size=(n_resamples, len(x)))
    resampled = _row_spearman(x[drawn], y[drawn])
    resampled = resampled[np.isfinite(resampled)]
    left_out = leave_one_out(x, y)
    away = np.nanmean(left_out) - left_out[np.isfinite(left_out)]
    spread = (away**2).sum() ** 1.5
    acceleration = (away**3).sum() / (6 * spread) if spread > 0 else 0.0
    share = ((resampled < observed - TINY).mean() + (resampled <= observed + TINY).mean()) / 2
    bias = special.ndtri(np.clip(share, 1 / len(resampled), 1 - 1 / len(resampled)))
    tail = special.ndtri((1 - confidence) / 2)
    ends = []
    for z in (bias + tail, bias - tail):
        shifted = special.ndtr(bias + z / max(1 - acceleration * z, TINY))
        ends.append(float(np.quantile(resampled, shifted)))
    return ends[0], ends[1]


def _row_spearman(x: Array, y: Array) -> Array:
    """Correlate the ranks of each row."""
    a, b = (rankdata(v, axis=1) for v in (x, y))
    a, b = (v - v.mean(axis=1, keepdims=True) for v in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        rho: Array = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return rho


def leave_one_out(x: Array, y: Array) -> Array:
    """Return Spearman's correlation without each person in turn, (n,)."""
    everybody = np.arange(len(x))
    return np.array([spearman(x[everybody != i], y[everybody != i]) for i in everybody])


def across_regions(x: Array, y: Array, usable: Sequence[int] | None = None) -> Array:
    """Correlate two maps of changes within each person.

    Parameters
    ----------
    x, y : (n, R) array
        People x regions; NaN where there is no value.
    usable : sequence of int, optional
        Regions to use; all if not given.

    Returns
    -------
    (n,) array
        Fisher z of Spearman's correlation; NaN for a person with fewer than ten regions.
    """
    z = np.full(len(x), np.nan)
    columns = slice(None) if usable is None else np.asarray(usable, dtype=np.intp)
    for i, (first, second) in enumerate(zip(x[:, columns], y[:, columns], strict=True)):
        both = np.isfinite(first) & np.isfinite(second)
        if both.sum() >= 10:
            z[i] = np.arctanh(np.clip(spearman(first[both], second[both]), -0.999999, 0.999999))
    return z


STATISTIC = Statistic(
    name="coupling",
    formula=r"\rho = r(\operatorname{rank} \Delta x, \, \operatorname{rank} \Delta y)",
    high="near 1: who changes more in one changes more in the other",
    low="near 0: the changes have nothing to do with each other; near -1: they are opposed",
    methods=(
        "Changes of two modalities were correlated over people by Spearman's coefficient and "
        f"tested by permuting people (all orders for up to {MAX_EXACT}), with family-wise "
        "correction over the pairs by the largest coefficient, intervals by the bias-corrected "
        "and accelerated bootstrap. Over regions, the two maps of change were correlated within "
        "each person, and Fisher's z tested over people by sign flips."
    ),
    cite=("Efron1987", "Nichols2002"),
    caveat=(
        "With eleven people only correlations beyond .6 can be significant, and what is found "
        "significant is too large."
    ),
)
