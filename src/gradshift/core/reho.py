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
    if neighbours not in NEIGHBOURS:
        raise ValueError(f"neighbours must be one of {NEIGHBOURS}, got {neighbours}.")
    n_volumes, n_voxels = series.shape
    if (n_mask := int(mask.sum())) != n_voxels:
        raise ValueError(f"The mask has {n_mask} voxels, the series have {n_voxels}.")
    if n_volumes < 2:
        raise ValueError(f"ReHo needs at least 2 volumes, got {n_volumes}.")
    box = tuple(slice(hit.min(), hit.max() + 1) for hit in mask.nonzero())
    inside = np.flatnonzero(mask[box])
    volume = np.zeros(mask[box].shape, dtype=np.float32)

    def around(row: NDArray[Any]) -> NDArray[np.float64]:
        volume.ravel()[inside] = row
        return np.asarray(_sum_around(volume, neighbours).ravel()[inside], dtype=np.float64)

    ranks, there = _doubled_ranks(series)
    count = around(there.astype(np.float32))
    count[~there | (count <= neighbours // 2)] = np.nan
    spread = np.zeros(n_voxels)
    for row in ranks:
        spread += around(row) ** 2
    return np.asarray(3 * spread / (count**2 * (float(n_volumes) ** 3 - n_volumes)))


def _doubled_ranks(
    series: NDArray[np.floating],
) -> tuple[NDArray[np.signedinteger], NDArray[np.bool_]]:
    """Rank each column, twice the distance to the mean rank: whole numbers, also with ties.

    Two bytes each, since there is one for every voxel and volume. Columns that are constant
    or not finite are zero, and False in the second array.
    """
    n_volumes, n_voxels = series.shape
    ranks = np.empty((n_volumes, n_voxels), dtype=np.int16 if n_volumes < 2**14 else np.int32)
    there = np.empty(n_voxels, dtype=bool)
    for start in range(0, n_voxels, BLOCK):
        block = slice(start, start + BLOCK)
        ranked = _rank_rows(series[:, block].T)
        there[block] = np.isfinite(ranked[:, 0])
        ranked[~there[block]] = (n_volumes + 1) / 2
        ranks[:, block] = (2 * ranked - (n_volumes + 1)).T
    return ranks, there


def _rank_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rank within each row from 1; ties have their average."""
    rows = np.ascontiguousarray(rows)
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    ranks = np.empty(rows.shape, dtype=np.float32)
    steps = np.arange(1, rows.shape[1] + 1, dtype=np.float32)
    np.put_along_axis(ranks, order, np.broadcast_to(steps, rows.shape), axis=1)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if tied.any():
        ranks[tied] = rankdata(rows[tied], axis=1)
    unusable = ~np.isfinite(rows).all(axis=1) | (ordered[:, 0] == ordered[:, -1])
    ranks[unusable] = np.nan
    return ranks


def _sum_around(volume: NDArray[np.float32], neighbours: int) -> NDArray[np.float32]:
    """Sum over the neighbourhood of each voxel, zero beyond the edges."""
    if neighbours == 27:
        return _sum_along(_sum_along(_sum_along(volume, 0), 1), 2)
    lines = [_sum_along(volume, axis) for axis in range(3)]
    if neighbours == 7:
        return lines[0] + lines[1] + lines[2] - 2 * volume
    # Three planes; their crossings, the lines, counted twice, and the centre thrice.
    planes = [_sum_along(lines[axis], (axis + 1) % 3) for axis in range(3)]
    return sum(planes[1:], planes[0]) - sum(lines[1:], lines[0]) + volume


def _sum_along(volume: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Sum each voxel and its two neighbours along one axis."""
    total = volume.copy()
    ahead = [slice(None)] * 3
    behind = [slice(None)] * 3
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    total[tuple(behind)] += volume[tuple(ahead)]
    total[tuple(ahead)] += volume[tuple(behind)]
    return total
