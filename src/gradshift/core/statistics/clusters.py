"""Test voxels with the support of their neighbours (threshold-free cluster enhancement).

A voxel counts the more, the higher its |t| and the larger the cluster it belongs to, summed over
all thresholds up to its own |t|: none has to be chosen. Increases and decreases are apart.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Project, Scheme, Workers, share
from gradshift.core.inference.statistic import Statistic
from gradshift.core.inference.tails import t_of_s

HEIGHT = 2.0
"""Exponent for maps of the threshold; that of the number of voxels of a cluster is 0.5."""

VOXELS = 200_000
"""Voxels of maps that are computed together."""


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


def cluster_statistic(
    scheme: Scheme, pairs: NDArray[np.intp], *, workers: Workers = map
) -> ClusterStatistic:
    """Test voxels with the support of their neighbours.

    Parameters
    ----------
    scheme : Scheme
        Its m columns are the voxels.
    pairs : (2, P) array of int
        Columns that are neighbours; rising numbers in the first row are read fastest.
    workers : callable
        Where the maps of the rearrangements are enhanced.

    References
    ----------
    Smith and Nichols (2009), NeuroImage 44:83.
    """
    from gradshift.core.enhancement import voxel_scores

    columns = scheme.columns
    position = np.full(len(scheme.n), -1, dtype=np.intp)
    position[columns] = np.arange(len(columns))
    joined = position[pairs]
    inside = (joined >= 0).all(axis=0)
    among: NDArray[np.int32] = joined[:, inside].astype(np.int32, order="C")
    work = partial(_largest, df=scheme.df, pairs=among)
    at_once = max(1, VOXELS // max(1, len(columns)))
    largest = np.concatenate(list(scheme.each_block(work, workers, at_most=at_once)))
    t = t_of_s(scheme.observed, scheme.df)
    scores = voxel_scores(t, among, HEIGHT)
    tfce, p_fwe = np.zeros(len(scheme.n)), np.full(len(scheme.n), np.nan)
    tfce[columns] = np.sign(t) * scores
    p_fwe[columns] = share(largest, scores, scheme.extra)
    return ClusterStatistic(
        tfce=tfce, p_fwe=p_fwe, n_permutations=scheme.n_permutations, exact=scheme.exact
    )


def _largest(
    project: Project, block: NDArray[Any], *, df: NDArray[np.intp], pairs: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the largest enhanced |t| of each pattern of a block."""
    from gradshift.core.enhancement import voxel_scores

    maps = t_of_s(project(block, slice(None)), df)
    return np.array([voxel_scores(t, pairs, HEIGHT).max(initial=0.0) for t in maps])


STATISTIC = Statistic(
    name="clusters",
    formula=r"\mathrm{TFCE}_v = \sum_{h \le |t_v|} \mathrm{extent}_h^{E} \, h^{H} \, \mathrm{d}h",
    high="p near 1: values as large come about by chance",
    low="p near 0: hardly a rearrangement gives a value as large anywhere",
    methods=(
        "Maps were enhanced by the support of neighbouring voxels (TFCE, voxels that share a "
        f"face, E = 0.5, H = {HEIGHT:g}, 100 thresholds up to the largest |t|), and "
        "tested against the largest value under the rearrangements of the test."
    ),
    cite=("Smith2009",),
    caveat="A significant voxel says that there is a change near it, not at it.",
)
