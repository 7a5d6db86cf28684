"""Regions on the cortical surface: the fsaverage5 meshes that nilearn ships, and their labels."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.images.labels import LabelImage, positions, read_labels

SIDES = ("left", "right")

FSAVERAGE5_VERTICES = 10242
"""In each hemisphere."""

FARTHEST = 4.0
"""Millimetres from a vertex to the nearest labelled voxel; farther away there is no region."""


KNOWN = Path(__file__).with_name("vertices.npz")
"""Regions of the vertices by `digest`, for the images of the atlases that come with the program;
made by ``tools/make_vertices.py``."""


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


def _folder() -> Path | None:
    """Find the meshes in the installed nilearn."""
    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "datasets" / "data" / "fsaverage5"
    return folder if folder.is_dir() else None


def fsaverage5() -> dict[str, Hemisphere] | None:
    """Read both hemispheres; None where the installed nilearn does not bring them."""
    folder = _folder()
    return None if folder is None else {side: _read(folder, side) for side in SIDES}


def places_on_sphere(
    vertices: Mapping[str, NDArray[np.intp]], hemispheres: Sequence[str]
) -> NDArray[np.float64]:
    """Find where regions lie on the sphere that each hemisphere was blown up to.

    Parameters
    ----------
    vertices : mapping of str to (V,) array of int
        Region of each vertex, 1 to R, by side, as `labels_on_vertices` gives them.
    hemispheres : sequence of str, length R
        ``L``, ``R`` or empty.

    Returns
    -------
    (R, 3) array
        Mean direction of the vertices of a region in its own hemisphere, of length 1; NaN for
        a region that has none, everywhere where the installed nilearn does not bring the mesh.
    """
    places = np.full((len(hemispheres), 3), np.nan)
    folder = _folder()
    if folder is None:
        return places
    for side in SIDES:
        sphere, _ = _arrays(folder, "sphere", side)
        sphere = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
        for i, hemisphere in enumerate(hemispheres):
            members = vertices[side] == i + 1
            if hemisphere == side[0].upper() and members.any():
                middle = sphere[members].mean(axis=0)
                places[i] = middle / np.linalg.norm(middle)
    return places


def _arrays(folder: Path, name: str, side: str) -> list[NDArray[np.float64]]:
    import nibabel

    image = nibabel.load(folder / f"{name}_{side}.gii.gz")
    return [array.data for array in image.darrays]


def _read(folder: Path, side: str) -> Hemisphere:
    pial, triangles = _arrays(folder, "pial", side)
    white, _ = _arrays(folder, "white", side)
    inflated, _ = _arrays(folder, "infl", side)
    (depth,) = _arrays(folder, "sulc", side)
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

    Those of the images that come with the program are read, not computed.

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
    regions = np.zeros(len(places), dtype=np.intp)
    before = 0
    with np.load(KNOWN) as known:
        for image in images:
            key = digest(image, places)
            nearest = known[key] if key in known else nearest_regions(image, places)
            new = (nearest > 0) & (regions == 0)
            regions[new] = nearest[new] + before
            before += len(image.indices)
    return regions


def digest(image: LabelImage, places: NDArray[np.float64]) -> str:
    """Return a key made of the content of an image, its labels and the vertices."""
    content = hashlib.sha256(image.path.read_bytes() if image.path.is_file() else b"")
    content.update(repr(tuple(int(index) for index in image.indices)).encode())
    content.update(np.round(places, 3).astype("<f4").tobytes())
    return content.hexdigest()[:20]


def nearest_regions(image: LabelImage, places: NDArray[np.float64]) -> NDArray[np.int32]:
    """Find the region nearest to each vertex, (V,): 1 to R in one image, 0 if it is far."""
    from scipy.spatial import cKDTree

    labels, affine = read_labels(image.path)
    voxels = np.argwhere(labels)
    regions = positions(labels[tuple(voxels.T)], image.indices)
    known = regions > 0
    tree = cKDTree(voxels[known] @ affine[:3, :3].T + affine[:3, 3], balanced_tree=False)
    _, nearest = tree.query(places, distance_upper_bound=FARTHEST)
    of_vertex: NDArray[np.int32] = np.append(regions[known], 0)[nearest].astype(np.int32)
    return of_vertex
