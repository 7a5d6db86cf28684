"""Which places of an image are neighbours: vertices by their mesh, voxels by their grid."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gradshift.images.grayordinates import Grayordinates, Structure
from gradshift.images.meshes import edges_of

FACES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
"""Steps to half of the voxels that share a face with one."""

AROUND = tuple(step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0))
"""Steps to half of the 26 voxels around one."""


def neighbours(places: NDArray[np.intp], shape: tuple[int, int, int]) -> NDArray[np.intp]:
    """List the pairs of voxels that share a face.

    Parameters
    ----------
    places : (m,) array of int
        Places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.

    Returns
    -------
    (2, P) array of int
        Positions in `places`; the first of each pair rise.
    """
    position = np.full(shape, -1, dtype=np.intp, order="F")
    position.ravel(order="K")[places] = np.arange(len(places))
    pairs = []
    for axis in range(3):
        along = np.moveaxis(position, axis, 0)
        pair = np.stack([along[:-1].ravel(), along[1:].ravel()])
        pairs.append(pair[:, (pair >= 0).all(axis=0)])
    links = np.concatenate(pairs, axis=1)
    return links[:, np.argsort(links[0], kind="stable")]


def neighbours_among(
    places: Grayordinates, *, corners: bool = False
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List the pairs of grayordinates that are neighbours, and the size of a whole neighbourhood.

    Vertices are neighbours if they share an edge of their mesh, voxels if they share a face, of
    whatever structure. No vertex is a neighbour of a voxel.

    Parameters
    ----------
    places : Grayordinates
    corners : bool
        Whether voxels are neighbours, too, that share an edge or a corner.

    Returns
    -------
    pairs : (2, P) array of int
        Positions among the grayordinates; the first of each pair rise.
    full : (G,) array of int
        How many vertices or voxels there would be if the image had them all, the place itself
        among them.

    Raises
    ------
    InputError
        If a mesh is not known.
    """
    pairs = np.zeros((2, 0), dtype=np.intp)
    full = np.full(places.count, 27 if corners else 7, dtype=np.intp)
    for structure in places.structures:
        if structure.n_vertices:
            edges = edges_of(structure.n_vertices)
            around = 1 + np.bincount(edges.ravel(), minlength=structure.n_vertices)
            full[structure.where] = around[structure.places]
            pairs = np.concatenate([pairs, _on_mesh(structure, edges)], axis=1)
    pairs = np.concatenate([pairs, *_in_volume(places, AROUND if corners else FACES)], axis=1)
    return pairs[:, np.argsort(pairs[0], kind="stable")], full


def _on_mesh(structure: Structure, edges: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the pairs of grayordinates that edges of the whole mesh join."""
    position = np.full(structure.n_vertices, -1, dtype=np.intp)
    position[structure.places] = np.arange(structure.where.start, structure.where.stop)
    pairs = position[edges]
    return pairs[:, (pairs >= 0).all(axis=0)]


def _in_volume(
    places: Grayordinates, steps: tuple[tuple[int, ...], ...]
) -> Iterator[NDArray[np.intp]]:
    """Yield the pairs of voxels that each step joins."""
    voxels = [structure for structure in places.structures if not structure.n_vertices]
    if not voxels:
        return
    at = np.concatenate([structure.places for structure in voxels])
    at = at - at.min(axis=0) + 1
    number = np.concatenate([np.arange(s.where.start, s.where.stop) for s in voxels])
    position = np.full(at.max(axis=0) + 2, -1, dtype=np.intp)
    position[tuple(at.T)] = number
    for step in steps:
        other = position[tuple((at + step).T)]
        yield np.stack([number[other >= 0], other[other >= 0]])
