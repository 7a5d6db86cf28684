"""Smoothing of maps, and their means of regions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gradshift.core.series.maps import on_grid

FWHM = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a Gaussian with a standard deviation of one."""


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
    finite = np.isfinite(values)
    count = np.bincount(labels[finite], minlength=n_regions + 1)[1:]
    total = np.bincount(labels[finite], values[finite], minlength=n_regions + 1)[1:]
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
    finite = np.isfinite(values)
    sigma = [fwhm / FWHM / zoom for zoom in zooms[::-1]]

    def spread(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        image = on_grid(numbers, places, shape[::-1])
        return np.asarray(gaussian_filter(image, sigma, mode="constant").ravel()[places])

    smoothed = np.full(len(values), np.nan)
    weight = spread(finite.astype(np.float64))
    smoothed[finite] = (spread(np.where(finite, values, 0.0)) / np.where(finite, weight, 1.0))[
        finite
    ]
    return smoothed
