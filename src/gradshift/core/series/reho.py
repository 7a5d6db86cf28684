"""How alike the signals of neighbouring voxels are: regional homogeneity (ReHo)."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import rankdata

NEIGHBOURS = 27
"""Voxels of a neighbourhood, the voxel itself among them: those that share a face, an edge or a
corner with it."""

BLOCK = 128
"""Voxels ranked at once: their numbers stay in the cache of the processor."""


LITTLE = sys.byteorder == "little"
"""Whether the second half of a number of 64 bits is the higher one."""


def planes(mask: NDArray[np.bool_]) -> list[slice]:
    """Return where the voxels of each plane along the first axis are among those of a mask."""
    ends = np.count_nonzero(mask, axis=(1, 2)).cumsum()
    return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def doubled_ranks(series: NDArray[np.floating]) -> NDArray[np.signedinteger]:
    """Rank each row: twice the distance to the mean rank, a whole number also with ties.

    Parameters
    ----------
    series : (V, T) array
        One row per voxel.

    Returns
    -------
    (V, T) array
        Zero for rows that are constant or not finite.
    """
    n_volumes = series.shape[1]
    ranks = np.empty(series.shape, np.int16 if n_volumes < 2**15 else np.int32)
    both = np.empty((min(BLOCK, len(series)), n_volumes, 2), np.int32)
    firsts = n_volumes * np.arange(len(both))[:, None]
    in_order = np.tile(np.arange(1 - n_volumes, n_volumes, 2, dtype=ranks.dtype), len(both))
    for start in range(0, len(series), BLOCK):
        some = series[start : start + BLOCK]
        n = len(some)
        places, tied = _order(some, both[:n])
        block = ranks[start : start + n]
        block.reshape(-1)[(places + firsts[:n]).ravel()] = in_order[: n * n_volumes]
        if tied.any():
            block[tied] = 2 * rankdata(some[tied], axis=1) - (n_volumes + 1)
        block[~np.isfinite(some).all(axis=1)] = 0
    return ranks


def _order(
    series: NDArray[np.floating], both: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the order of each row, (V, T), and which rows have ties.

    Sorting whole numbers is several times faster than sorting positions. So the bits of each
    value, in single precision and turned such that they rise with it, and its position become
    one number; `both`, (V, T, 2), is where they are put.
    """
    place, value = (both[..., 0], both[..., 1]) if LITTLE else (both[..., 1], both[..., 0])
    with np.errstate(over="ignore"):
        single = series.astype(np.float32)
    single += np.float32(0)  # there is but one zero
    bits = single.view(np.int32)
    np.bitwise_xor(bits, (bits >> 31) & np.int32(0x7FFFFFFF), out=value)
    place[:] = np.arange(series.shape[1])
    both.view(np.int64)[..., 0].sort(axis=1)
    return place, (value[:, 1:] == value[:, :-1]).any(axis=1)


