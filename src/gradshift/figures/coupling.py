"""Whether two changes go together over people, and how far one person alone decides it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, FAINT, INK, LARGE, RULE, SMALL, new, plain


class Coupled(NamedTuple):
    """Two changes of the same people, their names, and their correlation with its interval.

    `without` holds the correlations without each person in turn.
    """

    title: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: tuple[str, str]
    rho: float
    low: float
    high: float
    without: NDArray[np.float64]


def coupling(panels: Sequence[Coupled]) -> Figure:
    """Scatter changes against each other, with the correlation without each person beneath.

    Parameters
    ----------
    panels : sequence of Coupled

    Returns
    -------
    Figure
    """
    figure = new(3.3 * len(panels) + 0.2, 4.5)
    axes = figure.subplots(2, len(panels), squeeze=False, height_ratios=[3, 0.8])
    for panel, top, bottom in zip(panels, *axes, strict=True):
        plain(top)
        top.axhline(0, color=RULE, linewidth=0.8, zorder=0)
        top.axvline(0, color=RULE, linewidth=0.8, zorder=0)
        top.scatter(panel.x, panel.y, s=34, color=BEFORE, edgecolors="white", linewidths=0.5)
        top.set_xlabel(panel.labels[0], fontsize=SMALL)
        top.set_ylabel(panel.labels[1], fontsize=SMALL)
        top.set_title(panel.title, fontsize=LARGE)
        plain(bottom)
        bottom.axvline(0, color=RULE, linewidth=1.2, zorder=0)
        bottom.hlines(0, panel.low, panel.high, color=INK, linewidth=1.6)
        bottom.scatter(panel.rho, 0, s=42, color=INK, zorder=3)
        bottom.scatter(
            panel.without, np.full(len(panel.without), 1), s=42, marker="|", color=AFTER
        )
        bottom.set_yticks([0, 1], ["all", "one left out"], fontsize=SMALL)
        bottom.set_ylim(1.6, -0.6)
        bottom.set_xlim(-1.05, 1.05)
        bottom.set_xlabel("Spearman correlation", fontsize=SMALL)
        bottom.spines["left"].set_visible(False)
        bottom.tick_params(axis="y", length=0, labelcolor=FAINT)
    return figure
