"""Effect sizes with their intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from gradshift.figures.style import AFTER, BEFORE, RULE, SMALL, new, plain

LOOKS = ((BEFORE, "o"), (AFTER, "s"), ("#009988", "^"), ("#aa3377", "D"))


class Effect(NamedTuple):
    """An effect size and the two ends of its interval; NaN where there is none."""

    size: float
    low: float
    high: float


def forest(rows: Mapping[str, Sequence[Effect]], series: Sequence[str], *, label: str) -> Figure:
    """Draw effect sizes as points and their intervals as lines.

    Parameters
    ----------
    rows : mapping of str to sequence of Effect
        By name, from top to bottom; one effect per series.
    series : sequence of str
        What the effects of a row differ in, such as the recipes; the first is filled.
    label : str
        Of the axis.

    Returns
    -------
    Figure
    """
    figure = new(7, 0.32 * len(rows) + 1.2)
    axes = figure.subplots()
    plain(axes)
    axes.axvline(0, color=RULE, linewidth=1.2, zorder=0)
    offsets = np.linspace(-0.18, 0.18, len(series)) if len(series) > 1 else [0.0]
    for k, name in enumerate(series):
        colour, marker = LOOKS[k % len(LOOKS)]
        effects = [row[k] for row in rows.values()]
        heights = np.arange(len(rows)) + offsets[k]
        axes.hlines(
            heights,
            [e.low for e in effects],
            [e.high for e in effects],
            color=colour,
            linewidth=1.4,
        )
        axes.scatter(
            [e.size for e in effects], heights, marker=marker, s=30, zorder=3, label=name,
            edgecolors=colour, facecolors=colour if k == 0 else "white",
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), list(rows), fontsize=SMALL)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(label, fontsize=SMALL)
    if len(series) > 1:
        figure.legend(loc="outside upper right", ncols=len(series), fontsize=SMALL, frameon=False)
    return figure
