"""Label images: one whole number per voxel, 0 where there is no region."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradshift.errors import InputError, MissingInputError
from gradshift.images.header import MOST_VOXELS, check_placed


@dataclass(frozen=True)
class LabelImage:
    """An image and the labels in it that stand for regions.

    Parameters
    ----------
    path : Path
        A NIfTI image.
    indices : tuple of int, length R
        The label of each region, in the order of the regions.
    """

    path: Path
    indices: tuple[int, ...]


def read_labels(path: Path) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Read a label image.

    Parameters
    ----------
    path : Path
        A NIfTI image of whole numbers, whatever type they are stored as.

    Returns
    -------
    labels : (X, Y, Z) array
    affine : (4, 4) array
        From voxel indices to millimetres.

    Raises
    ------
    MissingInputError
        If there is no file, or an empty one.
    InputError
        If it is no image, has not three dimensions or holds anything but whole numbers from 0.
    """
    import nibabel

    if not path.is_file():
        raise MissingInputError(f"No label image at {path}; check the path in the atlas's JSON.")
    if path.stat().st_size == 0:
        raise MissingInputError(
            f"The label image {path} is empty (0 bytes, a stub whose content was never fetched); "
            "put the real file there."
        )
    try:
        image = nibabel.load(path)
        _check_header(image, path)
        values = np.asanyarray(image.dataobj)
    except InputError:
        raise
    except Exception as error:  # of many kinds, as there are ways of damage
        raise InputError(f"The label image {path} cannot be read as NIfTI: {error}.") from error
    return _whole_numbers(values, path), np.asarray(image.affine, dtype=np.float64)


def _check_header(image: Any, path: Path) -> None:
    """Refuse an image that is no label image by its header, before memory is asked for it."""
    if "sform_code" in image.header:  # NIfTI, of either version
        check_placed(image.header, path)
    if math.prod(image.shape) > MOST_VOXELS:
        raise InputError(
            f"The label image {path} has the shape {image.shape}, more voxels than a head has at "
            "0.4 mm; the file may be damaged."
        )


def _whole_numbers(values: NDArray[np.generic], path: Path) -> NDArray[np.int32]:
    """Return the values as integers, or say why they are no labels."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise InputError(
            f"The label image {path} has the shape {values.shape}; an atlas needs one 3-D image "
            "in which every voxel has one label."
        )
    with np.errstate(invalid="ignore"):
        labels = values.astype(np.int32)
    if not np.array_equal(labels, values) or labels.min(initial=0) < 0:
        raise InputError(
            f"The label image {path} holds values that are not whole numbers from 0 on; "
            "use the label image itself, not a probability map or a smoothly resampled copy."
        )
    return labels


def positions(labels: NDArray[np.int32], indices: ArrayLike) -> NDArray[np.int32]:
    """Replace labels by the position of their region.

    Parameters
    ----------
    labels : array of any shape
    indices : sequence of R int
        The label of each region, each once.

    Returns
    -------
    array of the same shape
        1 to R; 0 where the label is no region's.
    """
    wanted = np.asarray(indices)
    order = np.argsort(wanted)
    place = np.searchsorted(wanted[order], labels).clip(max=len(wanted) - 1)
    position: NDArray[np.int32] = (order[place] + 1).astype(np.int32)
    return np.where(wanted[position - 1] == labels, position, np.int32(0))


def centroids(
    labels: NDArray[np.int32], affine: NDArray[np.float64], indices: ArrayLike
) -> NDArray[np.float64]:
    """Compute the mean position of each region's voxels.

    Parameters
    ----------
    labels : (X, Y, Z) array
    affine : (4, 4) array
    indices : sequence of R int
        The label of each region, each once.

    Returns
    -------
    (R, 3) array
        Millimetres; NaN for a region without voxels.
    """
    voxels = np.nonzero(labels)
    region = positions(labels[voxels], indices)
    size = len(np.asarray(indices)) + 1
    sums = np.stack([np.bincount(region, weights=axis, minlength=size)[1:] for axis in voxels], 1)
    with np.errstate(invalid="ignore"):
        means = sums / np.bincount(region, minlength=size)[1:, None]
    placed: NDArray[np.float64] = means @ affine[:3, :3].T + affine[:3, 3]
    return placed
