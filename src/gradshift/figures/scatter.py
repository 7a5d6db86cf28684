"""Regions in the plane of the first two gradients."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import LARGE, RULE, SMALL, network_style, new, plain


def gradient_plane(
    panels: Mapping[str, NDArray[np.float64]],
    networks: Sequence[str],
    *,
    unit: str,
    names: Callable[[str], str] = str,
) -> Figure:
    """Scatter the regions over the first two gradients, a panel per session, on the same axes.

    Parameters
    ----------
    panels : mapping of str to (R, 2) array
        By title; NaN for regions without a value.
    networks : sequence of str, length R
        Network of each region, empty for none.
    unit : str
    names : callable
        Puts the name of a network into words.

    Returns
    -------
    Figure
    """
    figure = new(3.3 * len(panels) + 1.2, 3.3)
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    distinct = [name for name in dict.fromkeys(networks) if name]
    for place, (title, values) in zip(axes, panels.items(), strict=True):
        plain(place)
        place.axhline(0, color=RULE, linewidth=0.8, zorder=0)
        place.axvline(0, color=RULE, linewidth=0.8, zorder=0)
        for name in distinct:
            chosen = np.array([network == name for network in networks])
            colour, marker = network_style(name, distinct)
            place.scatter(
                *values[chosen].T, s=18, c=colour, marker=marker, label=names(name), alpha=0.85,
                linewidths=0.3, edgecolors="white",
            )  # fmt: skip
        place.set_title(title, fontsize=LARGE)
        place.set_xlabel(f"gradient 1 ({unit})", fontsize=SMALL)
    axes[0].set_ylabel(f"gradient 2 ({unit})", fontsize=SMALL)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=SMALL,
        frameon=False,
    )  # fmt: skip
    return figure
