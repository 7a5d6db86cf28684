"""Where the values of a surface image lie: vertices of the cortex, and voxels below it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SURFACE_SPACES = ("fsLR", "fsaverage5", "fsaverage6")
"""Spaces of surfaces, as ``--space`` names them."""

SIDES = ("CORTEX_LEFT", "CORTEX_RIGHT")
"""The hemispheres as CIFTI names them, in their order."""


@dataclass(frozen=True, kw_only=True)
class Structure:
    """One part of the brain in an image.

    Parameters
    ----------
    name : str
        As in CIFTI, without ``CIFTI_STRUCTURE_``.
    where : slice
        Its values among all.
    n_vertices : int
        Vertices of the whole mesh; 0 for voxels.
    places : (n,) or (n, 3) array of int
        Which vertex, or voxel, each value belongs to.
    """

    name: str
    where: slice
    n_vertices: int
    places: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Grayordinates:
    """Where the G values of a volume lie.

    Parameters
    ----------
    structures : sequence of Structure
        Together they hold every value once.
    affine : (4, 4) array
        Voxel indices to millimetres.
    shape : tuple of int
        Voxels along x, y and z of the volume that voxels are of; zeros if there are none.
    """

    structures: Sequence[Structure]
    affine: NDArray[np.float64]
    shape: tuple[int, int, int] = (0, 0, 0)

    @property
    def count(self) -> int:
        """G."""
        return sum(len(structure.places) for structure in self.structures)

    @cached_property
    def digest(self) -> str:
        """What two images share whose values lie in the same places."""
        total = hashlib.sha256(np.round(self.affine, 4).tobytes())
        for structure in self.structures:
            total.update(f"{structure.name} {structure.n_vertices}".encode())
            total.update(np.ascontiguousarray(structure.places, dtype="<i8").tobytes())
        return total.hexdigest()[:16]


def whole_meshes(n_vertices: Sequence[int]) -> Grayordinates:
    """Return the places of both hemispheres, one value for each vertex."""
    left, right = n_vertices
    starts = (0, left)
    return Grayordinates(
        structures=[
            Structure(
                name=side,
                where=slice(start, start + n),
                n_vertices=n,
                places=np.arange(n),
            )
            for side, start, n in zip(SIDES, starts, (left, right), strict=True)
        ],
        affine=np.eye(4),
    )
