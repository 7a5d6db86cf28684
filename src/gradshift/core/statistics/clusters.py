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

from gradshift.core.resampling import Project, Scheme, Workers, share, t_of_s
from gradshift.core.statistics import Statistic

EXTENT, HEIGHT = 0.5, 2.0
"""Exponents for maps: of the number of voxels of a cluster, and of its threshold."""

STEPS = 100
"""Thresholds, evenly spaced up to the largest |t|."""

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""

BLOCK = 16
"""Rearrangements whose maps are held at once."""


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
    blocks = scheme.each_block(work, workers, at_most=BLOCK)
    largest = np.concatenate(list(blocks))
    t = t_of_s(scheme.observed, scheme.df)
    scores = enhance(t, joined)
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
    return np.array([enhance(t, pairs).max(initial=0.0) for t in maps])


def enhance(t: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Enhance one map.

    From the highest threshold down, voxels and pairs join the clusters that are there: each
    pair is looked at once, and a cluster is one node of the graph of those that may merge.

    Parameters
    ----------
    t : (m,) array
    pairs : (2, P) array of int
        Neighbours.

    Returns
    -------
    (m,) array
        ``sum over h <= |t| of extent_h^E h^H dh``, without sign.
    """
    step = min(np.abs(t).max(initial=0.0), HIGHEST) / STEPS
    if step == 0:
        return np.zeros(len(t))
    level = np.minimum(np.abs(t) / step + 1e-9, STEPS).astype(np.int16)
    voxels, first_voxel = _from_the_top(level)
    rank = np.empty(len(t), dtype=np.int32)
    rank[voxels] = np.arange(len(t))
    one, other = pairs[:, (t > 0)[pairs[0]] == (t > 0)[pairs[1]]]
    links, first_link = _from_the_top(np.minimum(level[one], level[other]))
    ends = rank[np.stack([one, other])[:, links]]

    cluster = np.zeros(len(t), dtype=np.int32)
    scores = np.zeros(len(t))
    size: NDArray[np.float64] = np.zeros(0)
    for height in range(STEPS, 0, -1):
        there, now = first_voxel[height], first_voxel[height - 1]
        total = len(size) + now - there
        cluster[there:now] = np.arange(len(size), total)
        joined = cluster[ends[:, first_link[height] : first_link[height - 1]]]
        graph = sparse.coo_array((np.ones(joined.shape[1]), tuple(joined)), (total, total))
        n_clusters, merged = connected_components(graph, directed=False)
        voxels_of = np.append(size, np.ones(now - there))
        size = np.bincount(merged, voxels_of, n_clusters).astype(np.float64)
        cluster[:now] = merged[cluster[:now]]
        gain = size**EXTENT * (height * step) ** HEIGHT * step
        scores[:now] += gain[cluster[:now]]
    found = np.empty(len(t))
    found[voxels] = scores
    return found


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
