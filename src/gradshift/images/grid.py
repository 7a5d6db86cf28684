"""The regions of an atlas on the grid of a BOLD image."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError
from gradshift.images.labels import LabelImage, positions, read_labels

TIE = 1e-6
"""Voxels; a point closer than this to the middle between two labels takes the upper one."""


def labels_on_grid(
    parts: Sequence[LabelImage], shape: tuple[int, int, int], affine: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Carry the regions of an atlas onto another grid, by the nearest label.

    Each voxel takes the label of the atlas voxel its centre lies in: no averaging, on coarse
    grids neither. Where two parts overlap, the earlier one wins.

    Parameters
    ----------
    parts : sequence of LabelImage
        The images of an atlas in the space of the grid (`Atlas.images`).
    shape : tuple of three int
    affine : (4, 4) array
        From voxel indices of the grid to millimetres.

    Returns
    -------
    (X, Y, Z) array
        Position of the region in the atlas, 1 to R, the parts counted on; 0 for background.

    Raises
    ------
    InputError
        If an image cannot be used, or if no region lies inside the grid.
    """
    regions = np.zeros(shape, dtype=np.int32)
    before = 0
    for part in parts:
        labels, source = read_labels(part.path)
        places = positions(nearest(labels, source, shape, affine), part.indices)
        free = (regions == 0) & (places > 0)
        regions[free] = places[free] + before
        before += len(part.indices)
    if not regions.any():
        raise InputError(
            f"No region of the atlas image {parts[0].path} lies inside the grid of the scan "
            f"({' x '.join(map(str, shape))} voxels from {_millimetres(affine[:3, 3])} mm); "
            "check that both are in the same space."
        )
    return regions


def nearest(
    labels: NDArray[np.int32],
    source: NDArray[np.float64],
    shape: tuple[int, int, int],
    target: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Sample labels at the voxel centres of another grid; 0 outside.

    Parameters
    ----------
    labels : (X, Y, Z) array
    source : (4, 4) array
        From its voxel indices to millimetres.
    shape, target
        The other grid, likewise.
    """
    step = np.linalg.inv(source) @ target
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    inside = np.ones(shape, dtype=bool)
    at = []
    for row, size in zip(step[:3], labels.shape, strict=True):
        along = row[0] * i + row[1] * j + row[2] * k + row[3]
        nearest = np.floor(along + 0.5 + TIE).astype(np.int32)
        inside &= (nearest >= 0) & (nearest < size)
        at.append(nearest)
    sampled = np.zeros(shape, dtype=np.int32)
    sampled[inside] = labels[tuple(axis[inside] for axis in at)]
    return sampled


def _millimetres(point: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:g}" for value in point)
