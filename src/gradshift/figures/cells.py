"""Changes between and within networks as a square of cells."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from gradshift.figures.style import DIVERGING, INK, SMALL, colours, new


def cells(
    values: NDArray[np.float64],
    names: Sequence[str],
    *,
    unit: str,
    marked: NDArray[np.bool_] | None = None,
) -> Figure:
    """Draw a symmetric matrix of networks with its numbers.

    Parameters
    ----------
    values : (N, N) array
        NaN where there is none.
    names : sequence of str, length N
    unit : str
        Beside the scale.
    marked : (N, N) array of bool, optional
        Cells with a star and a thick frame.

    Returns
    -------
    Figure
    """
    n = len(names)
    figure = new(0.7 * n + 2.4, 0.58 * n + 1.5)
    axes = figure.subplots()
    finite = np.abs(values[np.isfinite(values)])
    limit = float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    image = axes.imshow(values, cmap=colours(DIVERGING), vmin=-limit, vmax=limit)
    for i in range(n):
        for j in range(n):
            if np.isfinite(values[i, j]):
                star = "*" if marked is not None and marked[i, j] else ""
                dark = abs(values[i, j]) > 0.6 * limit
                axes.text(
                    j, i, f"{values[i, j]:+.2f}{star}", ha="center", va="center", fontsize=SMALL,
                    color="white" if dark else INK,
                )  # fmt: skip
            if marked is not None and marked[i, j]:
                axes.add_patch(
                    Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, ec="black", lw=2)
                )
    axes.set_xticks(range(n), names, rotation=45, ha="right", fontsize=SMALL)
    axes.set_yticks(range(n), names, fontsize=SMALL)
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, label=unit, shrink=0.8)
    return figure
