"""Time-activity curves of PET with the curves that models fitted, and what is left over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import INK, OTHERS, RULE, new, plain

LINES = ("#0077bb", "#ee7733", "#009988", "#cc3311", "#aa3377", "#bbbbbb")
"""Colours of the models, in turn; their dashes tell them apart, too."""

DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Curve:
    """The curve of a region, or the mean of several.

    Parameters
    ----------
    title : str
    measured : (T,) array
        kBq/mL.
    fitted : mapping of str to (T,) array
        By model; NaN in frames that it does not use.
    """

    title: str
    measured: NDArray[np.float64]
    fitted: Mapping[str, NDArray[np.float64]]


def curves(minutes: NDArray[np.float64], panels: Sequence[Curve], *, title: str) -> Figure:
    """Draw curves side by side, residuals beneath.

    Parameters
    ----------
    minutes : (T,) array
        Middle of each frame after injection.
    panels : sequence of Curve
    title : str
        The scan.

    Returns
    -------
    Figure
    """
    figure = new(2.5 * len(panels) + 0.5, 3.4)
    axes = figure.subplots(
        2, len(panels), sharex=True, squeeze=False, gridspec_kw={"height_ratios": [2.4, 1]}
    )
    names = list(dict.fromkeys(name for panel in panels for name in panel.fitted))
    styles = {
        name: (LINES[i % len(LINES)], DASHES[i % len(DASHES)], OTHERS[i % len(OTHERS)][1])
        for i, name in enumerate(names)
    }
    for (above, below), panel in zip(axes.T, panels, strict=True):
        plain(above)
        plain(below)
        above.plot(minutes, panel.measured, "o", color=INK, markersize=2.5, label="measured")
        below.axhline(0, color=RULE, linewidth=0.8)
        for name, fitted in panel.fitted.items():
            colour, dash, marker = styles[name]
            above.plot(minutes, fitted, dash, color=colour, linewidth=1.2, label=name)
            below.plot(
                minutes, panel.measured - fitted, marker, color=colour, markersize=2.5, alpha=0.8
            )
        above.set_ylim(bottom=0)
        above.set_title(panel.title, fontsize=9, color=INK)
        below.set_xlabel("minutes after injection", fontsize=8)
    axes[0, 0].set_ylabel("activity (kBq/mL)", fontsize=8)
    axes[1, 0].set_ylabel("residual", fontsize=8)
    axes[0, -1].legend(fontsize=7, frameon=False)
    figure.suptitle(title, fontsize=9, color=INK, x=0.01, ha="left")
    return figure
