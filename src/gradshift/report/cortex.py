"""Region values brought to the cortical surface and drawn there."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.bids.mapimages import Surface
from gradshift.figures.style import DIVERGING, symmetric_limit
from gradshift.figures.surface import Mesh, cortex
from gradshift.images.meshes import FSLR_VERTICES, divisions, fslr
from gradshift.images.surface import FSAVERAGE5_VERTICES, fsaverage5

SIDES = {"CORTEX_LEFT": "left", "CORTEX_RIGHT": "right"}


@cache
def meshes(n_vertices: int = FSAVERAGE5_VERTICES) -> dict[str, Mesh]:
    """Return the hemispheres of the mesh with so many vertices in each.

    Empty if there is no picture of it, or the installed nilearn does not bring fsaverage5.
    """
    if n_vertices == FSLR_VERTICES:
        return {
            side: Mesh(half.places, half.triangles, np.zeros(n_vertices))
            for side, half in fslr().items()
        }
    if n_vertices != FSAVERAGE5_VERTICES:
        return {}
    return {
        side: Mesh(half.inflated, half.triangles, half.sulcal_depth)
        for side, half in (fsaverage5() or {}).items()
    }


def maps_on_cortex(
    panels: Mapping[str, NDArray[np.float64]], ground: Surface, *, unit: str
) -> Figure | None:
    """Draw maps of vertices on the mesh that they lie on; None where there is no picture of it.

    Of fsaverage6 the vertices are drawn that are those of fsaverage5.

    Parameters
    ----------
    panels : mapping of str to (G,) array
    ground : Surface
        Where all of them lie.
    unit : str
    """
    halves = {SIDES[s.name]: s for s in ground.grayordinates.structures if s.name in SIDES}
    n_vertices = min((half.n_vertices for half in halves.values()), default=0)
    if divisions(n_vertices) > divisions(FSAVERAGE5_VERTICES):
        n_vertices = FSAVERAGE5_VERTICES
    if len(halves) < len(SIDES) or not meshes(n_vertices):
        return None
    spread: dict[str, dict[str, NDArray[np.float64]]] = {}
    for title, values in panels.items():
        spread[title] = {}
        for side, half in halves.items():
            every = np.full(half.n_vertices, np.nan)
            every[half.places] = values[half.where]
            spread[title][side] = every[:n_vertices]
    limit = symmetric_limit(*panels.values())
    return cortex(spread, meshes(n_vertices), limits=(-limit, limit), unit=unit)


def on_cortex(
    panels: Mapping[str, NDArray[np.float64]],
    vertices: Mapping[str, NDArray[np.intp]] | None,
    *,
    unit: str,
    limits: tuple[float, float] | None = None,
    colours: str = DIVERGING,
) -> Figure | None:
    """Draw region values on the cortex; None where there is no surface to draw them on.

    Parameters
    ----------
    panels : mapping of str to (R,) array
    vertices : mapping of {'left', 'right'} to (V,) array of int, or None
        Region of each vertex, 1 to R; 0 for none.
    unit : str
    limits : pair of float, optional
        Ends of the scale; around 0 to hold 99 % of the values if not given.
    colours : str
        Name of the scale of colours.
    """
    if vertices is None or not (drawn := meshes(len(vertices["left"]))):
        return None
    spread = {
        title: {side: np.append(np.nan, values)[of] for side, of in vertices.items()}
        for title, values in panels.items()
    }
    limit = symmetric_limit(*panels.values())
    return cortex(spread, drawn, limits=limits or (-limit, limit), unit=unit, colours=colours)
