"""Test voxels with the support of their neighbours (threshold-free cluster enhancement).

A voxel counts the more, the higher its |t| and the larger the cluster it belongs to, summed over
all thresholds up to its own |t|: none has to be chosen. Increases and decreases are apart.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from gradshift.core.inference.resampling import Project, Scheme, Workers, share, t_of_s
from gradshift.core.inference.statistic import Statistic

EXTENT, HEIGHT = 0.5, 2.0
"""Exponents for maps: of the number of voxels of a cluster, and of its threshold."""

STEPS = 100
"""Thresholds, evenly spaced up to the largest |t|."""

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""

VOXELS = 200_000
"""Voxels of maps that are enhanced together: small maps share the cost of each threshold."""


@dataclass(frozen=True, kw_only=True)
class ClusterStatistic:
    """TFCE of m voxels.

    Parameters
    ----------
    tfce : (m,) array
        Enhanced t, with the sign of t; 0 where not tested.
    p_fwe : (m,) array
        Two-sided, corrected for all voxels (largest value); NaN where not tested.
    n_permutations : int
        Rearrangements.
    exact : bool
        Whether these are all.
    """

    tfce: NDArray[np.float64]
    p_fwe: NDArray[np.float64]
    n_permutations: int
    exact: bool


def neighbours(places: NDArray[np.intp], shape: tuple[int, int, int]) -> NDArray[np.intp]:
    """List the pairs of voxels that share a face.

    Parameters
    ----------
    places : (m,) array of int
        Places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.

    Returns
    -------
    (2, P) array of int
        Positions in `places`.
    """
    position = np.full(shape, -1, dtype=np.intp, order="F")
    position.ravel(order="K")[places] = np.arange(len(places))
    pairs = []
    for axis in range(3):
        along = np.moveaxis(position, axis, 0)
        pair = np.stack([along[:-1].ravel(), along[1:].ravel()])
        pairs.append(pair[:, (pair >= 0).all(axis=0)])
    return np.concatenate(pairs, axis=1)


def cluster_statistic(
    scheme: Scheme, pairs: NDArray[np.intp], *, workers: Workers = map
) -> ClusterStatistic:
    """Test voxels with the support of their neighbours.

    Parameters
    ----------
    scheme : Scheme
        Its m columns are the voxels.
    pairs : (2, P) array of int
        Columns that are neighbours, see `neighbours`.
    workers : callable
        Where the maps of the rearrangements are enhanced.

    References
    ----------
    Smith and Nichols (2009), NeuroImage 44:83.
    """
    columns = scheme.columns
    position = np.full(len(scheme.n), -1, dtype=np.intp)
    position[columns] = np.arange(len(columns))
    joined = position[pairs]
    joined = joined[:, (joined >= 0).all(axis=0)]
    work = partial(_largest, df=scheme.df, pairs=joined)
    at_once = max(1, VOXELS // max(1, len(columns)))
    largest = np.concatenate(list(scheme.each_block(work, workers, at_most=at_once)))
    t = t_of_s(scheme.observed, scheme.df)
    scores = enhance(t[None], joined)[0]
    tfce, p_fwe = np.zeros(len(scheme.n)), np.full(len(scheme.n), np.nan)
    tfce[columns] = np.sign(t) * scores
    p_fwe[columns] = share(largest, scores, scheme.extra)
    return ClusterStatistic(
        tfce=tfce, p_fwe=p_fwe, n_permutations=scheme.n_permutations, exact=scheme.exact
    )


def _largest(
    project: Project, block: NDArray[Any], *, df: NDArray[np.intp], pairs: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the largest enhanced |t| of each pattern of a block."""
    maps = t_of_s(project(block, slice(None)), df)
    highest: NDArray[np.float64] = enhance(maps, pairs).max(axis=1, initial=0.0)
    return highest


def enhance(maps: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Enhance maps, all of them as one graph of separate parts.

    From the highest threshold down, voxels and pairs join the clusters that are there: each
    pair is looked at once, and a cluster is one node of the graph of those that may merge.

    Parameters
    ----------
    maps : (b, m) array
        Values of t.
    pairs : (2, P) array of int
        Neighbours.

    Returns
    -------
    (b, m) array
        ``sum over h <= |t| of extent_h^E h^H dh``, without sign.
    """
    size = np.abs(maps)
    step = np.minimum(size.max(axis=1, initial=0.0, keepdims=True), HIGHEST) / STEPS
    share = size / np.where(step > 0, step, np.inf)
    level = np.minimum(share + 1e-9, STEPS).astype(np.int16).ravel()
    up = (maps > 0).ravel()
    one, other = (pairs[:, None] + maps.shape[1] * np.arange(len(maps))[:, None]).reshape(2, -1)
    same = up[one] == up[other]
    one, other = one[same], other[same]
    voxels, first_voxel = _from_the_top(level)
    rank = np.empty(len(level), dtype=np.int32)
    rank[voxels] = np.arange(len(level))
    links, first_link = _from_the_top(np.minimum(level[one], level[other]))
    ends = rank[np.stack([one, other])[:, links]]

    cluster = np.zeros(len(level), dtype=np.int32)
    scores = np.zeros(len(level))
    extent: NDArray[np.float64] = np.zeros(0)
    for height in range(STEPS, 0, -1):
        there, now = first_voxel[height], first_voxel[height - 1]
        total = len(extent) + now - there
        cluster[there:now] = np.arange(len(extent), total)
        joined = cluster[ends[:, first_link[height] : first_link[height - 1]]]
        graph = sparse.coo_array((np.ones(joined.shape[1]), tuple(joined)), (total, total))
        n_clusters, merged = connected_components(graph, directed=False)
        voxels_of = np.append(extent, np.ones(now - there))
        extent = np.bincount(merged, voxels_of, n_clusters).astype(np.float64)
        cluster[:now] = merged[cluster[:now]]
        scores[:now] += (extent**EXTENT * height**HEIGHT)[cluster[:now]]
    found = np.empty(len(level))
    found[voxels] = scores
    enhanced: NDArray[np.float64] = found.reshape(maps.shape) * step ** (HEIGHT + 1)
    return enhanced


def _from_the_top(level: NDArray[np.int16]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Sort things by level, the highest first.

    Returns
    -------
    order : array of int
    first : (STEPS + 1,) array of int
        How many have a level above 0, 1, ...; they come first in the order.
    """
    counts = np.bincount(level, minlength=STEPS + 1)
    first = len(level) - counts.cumsum()
    return np.argsort(-level, kind="stable"), first


STATISTIC = Statistic(
    name="clusters",
    formula=r"\mathrm{TFCE}_v = \sum_{h \le |t_v|} \mathrm{extent}_h^{E} \, h^{H} \, \mathrm{d}h",
    high="p near 1: values as large come about by chance",
    low="p near 0: hardly a rearrangement gives a value as large anywhere",
    methods=(
        "Maps were enhanced by the support of neighbouring voxels (TFCE, voxels that share a "
        f"face, E = {EXTENT:g}, H = {HEIGHT:g}, {STEPS} thresholds up to the largest |t|), and "
        "tested against the largest value under the rearrangements of the test."
    ),
    cite=("Smith2009",),
    caveat="A significant voxel says that there is a change near it, not at it.",
)
