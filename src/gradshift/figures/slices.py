"""Voxel maps cut in three planes."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import DIVERGING, colours, new

PLANES = ("x", "y", "z")


def slices(
    panels: Mapping[str, NDArray[np.float64]],
    affine: NDArray[np.float64],
    *,
    through: tuple[float, float, float],
    limit: float,
    unit: str,
) -> Figure:
    """Cut maps through one point, a row per map; left is left.

    Parameters
    ----------
    panels : mapping of str to (X, Y, Z) array
        By title; NaN outside the brain.
    affine : (4, 4) array
        Voxels to mm, axes along those of space.
    through : tuple of float
        The point, in mm.
    limit : float
        End of the scale on both sides of 0.
    unit : str
        Beside the scale.

    Returns
    -------
    Figure
    """
    figure = new(6.6, 2.1 * len(panels) + 0.2)
    axes = figure.subplots(len(panels), 3, squeeze=False)
    signs = np.sign(np.diag(affine)[:3])
    place = np.linalg.solve(affine, [*through, 1])[:3].round().astype(int)
    for row, (title, volume) in zip(axes, panels.items(), strict=True):
        position = np.clip(place, 0, np.array(volume.shape) - 1)
        for plane, cell in enumerate(row):
            cut = np.take(volume, position[plane], axis=plane)
            across, up = (i for i in range(3) if i != plane)
            cut = cut[:: int(signs[across]) or 1, :: int(signs[up]) or 1]
            image = cell.imshow(
                cut.T, origin="lower", cmap=colours(DIVERGING, "white"), vmin=-limit, vmax=limit,
                aspect=abs(affine[up, up] / affine[across, across]),
            )  # fmt: skip
            cell.set_xlabel(f"{PLANES[plane]} = {through[plane]:.0f} mm", fontsize=8)
            cell.set_xticks([])
            cell.set_yticks([])
            cell.spines[:].set_visible(False)
        row[0].set_title(title, fontsize=10, loc="left")
    figure.colorbar(image, ax=axes.ravel().tolist(), label=unit, shrink=0.7)
    return figure
