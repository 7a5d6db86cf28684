"""Maps of single voxels or vertices: read, written, and where their values lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.outputs import CIFTI_MAP, GIFTI_MAP, right_hemisphere
from gradshift.bids.write import write_bytes
from gradshift.bids.writetable import write_map
from gradshift.errors import InputError
from gradshift.images.cifti import PREFIX, grayordinates, read_cifti
from gradshift.images.grayordinates import Grayordinates, whole_meshes
from gradshift.images.neighbours import neighbours, neighbours_among


class Ground(Protocol):
    """Where the N values of a map lie, those without a value included."""

    @property
    def unit(self) -> str:
        """What the values are of, in the plural."""

    def is_like(self, other: "Ground") -> bool:
        """Tell whether the values of another map lie in the same places."""

    def pairs(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the (2, P) positions in (m,) places that are neighbours, the first rising."""

    def write(self, path: Path, values: NDArray[np.float64], places: NDArray[np.intp]) -> Path:
        """Write (m,) values of some places; 0 for NaN, and in all others."""


@dataclass(frozen=True)
class VoxelGrid:
    """A volume of voxels, x fastest.

    Parameters
    ----------
    shape : tuple of int
    affine : (4, 4) array
        Of an MNI space.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def unit(self) -> str:
        """Voxels."""
        return "voxels"

    def is_like(self, other: Ground) -> bool:
        """Tell whether another map has the same voxels."""
        return (
            isinstance(other, VoxelGrid)
            and self.shape == other.shape
            and np.allclose(self.affine, other.affine, atol=1e-4)
        )

    def pairs(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the voxels that share a face."""
        return neighbours(places, self.shape)

    def write(self, path: Path, values: NDArray[np.float64], places: NDArray[np.intp]) -> Path:
        """Write gzipped NIfTI."""
        return write_map(path, values, places, self.shape, self.affine)


@dataclass(frozen=True)
class Surface:
    """Vertices of both hemispheres, and of CIFTI the voxels below them."""

    grayordinates: Grayordinates

    @property
    def unit(self) -> str:
        """Vertices alone, or with voxels."""
        meshes = all(structure.n_vertices for structure in self.grayordinates.structures)
        return "vertices" if meshes else "grayordinates"

    def is_like(self, other: Ground) -> bool:
        """Tell whether another map has the same vertices and voxels."""
        return (
            isinstance(other, Surface) and self.grayordinates.digest == other.grayordinates.digest
        )

    def pairs(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return vertices that share an edge of the mesh, and voxels that share a face."""
        pairs, _ = neighbours_among(self.grayordinates)
        return among(pairs, places)

    def write(self, path: Path, values: NDArray[np.float64], places: NDArray[np.intp]) -> Path:
        """Write CIFTI, or GIFTI of both hemispheres, as the name of the file says."""
        every = np.zeros(self.grayordinates.count, dtype=np.float32)
        every[places] = np.nan_to_num(values)
        if path.name.endswith(CIFTI_MAP):
            return write_bytes(path, _cifti(every, self.grayordinates))
        for structure in self.grayordinates.structures:
            left = structure.name == "CORTEX_LEFT"
            half = np.zeros(structure.n_vertices, dtype=np.float32)
            half[structure.places] = every[structure.where]
            write_bytes(path if left else right_hemisphere(path), _gifti(half, structure.name))
        return path


def among(pairs: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the pairs of which both are in (m,) rising places; return positions there."""
    position = np.full(max(pairs.max(initial=-1), places.max(initial=-1)) + 1, -1, dtype=np.intp)
    position[places] = np.arange(len(places))
    inside = position[pairs]
    return inside[:, (inside >= 0).all(axis=0)]


def read_ground_map(path: Path) -> tuple[NDArray[np.float64], Ground]:
    """Read a map that the program wrote.

    Parameters
    ----------
    path : Path
        Of GIFTI the file of the left hemisphere.

    Returns
    -------
    (N,) array
        0 (no value) becomes NaN.
    Ground

    Raises
    ------
    InputError
        If a file of a surface is damaged.
    """
    ground: Ground
    if path.name.endswith(CIFTI_MAP):
        image = read_cifti(path)
        values = np.asarray(image.dataobj, dtype=np.float64)[0]
        ground = Surface(grayordinates(image.header.get_axis(1)))
    elif path.name.endswith(GIFTI_MAP):
        halves = [_read_gifti(half) for half in (path, right_hemisphere(path))]
        values = np.concatenate(halves).astype(np.float64)
        ground = Surface(whole_meshes([len(half) for half in halves]))
    else:
        import nibabel

        volume = nibabel.load(path)
        values = np.asarray(volume.dataobj, dtype=np.float64).ravel(order="F")
        ground = VoxelGrid(volume.shape, np.asarray(volume.affine))
    return np.where(values == 0, np.nan, values), ground


def _read_gifti(path: Path) -> NDArray[np.float32]:
    import nibabel

    try:
        values: NDArray[np.float32] = nibabel.load(path).darrays[0].data.ravel()
    except Exception as error:  # of many kinds, as there are ways of damage
        raise InputError(
            f"{path} cannot be read as GIFTI ({error}); run the level that wrote it again."
        ) from error
    return values


def _gifti(values: NDArray[np.float32], structure: str) -> bytes:
    from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

    name = "".join(word.capitalize() for word in structure.split("_"))
    meta = GiftiMetaData({"AnatomicalStructurePrimary": name})
    array = GiftiDataArray(values, intent="NIFTI_INTENT_SHAPE", datatype="NIFTI_TYPE_FLOAT32")
    content: bytes = GiftiImage(darrays=[array], meta=meta).to_bytes()
    return content


def _cifti(values: NDArray[np.float32], places: Grayordinates) -> bytes:
    from nibabel.cifti2 import BrainModelAxis, Cifti2Image, ScalarAxis

    brain: Any = None
    for structure in places.structures:
        name = f"{PREFIX}{structure.name}"
        if structure.n_vertices:
            model = BrainModelAxis.from_surface(structure.places, structure.n_vertices, name)
        else:
            model = BrainModelAxis(
                name, voxel=structure.places, affine=places.affine, volume_shape=places.shape
            )
        brain = model if brain is None else brain + model
    image = Cifti2Image(values[None], (ScalarAxis(["map"]), brain))
    image.nifti_header.set_intent("NIFTI_INTENT_CONNECTIVITY_DENSE_SCALARS")
    content: bytes = image.to_bytes()
    return content
