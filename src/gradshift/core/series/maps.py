"""Voxel maps of one session, and their means over regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gradshift.core.series.connectivity import join_runs
from gradshift.core.series.reho import concordance, doubled_ranks, rank_type
from gradshift.core.series.seeds import seed_map
from gradshift.core.series.spectra import Spectrum, over_mean, spectrum, z_scores
from gradshift.errors import InputError

MAPS = ("alff", "malff", "falff", "zfalff", "reho")
"""Maps of intrinsic activity, each the measure of the same name."""

FWHM = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a Gaussian with a standard deviation of one."""


BLOCK = 512
"""Voxels handled at once: what is computed of them stays in the cache of the processor."""


@dataclass(frozen=True, kw_only=True)
class VoxelRun:
    """The voxels of one run, and how to clean them.

    Parameters
    ----------
    voxels : (T, M) array
        Of float32; may be a memory map.
    columns : (V,) array of int
        Those to use.
    kept : (T,) array of bool
        Retained volumes, N in all.
    cleaning, filtering : (N, N) array
        From `gradshift.core.series.denoise.cleaning_operator`, without and with the filter.
    """

    voxels: NDArray[np.float32]
    columns: NDArray[np.intp]
    kept: NDArray[np.bool_]
    cleaning: NDArray[np.float64]
    filtering: NDArray[np.float64]

    def read(self, block: slice) -> NDArray[np.float32]:
        """Return the retained volumes of some voxels, (N, b), with their means taken out.

        Cleaning takes the mean out in any case: without it first, nothing is lost to
        rounding in single precision.
        """
        values = self.voxels[:, self.columns[block]][self.kept]
        values -= values.mean(axis=0, dtype=np.float64).astype(np.float32)
        return values


class Maps(NamedTuple):
    """Maps over V voxels.

    Parameters
    ----------
    values : mapping of str to (V,) array
        By the name of the measure, see `MAPS`.
    seeds : list of (V,) array
        Fisher z with every seed.
    missing : mapping of str to str
        Why a map could not be made.
    remarks : tuple of str
        A sentence each.
    """

    values: Mapping[str, NDArray[np.float64]]
    seeds: Sequence[NDArray[np.float64]]
    missing: Mapping[str, str]
    remarks: tuple[str, ...]


def session_maps(
    runs: Sequence[VoxelRun],
    *,
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    n_common: int,
    tr: float,
    band: tuple[float, float],
    places: NDArray[np.intp],
    shape: tuple[int, int, int],
    seeds: Sequence[NDArray[np.float64]] = (),
) -> Maps:
    """Map intrinsic activity and the connectivity of seeds, in one pass over the voxels.

    Only the ranks of all voxels are ever held, two bytes per voxel and volume.

    Parameters
    ----------
    runs : sequence of VoxelRun
        The runs of the session, by rising number.
    volumes, run_of : (N,) array of int
        Index of each retained volume within its run, and the number of the run.
    n_common : int
        Volumes that amplitudes and homogeneity are measured in, the first ones.
    tr : float
        Repetition time in seconds.
    band : (low, high)
        In hertz.
    places : (V,) array of int
        Rising places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.
    seeds : sequence of (N,) array
        Series of the seeds, of the runs joined as the voxels are.
    """
    missing: dict[str, str] = {}
    found: Spectrum | None = None
    cleaning = {int(r): one.cleaning for r, one in zip(np.unique(run_of), runs, strict=True)}
    try:
        found = spectrum(volumes[:n_common], run_of[:n_common], tr, band).after(cleaning, run_of)
    except InputError as error:
        missing = dict.fromkeys(MAPS[:4], str(error))
    alff, falff, *with_seeds = np.full((2 + len(seeds), len(places)), np.nan)
    ranks = np.empty((n_common, len(places)), rank_type(n_common))
    for start in range(0, len(places), BLOCK):
        block = slice(start, start + BLOCK)
        raw = [run.read(block) for run in runs]
        if found is not None:
            alff[block], falff[block] = found.measure(np.concatenate(raw))
        filtered = join_runs(
            [run.filtering.astype(np.float32) @ x for run, x in zip(runs, raw, strict=True)]
        )
        ranks[:, block] = doubled_ranks(filtered[:n_common])
        for z, seed in zip(with_seeds, seeds, strict=True):
            z[block] = seed_map(filtered, seed)
    values = {}
    if found is not None:
        values = {
            "alff": alff, "malff": over_mean(alff), "falff": falff, "zfalff": z_scores(falff)
        }  # fmt: skip
    # In C order the grid is that of z, y, x; neighbours are the same.
    mask = _on_grid(np.ones(len(places), dtype=bool), places, shape[::-1])
    values["reho"] = concordance(ranks, mask)
    return Maps(values, with_seeds, missing, found.remarks if found else ())


def region_means(
    values: NDArray[np.float64], labels: NDArray[np.integer[Any]], n_regions: int
) -> NDArray[np.float64]:
    """Average a map over regions, over the voxels that have a value.

    Parameters
    ----------
    values : (V,) array
    labels : (V,) array of int
        1..R, 0 for no region.
    n_regions : int
        R.

    Returns
    -------
    (R,) array
        NaN for regions without a voxel.
    """
    there = np.isfinite(values)
    count = np.bincount(labels[there], minlength=n_regions + 1)[1:]
    total = np.bincount(labels[there], values[there], minlength=n_regions + 1)[1:]
    means: NDArray[np.float64] = total / np.where(count > 0, count, np.nan)
    return means


def smooth(
    values: NDArray[np.float64],
    places: NDArray[np.intp],
    shape: tuple[int, int, int],
    zooms: tuple[float, float, float],
    fwhm: float,
) -> NDArray[np.float64]:
    """Smooth a map with a Gaussian, within its own voxels.

    Parameters
    ----------
    values : (V,) array
        NaN where there is no value: it stays so, and does not spread.
    places : (V,) array of int
        Places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.
    zooms : tuple of float
        Their size in mm.
    fwhm : float
        Full width at half maximum in mm; 0 changes nothing.

    Returns
    -------
    (V,) array
    """
    if fwhm == 0:
        return values
    there = np.isfinite(values)
    sigma = [fwhm / FWHM / zoom for zoom in zooms[::-1]]

    def spread(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        image = _on_grid(numbers, places, shape[::-1])
        return np.asarray(gaussian_filter(image, sigma, mode="constant").ravel()[places])

    smoothed = np.full(len(values), np.nan)
    weight = spread(there.astype(np.float64))
    smoothed[there] = (spread(np.where(there, values, 0.0)) / np.where(there, weight, 1.0))[there]
    return smoothed


def _on_grid(
    values: NDArray[Any], places: NDArray[np.intp], shape: tuple[int, ...]
) -> NDArray[Any]:
    image = np.zeros(shape, dtype=values.dtype)
    image.ravel()[places] = values
    return image
