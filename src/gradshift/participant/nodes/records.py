"""The records that the steps of BOLD runs hand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.outputs import Sidecar
from gradshift.core.series.freedom import Freedom
from gradshift.core.series.parcellate import RegionMeans
from gradshift.core.series.series import RegionSeries

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class AtlasRecord:
    """The regions of an atlas as the steps read them.

    Parameters
    ----------
    name : str
    entities : mapping of str to str
        Of file names.
    regions : dict
        See `gradshift.bids.outputs.plain_regions`.
    reference : (R, K) array, optional
        Its reference gradients, where it ships some.
    table : str
        Digest of its label table; empty for regions that have names only.
    images : mapping of str to str
        Digest of its image, by space.
    """

    name: str
    entities: Mapping[str, str]
    regions: Sidecar
    reference: Array | None = None
    table: str = ""
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LabelsRecord:
    """The (V,) labels of an atlas on a grid, x fastest."""

    labels: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Bands:
    """The parts that the voxels of a carpet are put in.

    Parameters
    ----------
    names : tuple of str
        In words, from top to bottom.
    of : (S,) array of int
        Position of the part of every voxel.
    remark : str
        Why they are not tissues although there is a segmentation.
    """

    names: tuple[str, ...]
    of: NDArray[np.intp]
    remark: str = ""

    @classmethod
    def of_atlas(cls, inside: NDArray[np.bool_], remark: str = "") -> "Bands":
        """Put voxels in a region of the atlas above the others."""
        names = ("cortex (regions of the atlas)", "rest of the brain")
        return cls(names=names, of=np.where(inside, 0, 1), remark=remark)

    @classmethod
    def of_tissues(cls, labels: NDArray[np.int32], tissues: Mapping[int, str]) -> "Bands":
        """Put voxels in the tissue that their label stands for, others in a part of their own."""
        names = (*dict.fromkeys(tissues.values()), "no tissue")
        place = {label: names.index(name) for label, name in tissues.items()}
        of = np.array([place.get(int(label), len(names) - 1) for label in labels], dtype=np.intp)
        return cls(names=names, of=of)


@dataclass(frozen=True, kw_only=True)
class ParcellatedRun:
    """What the one read of an image of T volumes gives.

    Parameters
    ----------
    atlases : tuple of RegionMeans
    carpet : (T, S) array
        A sample of voxels.
    bands : Bands
        What the voxels of the sample are.
    bad_volumes : array of int
    places : (M,) array of int
        Voxels of the mask on the grid, x fastest.
    run_mask : (M,) array of bool
        Which of them have a signal.
    tsnr : float
    """

    atlases: tuple[RegionMeans, ...]
    carpet: NDArray[np.float32]
    bands: Bands
    bad_volumes: NDArray[np.intp]
    places: NDArray[np.intp]
    run_mask: NDArray[np.bool_]
    tsnr: float


@dataclass(frozen=True, kw_only=True)
class RegionQuality:
    """How well the R regions of an atlas were measured in one run.

    Parameters
    ----------
    coverage : (R,) array
    reasons : mapping of str to str
        Regions without a value, and why.
    n_voxels : (R,) array of int, optional
    tsnr : (R,) array, optional
        These two are known where voxels were read here.
    """

    coverage: Array
    reasons: Mapping[str, str]
    n_voxels: NDArray[np.intp] | None = None
    tsnr: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Carpet:
    """A sample of voxels in standard deviations, (T, S): as read, and cleaned; what they are."""

    raw: Array
    cleaned: Array
    bands: Bands


@dataclass(frozen=True, kw_only=True)
class CleanedRun:
    """One run cleaned by one recipe.

    Parameters
    ----------
    series : tuple of RegionSeries
        One per atlas.
    kept : (T,) array of bool
    censored : (T, C) array of bool
        Volumes left out, by reason.
    censored_for : tuple of str, length C
    regressors : (T, K) array
    regressor_names : tuple of str, length K
    warnings : tuple of str
    freedom : Freedom, optional
        What cleaning leaves of it; whether that is enough is asked of the session. None where
        another program cleaned.
    matrices : tuple of (R, R) array
        One per atlas, of a source that has no series.
    physiology : mapping of str to float
        Breaths and heartbeats per minute, as far as they are known.
    """

    series: tuple[RegionSeries, ...]
    kept: NDArray[np.bool_]
    censored: NDArray[np.bool_]
    censored_for: tuple[str, ...]
    regressors: Array
    regressor_names: tuple[str, ...]
    warnings: tuple[str, ...]
    freedom: Freedom | None = None
    matrices: tuple[Array, ...] = ()
    physiology: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DenoisedRun:
    """One run with every recipe: all that later steps need of it.

    Parameters
    ----------
    fd, dvars : (T,) array
        NaN where not known.
    quality : tuple of RegionQuality
        One per atlas; empty for series that came without voxels.
    cleaned : mapping of str to CleanedRun
        By recipe.
    failures : mapping of str to str
        Recipes that cannot be used, and why.
    carpet : Carpet, optional
        With the primary recipe.
    unfiltered_fd : (T,) array, optional
        Displacement before the motion parameters were filtered; None where they were not.
    """

    fd: Array
    dvars: Array
    quality: tuple[RegionQuality, ...] = ()
    cleaned: Mapping[str, CleanedRun] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    carpet: Carpet | None = None
    unfiltered_fd: Array | None = None
