"""One session as the measures see it: regions, series, correlations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.common import Common
from gradshift.core.cortex.gradients import Gradients, session_gradients
from gradshift.core.cortex.graph import Graph, positive_weights
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions
from gradshift.core.series.connectivity import correlate, fisher_z
from gradshift.core.series.direction import Direction, direction
from gradshift.core.series.series import Gives, RegionSeries


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
        Number of retained volumes in the time that every session of the person has: measures
        that depend on length use the first `n_common` only.
    same_tr : bool
        Whether all sessions of the person have one repetition time.
    maps : mapping of str to (R,) array
        Region means of voxel maps, by the name of the map.
    missing_maps : mapping of str to str
        Why a map is missing.
    reference : (R, K) array, optional
        Reference gradients, the principal one first; NaN for regions they do not have.
    centre : (R, R) array, optional
        Geometric mean of the covariances of all sessions compared; NaN for regions it lacks. Only
        the group level has it.
    dropout : (R,) array of bool, optional
        Regions whose signal dropped out in any session of the person, left out of the
        gradients. If not given they are looked for in this session.
    options : Options
        Choices for the measures.
    gives : {'matrix', 'series', 'vertices', 'voxels'}
        What the source has; of matrices alone the series have no volume.
    """

    regions: Regions
    series: NDArray[np.float64]
    volumes: NDArray[np.intp]
    run_of: NDArray[np.intp]
    tr: float
    matrix: NDArray[np.float64]
    n_common: int
    maps: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    missing_maps: Mapping[str, str] = field(default_factory=dict)
    reference: NDArray[np.float64] | None = None
    centre: NDArray[np.float64] | None = None
    dropout: NDArray[np.bool_] | None = None
    options: Options = field(default_factory=Options)
    same_tr: bool = True
    gives: Gives = "voxels"

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
        """(R, R) Pearson r of the first `n_common` retained volumes.

        Of a source without series the matrix itself.
        """
        if self.gives == "matrix":
            return self.matrix
        return correlate(self.series[: self.n_common])

    @cached_property
    def gradients(self) -> Gradients | None:
        """Gradients of `matrix_common`; none without a reference.

        Raises
        ------
        InputError
            If they cannot be computed; the message says why.
        """
        if self.reference is None:
            return None
        return session_gradients(
            self.matrix_common, self.regions, self.reference, self.options, self.dropout
        )

    @cached_property
    def nodes(self) -> NDArray[np.bool_]:
        """(R,) True for regions that are nodes of the graph: usable and of a network."""
        return self.regions.cortical & np.isfinite(np.diagonal(self.matrix_common))

    @cached_property
    def graph(self) -> Graph:
        """Graph of the positive Fisher z of `matrix_common`, without a threshold."""
        nodes = self.nodes
        z = fisher_z(self.matrix_common[np.ix_(nodes, nodes)])
        return Graph(weights=positive_weights(z), modules=self.regions.network_index[nodes])

    @cached_property
    def thresholded(self) -> tuple[Graph, ...]:
        """The graph at each density of the options."""
        return tuple(self.graph.threshold(density) for density in self.options.densities)

    @cached_property
    def direction(self) -> Direction:
        """Who leads among the `nodes`, in the first `n_common` volumes.

        Raises
        ------
        InputError
            If there are too few pairs of adjacent volumes.
        """
        first = slice(self.n_common)
        return direction(
            self.series[first, self.nodes],
            self.volumes[first],
            self.run_of[first],
        )


@dataclass(frozen=True)
class RegionMaps:
    """Means of voxel maps over regions.

    Parameters
    ----------
    means : mapping of str to (R,) array
        By the name of the map.
    missing : mapping of str to str
        Why a map could not be made.
    """

    means: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


def build_session(
    series: RegionSeries,
    matrix: NDArray[np.float64],
    regions: Regions,
    common: Common,
    options: Options,
    *,
    reference: NDArray[np.float64] | None = None,
    maps: RegionMaps | None = None,
    gives: Gives = "voxels",
) -> Session:
    """Build what the measures see, without the regions that are left out.

    Parameters
    ----------
    series : RegionSeries
    matrix : (R, R) array
        Connectivity of the regions.
    regions : Regions
    common : Common
    options : Options
    reference : (R, K) array, optional
        Reference gradients.
    maps : RegionMaps, optional
    gives : {'matrix', 'series', 'vertices', 'voxels'}
        What the source has.
    """
    left_out = np.isin(regions.names, list(common.reasons))
    values, matrix = series.series.copy(), matrix.copy()
    values[:, left_out] = matrix[left_out] = matrix[:, left_out] = np.nan
    maps = maps or RegionMaps()
    return Session(
        regions=regions,
        series=values,
        volumes=series.volumes,
        run_of=series.run_of,
        tr=series.tr,
        matrix=matrix,
        n_common=common.n_volumes(series.tr),
        same_tr=common.same_tr,
        maps={name: np.where(left_out, np.nan, means) for name, means in maps.means.items()},
        missing_maps=maps.missing,
        reference=reference,
        dropout=None if common.dropout is None else np.isin(regions.names, common.dropout),
        options=options,
        gives=gives,
    )
