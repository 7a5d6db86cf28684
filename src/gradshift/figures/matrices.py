"""Matrices of regions, ordered by network, on one scale."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import (
    DIVERGING,
    LARGE,
    SMALL,
    colours,
    network_style,
    new,
    symmetric_limit,
)


def by_network(networks: Sequence[str]) -> NDArray[np.intp]:
    """Return the order that puts regions of a network together; those of none come last."""
    names = [name for name in dict.fromkeys(networks) if name]
    rank = {name: i for i, name in enumerate(names)}
    return np.argsort([rank.get(name, len(names)) for name in networks], kind="stable")


def matrices(
    panels: Mapping[str, NDArray[np.float64]],
    networks: Sequence[str],
    *,
    unit: str,
    limit: float | None = None,
    names: Callable[[str], str] = str,
) -> Figure:
    """Draw square matrices side by side, all on the same scale around 0.

    Parameters
    ----------
    panels : mapping of str to (R, R) array
        By title. NaN is grey.
    networks : sequence of str, length R
        Network of each region, empty for none.
    unit : str
        Beside the scale.
    limit : float, optional
        End of the scale; holds 99 % of the values if not given.
    names : callable
        Puts the name of a network into words.

    Returns
    -------
    Figure
    """
    order = by_network(networks)
    ordered = {title: values[np.ix_(order, order)] for title, values in panels.items()}
    off = ~np.eye(len(order), dtype=bool)
    limit = limit or symmetric_limit(*(values[off] for values in ordered.values()))
    side = 3.4 if len(panels) > 1 else 4.6
    figure = new(side * len(panels) + 1.7, side + 1.2)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (title, values) in zip(axes, ordered.items(), strict=True):
        image = place.imshow(
            np.where(off, values, np.nan), cmap=colours(DIVERGING), vmin=-limit, vmax=limit
        )
        place.set_title(title, fontsize=LARGE)
        mark(place, [networks[i] for i in order], names, first=place is axes[0])
    figure.colorbar(image, ax=list(axes), label=unit, shrink=0.8)
    return figure


def mark(axes: Any, networks: Sequence[str], names: Callable[[str], str], *, first: bool) -> None:
    """Draw the borders of the networks of a matrix and name them.

    Parameters
    ----------
    axes : Axes
    networks : sequence of str, length R
        In the order of the matrix.
    names : callable
        Puts the name of a network into words.
    first : bool
        Whether they are named beside it, too.
    """
    distinct = list(dict.fromkeys(networks))
    ends = np.cumsum([networks.count(name) for name in distinct])
    starts = np.concatenate([[0], ends[:-1]])
    for edge in ends[:-1]:
        axes.axhline(edge - 0.5, color="black", linewidth=0.4)
        axes.axvline(edge - 0.5, color="black", linewidth=0.4)
    middles = (starts + ends - 1) / 2
    labels = [names(name) if name else "other" for name in distinct]
    axes.set_xticks(middles, labels, rotation=90, fontsize=SMALL)
    axes.set_yticks(middles, labels if first else [], fontsize=SMALL)
    axes.tick_params(length=0)
    for tick, name in zip(axes.get_xticklabels(), distinct, strict=True):
        tick.set_color(network_style(name, distinct)[0] if name else "black")
