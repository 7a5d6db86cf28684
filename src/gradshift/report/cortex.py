"""Region values brought to the cortical surface and drawn there."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import DIVERGING, symmetric_limit
from gradshift.figures.surface import Mesh, cortex
from gradshift.images.surface import fsaverage5


@cache
def meshes() -> dict[str, Mesh]:
    """Return the inflated hemispheres of fsaverage5; none where nilearn does not bring them."""
    return {
        side: Mesh(half.inflated, half.triangles, half.sulcal_depth)
        for side, half in (fsaverage5() or {}).items()
    }


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
    if vertices is None or not meshes():
        return None
    spread = {
        title: {side: np.append(np.nan, values)[of] for side, of in vertices.items()}
        for title, values in panels.items()
    }
    limit = symmetric_limit(*panels.values())
    return cortex(spread, meshes(), limits=limits or (-limit, limit), unit=unit, colours=colours)
