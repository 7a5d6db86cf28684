"""Region values on the cortex, seen from both sides."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import TriMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from gradshift.figures.style import DIVERGING, LARGE, SMALL, new

BARE = np.array([0.82, 0.82, 0.82])
"""Colour of cortex without a value."""

VIEWS = (("left", -1), ("left", 1), ("right", -1), ("right", 1))
"""Hemisphere, and from which end of the x axis one looks."""

LIGHT = np.array([0.0, -0.35, 0.94])
"""Where the light comes from: right, up and towards the one who looks."""


class Mesh(NamedTuple):
    """One hemisphere: (V, 3) places in mm, (F, 3) corners of triangles, (V,) depth of folds."""

    places: NDArray[np.float64]
    triangles: NDArray[np.intp]
    sulcal_depth: NDArray[np.float64]


def cortex(
    panels: Mapping[str, Mapping[str, NDArray[np.float64]]],
    meshes: Mapping[str, Mesh],
    *,
    limits: tuple[float, float],
    unit: str,
    colours: str = DIVERGING,
) -> Figure:
    """Draw values of vertices on both hemispheres, from the outside and the inside.

    Parameters
    ----------
    panels : mapping of str to mapping of {'left', 'right'} to (V,) array
        By title, a row each; NaN is bare cortex.
    meshes : mapping of {'left', 'right'} to Mesh
    limits : pair of float
        Ends of the scale.
    unit : str
        Beside the scale.
    colours : str
        Name of the scale of colours.

    Returns
    -------
    Figure
    """
    figure = new(8.2, 1.75 * len(panels) + 0.2)
    axes = figure.subplots(len(panels), len(VIEWS), squeeze=False)
    painted = ScalarMappable(Normalize(*limits), colours)
    for row, (title, values) in zip(axes, panels.items(), strict=True):
        for place, (side, direction) in zip(row, VIEWS, strict=True):
            _draw(place, meshes[side], values[side], direction, painted)
        row[1].set_title(" ", fontsize=LARGE)  # keeps the height; a long title no width
        row[0].text(0, 1.03, title, transform=row[0].transAxes, fontsize=LARGE).set_in_layout(
            False
        )
    for place, (side, direction) in zip(axes[-1], VIEWS, strict=True):
        seen = "lateral" if (side == "left") == (direction < 0) else "medial"
        place.text(
            0.5, -0.04, f"{side[0].upper()} {seen}", transform=place.transAxes, fontsize=SMALL,
            ha="center", va="top",
        )  # fmt: skip
    figure.colorbar(painted, ax=axes.ravel().tolist(), label=unit, shrink=0.7, pad=0.01)
    return figure


def _draw(
    axes: Any, mesh: Mesh, values: NDArray[np.float64], direction: int, painted: ScalarMappable
) -> None:
    """Draw the triangles that face one who looks from x = -inf (-1) or +inf (1)."""
    seen = np.column_stack(
        [direction * mesh.places[:, 1], mesh.places[:, 2], direction * mesh.places[:, 0]]
    )
    corners = seen[mesh.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    front = np.flatnonzero(normals[:, 2] > 0)
    order = front[np.argsort(corners[front, :, 2].mean(axis=1))]
    value = _of_triangles(values[mesh.triangles[order]])
    colours = painted.to_rgba(value)[:, :3]
    bare = ~np.isfinite(value)
    folded = mesh.sulcal_depth[mesh.triangles[order]].mean(axis=1) > 0
    colours[bare] = BARE * np.where(folded[bare], 0.88, 1.0)[:, None]
    shade = 0.72 + 0.28 * np.clip(normals[order] @ LIGHT, 0, 1)
    flat = corners[order, :, :2].reshape(-1, 2)
    faces = np.arange(len(flat)).reshape(-1, 3)
    shaded = np.repeat(colours * shade[:, None], 3, axis=0)
    mesh_drawn = TriMesh(Triangulation(flat[:, 0], flat[:, 1], faces), facecolors=shaded)
    mesh_drawn.set_in_layout(False)  # or else every triangle is measured, twice
    axes.add_collection(mesh_drawn, autolim=False)
    axes.set_xlim(seen[:, 0].min() - 2, seen[:, 0].max() + 2)
    axes.set_ylim(seen[:, 1].min() - 2, seen[:, 1].max() + 2)
    axes.set_aspect("equal")
    axes.axis("off")


def _of_triangles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the value that two of three corners share, or else the first there is."""
    first, second, third = values.T
    value = np.where(second == third, second, first)
    others = np.where(np.isfinite(second), second, third)
    shared: NDArray[np.float64] = np.where(np.isfinite(value), value, others)
    return shared
