"""The regions of an atlas on the grayordinates of a surface image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError, MissingInputError
from gradshift.images.cifti import grayordinates, read_cifti
from gradshift.images.grayordinates import Grayordinates, Structure
from gradshift.images.grid import TIE
from gradshift.images.labels import LabelImage, positions, read_labels
from gradshift.images.meshes import divisions

ENDINGS = (".dlabel.nii", ".dlabel.nii.gz")
"""Of label images on a surface; any other label image of a surface space holds voxels."""


@dataclass(frozen=True)
class SurfaceLabels:
    """Labels of vertices and voxels: whole numbers, 0 where there is no region.

    Parameters
    ----------
    labels : (G,) array
    places : Grayordinates
    """

    labels: NDArray[np.int32]
    places: Grayordinates


def is_surface(path: Path) -> bool:
    """Tell whether a label image is one of a surface, by its name."""
    return path.name.endswith(ENDINGS)


def read_surface_labels(path: Path) -> SurfaceLabels:
    """Read a label image (``.dlabel.nii``, gzipped or not).

    Raises
    ------
    MissingInputError
        If there is no file.
    InputError
        If it holds anything but one map of whole numbers from 0.
    """
    if not path.is_file():
        raise MissingInputError(f"No label image at {path}; check the path in the atlas's JSON.")
    image = read_cifti(path)
    values = np.asarray(image.dataobj)
    if values.shape[0] != 1:
        raise InputError(f"The label image {path} holds {values.shape[0]} maps; it needs one.")
    with np.errstate(invalid="ignore"):
        labels = values[0].astype(np.int32)
    if not np.array_equal(labels, values[0]) or labels.min(initial=0) < 0:
        raise InputError(f"The label image {path} holds values that are not whole numbers from 0.")
    return SurfaceLabels(labels, grayordinates(image.header.get_axis(1)))


def labels_on_grayordinates(
    parts: Sequence[LabelImage], places: Grayordinates
) -> NDArray[np.int32]:
    """Carry the regions of an atlas onto the grayordinates of a run.

    Vertices take the label of the same vertex of the same mesh. Of a mesh that is a finer
    division of the one of the atlas (fsaverage6 of fsaverage5) the shared vertices, which come
    first, have labels, and the others none. Voxels take the label of the atlas voxel that their
    centre lies in. Where two parts overlap, the earlier one wins.

    Parameters
    ----------
    parts : sequence of LabelImage
    places : Grayordinates

    Returns
    -------
    (G,) array
        Position of the region in the atlas, 1 to R, the parts counted on; 0 for none.

    Raises
    ------
    InputError
        If an image cannot be used, belongs to another mesh, or has no region here.
    """
    regions = np.zeros(places.count, dtype=np.int32)
    before = 0
    for part in parts:
        on_places = _of_surface if is_surface(part.path) else _of_voxels
        found = positions(on_places(part.path, places), part.indices)
        free = (regions == 0) & (found > 0)
        regions[free] = found[free] + before
        before += len(part.indices)
    if not regions.any():
        raise InputError(
            f"No region of the atlas image {parts[0].path} lies in the structures of the run "
            f"({', '.join(structure.name for structure in places.structures[:4])})."
        )
    return regions


def _of_surface(path: Path, places: Grayordinates) -> NDArray[np.int32]:
    source = read_surface_labels(path)
    sampled = np.zeros(places.count, dtype=np.int32)
    by_name = {structure.name: structure for structure in source.places.structures}
    for structure in places.structures:
        known = by_name.get(structure.name)
        if structure.n_vertices and known is not None and known.n_vertices:
            labels = _of_mesh(known, source.labels, structure, path)
            sampled[structure.where] = labels[structure.places]
    voxels = [s for s in source.places.structures if not s.n_vertices]
    if voxels:
        at = np.concatenate([structure.places for structure in voxels])
        values = np.concatenate([source.labels[structure.where] for structure in voxels])
        volume = np.zeros(at.max(axis=0) + 1, dtype=np.int32)
        volume[tuple(at.T)] = values
        _sample(sampled, volume, source.places.affine, places)
    return sampled


def _of_mesh(
    known: Structure, labels: NDArray[np.int32], structure: Structure, path: Path
) -> NDArray[np.int32]:
    """Return the label of every vertex of the mesh of a run."""
    n, wanted = known.n_vertices, structure.n_vertices
    finer = divisions(wanted) > divisions(n) > 0
    if n != wanted and not finer:
        raise InputError(
            f"The atlas image {path.name} has {n} vertices in {structure.name}, and the run has "
            f"{wanted}; give a run of that mesh (den-91k in fsLR), or an atlas of your own."
        )
    whole = np.zeros(wanted, dtype=np.int32)
    whole[known.places] = labels[known.where]
    return whole


def _of_voxels(path: Path, places: Grayordinates) -> NDArray[np.int32]:
    sampled = np.zeros(places.count, dtype=np.int32)
    _sample(sampled, *read_labels(path), places)
    return sampled


def _sample(
    sampled: NDArray[np.int32],
    labels: NDArray[np.int32],
    source: NDArray[np.float64],
    places: Grayordinates,
) -> None:
    """Give the voxels of a run the labels of a volume."""
    step = np.linalg.inv(source) @ places.affine
    for structure in (s for s in places.structures if not s.n_vertices):
        along = structure.places @ step[:3, :3].T + step[:3, 3]
        nearest = np.floor(along + 0.5 + TIE).astype(np.intp)
        inside = ((nearest >= 0) & (nearest < labels.shape)).all(axis=1)
        values = np.zeros(len(nearest), dtype=np.int32)
        values[inside] = labels[tuple(nearest[inside].T)]
        sampled[structure.where] = values