def concordance(
    ranks: Iterable[NDArray[np.signedinteger]], mask: NDArray[np.bool_], n_volumes: int
) -> NDArray[np.float64]:
    """Compute Kendall's W of each voxel and its 26 neighbours.

    Three planes of voxels are held at a time, whatever the number of volumes.

    Parameters
    ----------
    ranks : iterable of (V_x, T) arrays
        What `doubled_ranks` gives of each plane of the mask, see `planes`: of series that are
        denoised, band-passed, unsmoothed.
    mask : (X, Y, Z) array of bool
        With V voxels. Voxels outside, and those whose series is constant or has missing
        values, are no neighbours.
    n_volumes : int
        T.

    Returns
    -------
    (V,) array
        Near 1: neighbours rise and fall together; near one over their number: they have
        nothing in common. NaN for voxels that are no neighbours themselves, or with fewer
        than 14 of 27 in their neighbourhood.

    Raises
    ------
    ValueError
        If sizes do not fit.

    References
    ----------
    Zang et al. (2004), NeuroImage 22:394. Ties have average ranks, without a correction.
    """
    values = [np.zeros(0)]
    for own, sums in _sums_around(ranks, mask, n_volumes):
        values.append(_kendalls_w(sums, own & (sums[:, -1] > NEIGHBOURS // 2)))
    return np.concatenate(values)


def concordance_among(
    ranks: Iterable[NDArray[np.signedinteger]],
    pairs: NDArray[np.intp],
    full: NDArray[np.intp],
    n_volumes: int,
) -> NDArray[np.float64]:
    """Compute Kendall's W of each place and its neighbours, whatever makes them such.

    The ranks of all places are held.

    Parameters
    ----------
    ranks : iterable of (b, T) arrays
        What `doubled_ranks` gives of the V places, some at a time.
    pairs : (2, P) array of int
        Places that are neighbours, each pair once.
    full : (V,) array of int
        Places of a whole neighbourhood, the place itself among them.
    n_volumes : int
        T.

    Returns
    -------
    (V,) array
        As of `concordance`; NaN where not more than half of a neighbourhood has ranks.
    """
    every = np.concatenate([np.zeros((0, n_volumes), np.int16), *ranks])
    usable: NDArray[np.bool_] = np.asarray(every.any(axis=1))
    joined = pairs[:, usable[pairs].all(axis=0)]
    here = np.flatnonzero(usable)
    rows, columns = np.concatenate([joined, joined[::-1], [here, here]], axis=1)
    around = csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=[len(every)] * 2)
    enough = usable & (2 * around.sum(axis=1) > full)
    values = [np.zeros(0)]
    for start in range(0, len(every), BLOCK):
        block = around[start : start + BLOCK]
        near = np.unique(block.indices)
        sums = block[:, near] @ np.column_stack([every[near], usable[near]]).astype(np.int32)
        values.append(_kendalls_w(sums, enough[start : start + BLOCK]))
    return np.concatenate(values)


def _kendalls_w(sums: NDArray[Any], enough: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return W of (V, T + 1) sums of doubled ranks and their number; NaN for too few."""
    n_volumes = sums.shape[1] - 1
    if n_volumes < 2:
        raise ValueError(f"ReHo needs at least 2 volumes, got {n_volumes}.")
    count = np.where(enough, sums[:, -1], np.nan)
    # Sums of squares of whole numbers are exact in double precision.
    spread = np.einsum("vt,vt->v", sums[:, :-1], sums[:, :-1], dtype=np.float64)
    w: NDArray[np.float64] = 3 * spread / (count**2 * (float(n_volumes) ** 3 - n_volumes))
    return w


def _sums_around(
    ranks: Iterable[NDArray[np.signedinteger]], mask: NDArray[np.bool_], n_volumes: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[Any]]]:
    """Sum over the neighbourhood of each voxel, plane by plane.

    Yields
    ------
    own : (V_x,) array of bool
        Whether the voxel itself has ranks.
    sums : (V_x, T + 1) array
        Of the ranks, and the number of voxels that have some.
    """
    seen = np.argwhere(mask.any(axis=0))
    low, high = seen.min(axis=0, initial=mask.size), seen.max(axis=0, initial=-1) + 1
    inside = mask[:, slice(low[0], high[0]), slice(low[1], high[1])]
    kind = np.int16 if NEIGHBOURS * n_volumes < 2**15 else np.int32
    grid = np.zeros((*inside.shape[1:], n_volumes + 1), dtype=kind)
    sums, spare, lines = [np.zeros_like(grid) for _ in range(3)], np.empty_like(grid), grid.copy()
    usable: list[NDArray[np.bool_]] = []
    for x, plane in enumerate(chain(ranks, [np.zeros((0, n_volumes), kind)])):
        here = inside[x] if x < len(inside) else np.zeros(inside.shape[1:], dtype=bool)
        if plane.shape != (n := np.count_nonzero(here), n_volumes):
            raise ValueError(
                f"Plane {x} of the mask has {n} voxels of {n_volumes} volumes, "
                f"its ranks are {plane.shape[0]} x {plane.shape[1]}."
            )
        # Of different values the first and the last rank differ from the mean rank.
        usable.append(np.asarray(plane.any(axis=1)))
        grid[:] = 0
        grid[here] = np.column_stack([plane, usable[-1]])
        _sum_along(_sum_along(grid, 0, lines), 1, sums[x % 3])
        if x:
            np.add(sums[0], sums[1], out=spare)
            spare += sums[2]
            yield usable[x - 1], spare[inside[x - 1]]


def _sum_along(values: NDArray[Any], axis: int, total: NDArray[Any]) -> NDArray[Any]:
    """Sum each voxel and its two neighbours along one axis, zero beyond the edges."""
    ahead = (*[slice(None)] * axis, slice(1, None))
    behind = (*[slice(None)] * axis, slice(None, -1))
    total[:] = values
    total[behind] += values[ahead]
    total[ahead] += values[behind]
    return total
