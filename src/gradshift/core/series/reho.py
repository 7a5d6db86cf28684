"""How alike the signals of neighbouring voxels are: regional homogeneity (ReHo)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

NEIGHBOURS = (7, 19, 27)
"""Sizes of a neighbourhood, the voxel itself among them: faces, edges, corners."""

BLOCK = 1024
"""Voxels ranked at once, which bounds the memory used."""


def reho(
    series: NDArray[np.floating], mask: NDArray[np.bool_], neighbours: int = 27
) -> NDArray[np.float64]:
    """Compute Kendall's W of each voxel and its neighbours.

    Parameters
    ----------
    series : (T, V) array
        Denoised, band-passed, unsmoothed; one column per voxel of the mask, in the order of
        ``numpy.nonzero(mask)``.
    mask : (X, Y, Z) array of bool
        With V voxels. Voxels outside, and those whose series is constant or has missing
        values, are no neighbours.
    neighbours : {27, 19, 7}
        Size of the neighbourhood.

    Returns
    -------
    (V,) array
        Near 1: neighbours rise and fall together; near one over their number: they have
        nothing in common. NaN for voxels that are no neighbours themselves, or with fewer
        than 14 of 27 (10 of 19, 4 of 7) in their neighbourhood.

    Raises
    ------
    ValueError
        If sizes do not fit.

    References
    ----------
    Zang et al. (2004), NeuroImage 22:394. Ties have average ranks, without a correction.
    """
    ranks = np.empty(series.shape, rank_type(len(series)))
    for start in range(0, series.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        ranks[:, block] = doubled_ranks(series[:, block])
    return concordance(ranks, mask, neighbours)


def rank_type(n_volumes: int) -> type[np.signedinteger]:
    """Return the smallest type that holds doubled ranks: there is one per voxel and volume."""
    return np.int16 if n_volumes < 2**15 else np.int32


def doubled_ranks(series: NDArray[np.floating]) -> NDArray[np.signedinteger]:
    """Rank each column: twice the distance to the mean rank, a whole number also with ties.

    Parameters
    ----------
    series : (T, V) array

    Returns
    -------
    (T, V) array
        Zero for columns that are constant or not finite.
    """
    n_volumes, n_voxels = series.shape
    order, tied = _order(series)
    doubled = np.empty((n_voxels, n_volumes), rank_type(n_volumes))
    first = n_volumes * np.arange(n_voxels)[:, None]
    doubled.ravel()[order + first] = 2 * np.arange(1, n_volumes + 1) - (n_volumes + 1)
    if tied.any():
        doubled[tied] = 2 * rankdata(series[:, tied], axis=0).T - (n_volumes + 1)
    doubled[~np.isfinite(series).all(axis=0)] = 0
    return doubled.T


def _order(series: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the (V, T) order of each column, and which columns have ties.

    Sorting whole numbers is several times faster than sorting positions. So the bits of each
    value, in single precision and turned such that they rise with it, and its position become
    one number.
    """
    with np.errstate(over="ignore"):
        single = series.T.astype(np.float32, order="C")
    single += np.float32(0)  # there is but one zero
    bits = single.view(np.int32)
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    both = bits.astype(np.int64)
    both <<= 32
    both |= np.arange(len(series))
    both.sort(axis=1)
    ordered = both >> 32
    both &= 0xFFFFFFFF
    return both, (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)


def concordance(
    ranks: NDArray[np.signedinteger], mask: NDArray[np.bool_], neighbours: int = 27
) -> NDArray[np.float64]:
    """Compute Kendall's W of each voxel and its neighbours from `doubled_ranks`.

    Parameters, result and errors are those of `reho`.
    """
    n_volumes, n_voxels = ranks.shape
    if neighbours not in NEIGHBOURS:
        raise ValueError(f"neighbours must be one of {NEIGHBOURS}, got {neighbours}.")
    if (n_mask := int(mask.sum())) != n_voxels:
        raise ValueError(f"The mask has {n_mask} voxels, the series have {n_voxels}.")
    if n_volumes < 2:
        raise ValueError(f"ReHo needs at least 2 volumes, got {n_volumes}.")
    box = tuple(slice(hit.min(), hit.max() + 1) for hit in mask.nonzero())
    inside = np.flatnonzero(mask[box])
    # Sums of whole numbers are exact in both, and four times as fast in the shorter one.
    exact = np.int16 if max(NEIGHBOURS) * n_volumes < 2**15 else np.float32
    volume = np.zeros(mask[box].shape, dtype=exact)

    def around(row: Any) -> NDArray[np.float64]:
        volume.ravel()[inside] = row
        return np.asarray(_sum_around(volume, neighbours).ravel()[inside], dtype=np.float64)

    # Of different values the first and the last rank differ from the mean rank.
    there = ranks.any(axis=0)
    count = around(there)
    count[~there | (count <= neighbours // 2)] = np.nan
    spread = np.zeros(n_voxels)
    for row in ranks:
        spread += around(row) ** 2
    return np.asarray(3 * spread / (count**2 * (float(n_volumes) ** 3 - n_volumes)))


def _sum_around(volume: NDArray[Any], neighbours: int) -> NDArray[Any]:
    """Sum over the neighbourhood of each voxel, zero beyond the edges."""
    if neighbours == 27:
        return _sum_along(_sum_along(_sum_along(volume, 0), 1), 2)
    lines = [_sum_along(volume, axis) for axis in range(3)]
    if neighbours == 7:
        return np.asarray(lines[0] + lines[1] + lines[2] - 2 * volume)
    # Three planes; their crossings, the lines, counted twice, and the centre thrice.
    planes = [_sum_along(lines[axis], (axis + 1) % 3) for axis in range(3)]
    total: NDArray[Any] = sum(planes[1:], planes[0]) - sum(lines[1:], lines[0]) + volume
    return total


def _sum_along(volume: NDArray[Any], axis: int) -> NDArray[Any]:
    """Sum each voxel and its two neighbours along one axis."""
    total = volume.copy()
    ahead = [slice(None)] * 3
    behind = [slice(None)] * 3
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    total[tuple(behind)] += volume[tuple(ahead)]
    total[tuple(ahead)] += volume[tuple(behind)]
    return total
