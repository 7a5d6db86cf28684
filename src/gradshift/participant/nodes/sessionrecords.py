"""What the steps of a session hand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.common import Common
from gradshift.core.cortex.measure import Value
from gradshift.core.cortex.session import RegionMaps
from gradshift.core.cortex.variants import Variant
from gradshift.core.series.series import RegionSeries

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class JoinedRuns:
    """The runs of a session joined, cleaned by one recipe.

    Parameters
    ----------
    series : tuple of RegionSeries
        One per atlas.
    matrices : tuple of (R, R) array
    shrinkage : tuple of float
        Of partial correlation, one per atlas; empty for others.
    regressor_names : tuple of tuple of str
        Per run.
    degrees_of_freedom : float
    warnings : tuple of str
    physiology : mapping of str to float
        Breaths and heartbeats per minute, as far as they are known.
    """

    series: tuple[RegionSeries, ...]
    matrices: tuple[Array, ...]
    shrinkage: tuple[float, ...]
    regressor_names: tuple[tuple[str, ...], ...]
    degrees_of_freedom: float
    warnings: tuple[str, ...]
    physiology: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class JoinedSession:
    """A session and task, by recipe; or why a recipe gives nothing."""

    joined: Mapping[str, JoinedRuns]
    failures: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CommonGround:
    """What the sessions of a person have in common, by recipe, then atlas."""

    recipes: Mapping[str, tuple[Common, ...]]


@dataclass(frozen=True, kw_only=True)
class SessionMaps:
    """Voxel maps of one session, cleaned by one recipe.

    Parameters
    ----------
    places : (V,) array of int
        Places of the voxels on the grid, x fastest.
    maps : mapping of str to (V,) array
    seeds : mapping of str to (V,) array
        Seed maps, by the name of the atlas.
    regions : tuple of RegionMaps
        Means over the regions of every atlas.
    remarks : tuple of str
    """

    places: NDArray[np.intp]
    maps: Mapping[str, Array]
    seeds: Mapping[str, Array]
    regions: tuple[RegionMaps, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VoxelMaps:
    """Voxel maps of one session, by recipe."""

    recipes: Mapping[str, SessionMaps]


@dataclass(frozen=True, kw_only=True)
class MeasuredSession:
    """The values of all measures of one session, by recipe, then atlas.

    Parameters
    ----------
    values : mapping of str to tuple of tuple of Value
    variants : mapping of str to tuple of tuple of Variant
        With other choices; without recipes that cannot be used.
    """

    values: Mapping[str, tuple[tuple[Value, ...], ...]]
    variants: Mapping[str, tuple[tuple[Variant, ...], ...]]
