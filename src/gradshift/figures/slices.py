"""Voxel maps cut in three planes."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import DIVERGING, LARGE, SMALL, colours, new

PLANES = ("x", "y", "z")


def slices(
    panels: Mapping[str, NDArray[np.float64]],
    affine: NDArray[np.float64],
    *,
    through: tuple[float, float, float],
    limit: float,
    unit: str,
    outlined: NDArray[np.bool_] | None = None,
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
    outlined : (X, Y, Z) array of bool, optional
        Voxels that a line goes round.

    Returns
    -------
    Figure
    """
    figure = new(7.2, 2.3 * len(panels) + 0.3)
    axes = figure.subplots(len(panels), 3, squeeze=False)
    signs = np.sign(np.diag(affine)[:3])
    place = np.linalg.solve(affine, [*through, 1])[:3].round().astype(int)
    for row, (title, volume) in zip(axes, panels.items(), strict=True):
        position = np.clip(place, 0, np.array(volume.shape) - 1)
        for plane, cell in enumerate(row):
            across, up = (i for i in range(3) if i != plane)
            turned = (slice(None, None, int(signs[across]) or 1),
                      slice(None, None, int(signs[up]) or 1))  # fmt: skip
            cut = np.take(volume, position[plane], axis=plane)[turned]
            image = cell.imshow(
                cut.T, origin="lower", cmap=colours(DIVERGING, "white"), vmin=-limit, vmax=limit,
                aspect=abs(affine[up, up] / affine[across, across]),
            )  # fmt: skip
            if outlined is not None:
                line = np.take(outlined, position[plane], axis=plane)[turned]
                if line.any() and not line.all():
                    cell.contour(line.T.astype(float), levels=[0.5], colors="black", linewidths=1)
            cell.set_xlabel(f"{PLANES[plane]} = {through[plane]:.0f} mm", fontsize=SMALL)
            cell.set_xticks([])
            cell.set_yticks([])
            cell.spines[:].set_visible(False)
        row[0].set_title(title, fontsize=LARGE, loc="left")
    figure.colorbar(image, ax=axes.ravel().tolist(), label=unit, shrink=0.9)
    return figure
