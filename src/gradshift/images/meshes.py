"""The triangles of the meshes that surface images lie on.

Those of fsaverage divide an icosahedron again and again: each triangle into four, whose new
corners are numbered as they come. From 20 triangles this gives those of fsaverage5 and 6 as
FreeSurfer has them, vertex by vertex. The mesh of fsLR with 32,492 vertices comes
with the program.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError

FSLR = Path(__file__).with_name("fslr.npz")
"""Triangles and places of fsLR, made by ``tools/make_fslr.py``."""

STEP = 0.05
"""Millimetres that a place in that file is a multiple of."""

FSLR_VERTICES = 32492

ICOSAHEDRON = (
    (0, 3, 4), (0, 4, 5), (0, 5, 1), (0, 1, 2), (0, 2, 3), (3, 2, 8), (3, 8, 9), (3, 9, 4),
    (4, 9, 10), (4, 10, 5), (5, 10, 6), (5, 6, 1), (1, 6, 7), (1, 7, 2), (2, 7, 8),
    (8, 11, 9), (9, 11, 10), (10, 11, 6), (6, 11, 7), (7, 11, 8),
)  # fmt: skip


class Half(NamedTuple):
    """One hemisphere of fsLR: (V, 3) places in mm, (F, 3) corners of triangles."""

    places: NDArray[np.float64]
    triangles: NDArray[np.intp]


def divisions(n_vertices: int) -> int:
    """Return how often an icosahedron was divided to have so many vertices; 0 for never."""
    counts = [10 * 4**k + 2 for k in range(1, 10)]
    return counts.index(n_vertices) + 1 if n_vertices in counts else 0


def fslr() -> dict[str, Half]:
    """Read both hemispheres of fsLR, by ``left`` and ``right``."""
    with np.load(FSLR) as stored:
        places = STEP * stored["places"].cumsum(axis=1, dtype=np.int16)
    triangles = triangles_of(FSLR_VERTICES)
    return {
        "left": Half(places[0], triangles),
        "right": Half(places[1], triangles[:, ::-1]),
    }


@cache
def triangles_of(n_vertices: int) -> NDArray[np.intp]:
    """Return the triangles of a mesh, the same in both hemispheres but for their sense.

    Parameters
    ----------
    n_vertices : int
        Of one hemisphere.

    Returns
    -------
    (F, 3) array of int

    Raises
    ------
    InputError
        If no mesh with so many vertices is known.
    """
    if n_vertices == FSLR_VERTICES:
        with np.load(FSLR) as stored:
            shipped: NDArray[np.intp] = stored["triangles"].cumsum(axis=0, dtype=np.intp)
        return shipped
    if not (times := divisions(n_vertices)):
        raise InputError(
            f"No mesh with {n_vertices} vertices in a hemisphere is known: which vertices are "
            f"neighbours is known of fsLR (den-91k, {FSLR_VERTICES}) and of fsaverage."
        )
    triangles = np.array(ICOSAHEDRON, dtype=np.intp)
    for _ in range(times):
        triangles = _divided(triangles)
    return triangles


def edges_of(n_vertices: int) -> NDArray[np.intp]:
    """Return the (2, E) pairs of vertices of a mesh that share an edge, each once."""
    corners = triangles_of(n_vertices)
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    return np.stack(np.divmod(np.unique(_numbered(sides)), n_vertices))


def _numbered(sides: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return a number for each (n, 2) side, the same from both of its ends."""
    numbers: NDArray[np.intp] = sides.min(axis=1) * (sides.max() + 1) + sides.max(axis=1)
    return numbers


def _divided(triangles: NDArray[np.intp]) -> NDArray[np.intp]:
    """Divide each triangle into four; the new vertices are numbered in the order of its sides."""
    a, b, c = triangles.T
    sides = _numbered(np.stack([a, c, c, b, b, a], axis=1).reshape(-1, 2))
    _, first, which = np.unique(sides, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.intp)
    number[np.argsort(first)] = triangles.max() + 1 + np.arange(len(first))
    ac, cb, ba = number[which].reshape(-1, 3).T
    others = np.stack([ac, cb, c, ba, cb, ac, ba, b, cb], axis=1).reshape(-1, 3)
    return np.concatenate([np.stack([a, ba, ac], axis=1), others])
