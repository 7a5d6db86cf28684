"""Voxel maps of one session, and their means over regions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gradshift.core.reho import reho
from gradshift.core.spectra import fluctuations, over_mean, z_scores
from gradshift.errors import InputError

MAPS = ("alff", "malff", "falff", "zfalff", "reho")
"""Maps of intrinsic activity, each the measure of the same name."""

FWHM = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a Gaussian with a standard deviation of one."""


class Maps(NamedTuple):
    """Maps over V voxels.

    Parameters
    ----------
    values : mapping of str to (V,) array
        By the name of the measure.
    missing : mapping of str to str
        Why a map could not be made.
    remarks : tuple of str
        A sentence each.
    """

    values: Mapping[str, NDArray[np.float64]]
    missing: Mapping[str, str]
    remarks: tuple[str, ...]


def activity_maps(
    unfiltered: NDArray[np.floating[Any]],
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    tr: float,
    band: tuple[float, float],
) -> Maps:
    """Map the amplitude of slow fluctuations: ALFF, fALFF and their standardised forms.

    Parameters
    ----------
    unfiltered : (T, V) array
        Denoised, detrended series that were not band-pass filtered.
    volumes, run_of : (T,) array of int
        Index of each volume within its run, and the run.
    tr : float
        Repetition time in seconds.
    band : (low, high)
        In hertz.
    """
    names = MAPS[:4]
    try:
        found = fluctuations(unfiltered, volumes, run_of, tr, band)
    except InputError as error:
        return Maps({}, dict.fromkeys(names, str(error)), ())
    maps = (found.alff, over_mean(found.alff), found.falff, z_scores(found.falff))
    return Maps(dict(zip(names, maps, strict=True)), {}, tuple(found.remarks))


def homogeneity_map(
    filtered: NDArray[np.floating[Any]], places: NDArray[np.intp], shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Map regional homogeneity.

    Parameters
    ----------
    filtered : (T, V) array
        Denoised, band-passed, unsmoothed series.
    places : (V,) array of int
        Rising places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.

    Returns
    -------
    (V,) array
    """
    # In C order the grid is that of z, y, x; neighbours are the same.
    return reho(filtered, _on_grid(np.ones(len(places), dtype=bool), places, shape[::-1]))


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


def clean_voxels(
    operator: NDArray[np.float64],
    voxels: NDArray[np.float32],
    kept: NDArray[np.bool_],
    columns: NDArray[np.intp],
    block: int = 8192,
) -> NDArray[np.float32]:
    """Clean chosen voxels by a matrix product, in single precision and block by block.

    Parameters
    ----------
    operator : (N, N) array
        From `gradshift.core.denoise.cleaning_operator`; N retained volumes.
    voxels : (T, M) array
        May be a memory map.
    kept : (T,) array of bool
        Retained volumes.
    columns : (V,) array of int
        The voxels to clean.
    block : int
        Voxels at a time.

    Returns
    -------
    (N, V) array
    """
    single = operator.astype(np.float32)
    cleaned = np.empty((len(operator), len(columns)), dtype=np.float32)
    for start in range(0, len(columns), block):
        chosen = voxels[:, columns[start : start + block]][kept]
        # Cleaning takes the mean out: without it first, nothing is lost to rounding.
        chosen -= chosen.mean(axis=0, dtype=np.float64).astype(np.float32)
        cleaned[:, start : start + block] = single @ chosen
    return cleaned


def _on_grid(
    values: NDArray[Any], places: NDArray[np.intp], shape: tuple[int, ...]
) -> NDArray[Any]:
    image = np.zeros(shape, dtype=values.dtype)
    image.ravel()[places] = values
    return image
