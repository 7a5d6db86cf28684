"""Connections of regions: a matrix with what was found in its lower half, and a glass brain."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.matrices import by_network, mark
from gradshift.figures.style import (
    DIVERGING,
    LARGE,
    SMALL,
    colours,
    network_style,
    new,
    symmetric_limit,
)

RISE, FALL = "#b2182b", "#2166ac"
"""Colours of connections that rose and fell: the ends of the scale of the matrix."""

VIEWS = (("from the left", 1, 2), ("from behind", 0, 2), ("from above", 0, 1))
"""Title, and the axes that run across and up."""


def marked_matrix(
    values: NDArray[np.float64],
    marked: NDArray[np.bool_],
    networks: Sequence[str],
    *,
    unit: str,
    names: Callable[[str], str] = str,
) -> Figure:
    """Draw all values above the diagonal, and below it those that are marked.

    Parameters
    ----------
    values : (R, R) array
    marked : (R, R) array of bool
    networks : sequence of str, length R
    unit : str
        Beside the scale.
    names : callable
        Puts the name of a network into words.
    """
    order = by_network(networks)
    ordered, kept = values[np.ix_(order, order)], marked[np.ix_(order, order)]
    below = np.tri(len(order), k=-1, dtype=bool)
    shown = np.where(below & ~kept, 0.0, ordered)
    np.fill_diagonal(shown, np.nan)
    limit = symmetric_limit(ordered[~below])
    figure = new(6.3, 5.8)
    axes = figure.subplots()
    image = axes.imshow(shown, cmap=colours(DIVERGING), vmin=-limit, vmax=limit)
    axes.set_title("above: all; below: corrected for all", fontsize=LARGE)
    mark(axes, [networks[i] for i in order], names, first=True)
    figure.colorbar(image, ax=axes, label=unit, shrink=0.8)
    return figure


def glass_brain(
    places: NDArray[np.float64],
    lines: Sequence[tuple[int, int]],
    rises: Sequence[bool],
    networks: Sequence[str],
    *,
    outline: NDArray[np.float64] | None = None,
) -> Figure:
    """Draw connections in a glass brain from three sides.

    Parameters
    ----------
    places : (R, 3) array
        Centres of the regions in mm.
    lines : sequence of pair of int
        Regions that are connected.
    rises : sequence of bool
        Whether each rose; the others fell.
    networks : sequence of str, length R
    outline : (V, 3) array, optional
        Places of the cortex, drawn as a shadow.
    """
    figure = new(8.2, 3.2)
    named = list(dict.fromkeys(networks))
    touched = np.zeros(len(places), dtype=bool)
    touched[[i for pair in lines for i in pair]] = True
    tints = [network_style(name, named)[0] for name in networks]
    for axes, (title, across, up) in zip(figure.subplots(1, len(VIEWS)), VIEWS, strict=True):
        if outline is not None:
            axes.scatter(
                outline[:, across], outline[:, up], s=3, color="#dddddd", linewidths=0, alpha=0.35
            )
        _lines(axes, places[:, [across, up]], lines, rises)
        axes.scatter(
            places[touched, across],
            places[touched, up],
            s=12,
            color=[tint for tint, is_used in zip(tints, touched, strict=True) if is_used],
            zorder=3,
            linewidths=0,
        )
        _sides(axes, across)
        axes.set_title(title, fontsize=SMALL)
        axes.set_aspect("equal")
        axes.axis("off")
    return figure


def _lines(
    axes: Any,
    places: NDArray[np.float64],
    lines: Sequence[tuple[int, int]],
    rises: Sequence[bool],
) -> None:
    ends = [places[list(pair)] for pair in lines]
    tints = [RISE if rose else FALL for rose in rises]
    axes.add_collection(LineCollection(ends, colors=tints, linewidths=0.9, alpha=0.6))
    axes.autoscale_view()


def _sides(axes: Any, across: int) -> None:
    """Say which side is which: left is left, or the front is on the right."""
    first, last = ("L", "R") if across == 0 else ("back", "front")
    for x, text, side in ((0.0, first, "left"), (1.0, last, "right")):
        axes.text(x, 0.02, text, transform=axes.transAxes, fontsize=SMALL, ha=side)
