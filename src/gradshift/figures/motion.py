"""Motion of one run over time, with the volumes left out, and the carpet beneath."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, INK, LARGE, RULE, SMALL, colours, new, plain


def motion(
    fd: NDArray[np.float64],
    dvars: NDArray[np.float64],
    kept: NDArray[np.bool_],
    *,
    title: str,
    threshold: float | None = None,
    carpets: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Figure:
    """Draw framewise displacement and DVARS, volumes that were left out shaded.

    Parameters
    ----------
    fd, dvars : (T,) array
        In mm, and standardised.
    kept : (T,) array of bool
        False for volumes that were left out.
    title : str
        The run.
    threshold : float, optional
        Framewise displacement above which volumes are left out.
    carpets : pair of (T, V) array, optional
        Voxels before and after cleaning, each scaled to standard deviations; NaN for volumes
        that were left out.

    Returns
    -------
    Figure
    """
    rows = 4 if carpets else 2
    figure = new(7, 4.6 if carpets else 2.6)
    ratios = [1, 1, 1.6, 1.6][:rows]
    axes = figure.subplots(rows, 1, sharex=True, gridspec_kw={"height_ratios": ratios})
    _trace(axes[0], fd, kept, "FD (mm)", BEFORE)
    if threshold is not None:
        axes[0].axhline(threshold, color=INK, linewidth=0.8, linestyle="--")
    _trace(axes[1], dvars, kept, "std. DVARS", AFTER)
    for place, values, label in zip(axes[2:], carpets or (), ("before", "after"), strict=False):
        _carpet(place, values, label)
    share = f"{kept.sum()} of {len(kept)} volumes kept"
    axes[0].set_title(f"{title}: {share}", fontsize=LARGE, loc="left", color=INK)
    axes[-1].set_xlabel("volume", fontsize=SMALL)
    axes[-1].set_xlim(-0.5, len(fd) - 0.5)
    return figure


def _trace(
    axes: Any, values: NDArray[np.float64], kept: NDArray[np.bool_], label: str, colour: str
) -> None:
    plain(axes)
    axes.plot(np.arange(len(values)), values, color=colour, linewidth=0.9)
    steps = np.diff(np.concatenate([[False], ~kept, [False]]).astype(int))
    spans = zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True)
    for first, last in spans:
        axes.axvspan(first - 0.5, last - 0.5, color=RULE, linewidth=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(label, fontsize=SMALL)


def _carpet(axes: Any, values: NDArray[np.float64], label: str) -> None:
    axes.imshow(
        values.T, aspect="auto", cmap=colours("gray"), vmin=-2, vmax=2, interpolation="nearest"
    )
    axes.set_yticks([])
    axes.tick_params(labelsize=SMALL)
    axes.set_ylabel(label, fontsize=SMALL)
