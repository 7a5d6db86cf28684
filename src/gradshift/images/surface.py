"""Regions on the cortical surface: the fsaverage5 meshes that nilearn ships, and their labels."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.images.labels import LabelImage, positions, read_labels

SIDES = ("left", "right")

FARTHEST = 4.0
"""Millimetres from a vertex to the nearest labelled voxel; farther away there is no region."""


class Hemisphere(NamedTuple):
    """One hemisphere of fsaverage5.

    Parameters
    ----------
    cortex : (V, 3) array
        Halfway between white matter and pia, in mm.
    inflated : (V, 3) array
        The same vertices with the folds blown up.
    triangles : (F, 3) array of int
    sulcal_depth : (V,) array
        Above 0 in the folds.
    """

    cortex: NDArray[np.float64]
    inflated: NDArray[np.float64]
    triangles: NDArray[np.intp]
    sulcal_depth: NDArray[np.float64]


def fsaverage5() -> dict[str, Hemisphere] | None:
    """Read both hemispheres; None where the installed nilearn does not bring them."""
    found = find_spec("nilearn")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "datasets" / "data" / "fsaverage5"
    try:
        return {side: _read(folder, side) for side in SIDES}
    except FileNotFoundError:
        return None


def _read(folder: Path, side: str) -> Hemisphere:
    import nibabel

    def arrays(name: str) -> list[NDArray[np.float64]]:
        image = nibabel.load(folder / f"{name}_{side}.gii.gz")
        return [array.data for array in image.darrays]

    pial, triangles = arrays("pial")
    white, _ = arrays("white")
    inflated, _ = arrays("infl")
    (depth,) = arrays("sulc")
    return Hemisphere(
        cortex=(pial.astype(np.float64) + white) / 2,
        inflated=inflated.astype(np.float64),
        triangles=triangles.astype(np.intp),
        sulcal_depth=depth.astype(np.float64),
    )


def labels_on_vertices(
    images: Sequence[LabelImage], places: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Give each vertex the region of the voxel it lies in, or else of the nearest one.

    Parameters
    ----------
    images : sequence of LabelImage
        As of an atlas: the regions of the first come first, and win where two overlap.
    places : (V, 3) array
        In mm, in the space of the images.

    Returns
    -------
    (V,) array of int
        1 to R; 0 where no region is near.
    """
    from scipy.spatial import cKDTree

    found = np.zeros(len(places), dtype=np.intp)
    before = 0
    for image in images:
        labels, affine = read_labels(image.path)
        voxels = np.argwhere(labels)
        regions = positions(labels[tuple(voxels.T)], image.indices)
        known = regions > 0
        tree = cKDTree(voxels[known] @ affine[:3, :3].T + affine[:3, 3], balanced_tree=False)
        distance, nearest = tree.query(places, distance_upper_bound=FARTHEST)
        new = np.isfinite(distance) & (found == 0)
        found[new] = regions[known][nearest[new]] + before
        before += len(image.indices)
    return found
