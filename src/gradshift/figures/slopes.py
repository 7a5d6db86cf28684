"""What every single person did: a line from baseline to follow-up."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, FAINT, INK, LARGE, RULE, SMALL, new, plain

MOST_NAMED = 15
"""People whose lines are all named; the names of more would cover each other."""

EXTREME = 3
"""People named on either side where there are more: those who rose and who fell most."""

TINY = 5.5
"""Points of the names."""


class Pairs(NamedTuple):
    """Values of the same people at baseline and follow-up, their unit, and their names."""

    baseline: NDArray[np.float64]
    followup: NDArray[np.float64]
    unit: str
    names: Sequence[str] = ()


def slopes(panels: Mapping[str, Pairs], sessions: tuple[str, str], *, columns: int = 4) -> Figure:
    """Draw a line per person and a thick one for the mean, a panel per measure.

    Parameters
    ----------
    panels : mapping of str to Pairs
        By title. People without both values have no line.
    sessions : pair of str
        Names of baseline and follow-up.
    columns : int
        Panels in a row.

    Returns
    -------
    Figure
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = new(2.1 * columns + 0.3, 2.6 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, (title, pairs) in zip(axes, panels.items(), strict=False):
        plain(place)
        both = np.isfinite(pairs.baseline) & np.isfinite(pairs.followup)
        values = np.stack([pairs.baseline[both], pairs.followup[both]])
        faint = max(0.15, min(0.9, 12 / max(values.shape[1], 1)))
        place.plot([0, 1], values, color=FAINT, linewidth=0.8, alpha=faint, marker=".")
        if both.any():
            means = values.mean(axis=1)
            place.plot([0, 1], means, color=INK, linewidth=2.4)
            place.scatter([0], means[:1], color=BEFORE, s=45, zorder=3, marker="o")
            place.scatter([1], means[1:], color=AFTER, s=45, zorder=3, marker="s")
        if both.any() and len(pairs.names):
            named = _named(values[1] - values[0])
            names = np.array(pairs.names)[both][named]
            _name_lines(place, values[1][named], names.tolist())
        place.set_xticks([0, 1], sessions)
        place.set_xlim(-0.25, 1.4)
        place.set_title(title, fontsize=LARGE)
        place.set_ylabel("" if pairs.unit == "1" else pairs.unit, fontsize=SMALL)  # a share
    for place in axes[len(panels) :]:
        place.axis("off")
    return figure


def _named(changes: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the indices of the people who are named."""
    order = np.argsort(changes, kind="stable")
    if len(changes) <= MOST_NAMED:
        return order
    return np.concatenate([order[:EXTREME], order[-EXTREME:]])


def _name_lines(axes: Any, ends: NDArray[np.float64], names: Sequence[str]) -> None:
    """Write the name of a person beside the end of each line, one above the other."""
    low, high = axes.get_ylim()
    least = (high - low) * 0.05
    order = np.argsort(ends)
    heights = ends[order].astype(float)
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + least)
    heights -= max(0.0, heights[-1] - high)
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - least)
    for height, i in zip(heights, order, strict=True):
        axes.plot([1.02, 1.1], [ends[i], height], color=RULE, linewidth=0.5, clip_on=False)
        axes.text(1.12, height, names[i], fontsize=TINY, color=INK, va="center")
