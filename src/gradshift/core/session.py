"""One session as the measures see it: regions, series, correlations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradshift.core.connectivity import correlate, fisher_z
from gradshift.core.regions import Regions


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one session and task gives the measures, for one atlas and one recipe.

    Parameters
    ----------
    regions : Regions
        R regions.
    series : (T, R) array
        Denoised series of the retained volumes; runs follow each other. A region that must
        not be used (low coverage, constant) is NaN throughout.
    volumes : (T,) array of int
        Index of each retained volume within its own run: a step of one means adjacent.
    run_of : (T,) array of int
        The run each retained volume came from.
    tr : float
        Repetition time in seconds.
    matrix : (R, R) array
        The connectivity matrix (Pearson r unless another estimator was asked for); rows and
        columns of unusable regions are NaN, the diagonal of the others is 1.
    n_common : int
        Number of retained volumes that every session of the person has: measures that
        depend on length use the first `n_common` only.
    maps : mapping of str to (R,) array
        Region means of voxel maps, by the name of the map.
    """

    regions: Regions
    series: NDArray[np.float64]
    volumes: NDArray[np.intp]
    run_of: NDArray[np.intp]
    tr: float
    matrix: NDArray[np.float64]
    n_common: int
    maps: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """(R,) True for regions with a value in the matrix."""
        return np.isfinite(np.diagonal(self.matrix))

    @cached_property
    def z(self) -> NDArray[np.float64]:
        """(R, R) Fisher z of the matrix; NaN on the diagonal and for unusable regions."""
        return fisher_z(self.matrix)

    @cached_property
    def matrix_common(self) -> NDArray[np.float64]:
        """(R, R) Pearson r of the first `n_common` retained volumes."""
        return correlate(self.series[: self.n_common])
