"""How far changes of connections go with changes of motion, beside what chance alone does."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, FAINT, INK, LARGE, RULE, SMALL, new, plain

BINS = 10
"""Groups of connections, equally many in each, that the running median is taken over."""

SHOWN = 4000
"""Dots that a panel shows; the rest would only cover them."""


def chance(r: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the density of the correlation of unrelated normal variables.

    Parameters
    ----------
    r : (M,) array
    n : int
        People, four or more.

    Returns
    -------
    (M,) array
    """
    area = math.sqrt(math.pi) * math.exp(math.lgamma((n - 2) / 2) - math.lgamma((n - 1) / 2))
    density: NDArray[np.float64] = (1 - r**2) ** ((n - 4) / 2) / area
    return density


def dependence(
    panels: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]], *, n: int
) -> Figure:
    """Draw the correlations with motion: over the distance of regions, and how they spread.

    Parameters
    ----------
    panels : mapping of str to pair of (E,) array
        By title: r of every connection, and the distance of its regions in mm; NaN is left out.
    n : int
        People that r was taken over.

    Returns
    -------
    Figure
    """
    figure = new(7.2, 2.9 * len(panels))
    axes = figure.subplots(len(panels), 2, squeeze=False, sharex="col", sharey="col")
    bins = np.linspace(-1, 1, 41)
    at = np.linspace(-1, 1, 201)
    for (left, right), (title, (r, distance)) in zip(axes, panels.items(), strict=True):
        plain(left)
        plain(right)
        known = np.isfinite(r) & np.isfinite(distance)
        step = max(1, known.sum() // SHOWN)
        left.scatter(
            distance[known][::step], r[known][::step], s=3, c=FAINT, alpha=0.3, linewidths=0,
            rasterized=True,
        )  # fmt: skip
        left.axhline(0, color=RULE, linewidth=1.2)
        left.plot(*_running(distance[known], r[known]), color=AFTER, linewidth=2.4)
        left.set_ylim(-1, 1)
        left.set_ylabel("r with motion", fontsize=SMALL)
        left.set_title(title, fontsize=LARGE, loc="left")
        right.hist(r[np.isfinite(r)], bins=bins, density=True, color=BEFORE, alpha=0.45)
        right.plot(at, chance(at, n), color=INK, linewidth=1.6, linestyle="--", label="by chance")
        right.axvline(0, color=RULE, linewidth=1.2, zorder=0)
        right.set_ylabel("density", fontsize=SMALL)
    axes[-1, 0].set_xlabel("distance of the two regions (mm)", fontsize=SMALL)
    axes[-1, 1].set_xlabel("r with motion", fontsize=SMALL)
    axes[0, 1].legend(frameon=False, fontsize=SMALL)
    return figure


def _running(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the medians of equally large groups along x."""
    order = np.argsort(x, kind="stable")
    groups = [part for part in np.array_split(order, BINS) if len(part)]
    middles = np.array([np.median(x[part]) for part in groups])
    return middles, np.array([np.median(y[part]) for part in groups])
