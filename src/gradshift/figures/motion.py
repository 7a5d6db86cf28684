"""Motion of one run over time, with the volumes left out, and the carpet beneath."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, INK, LARGE, RULE, SMALL, colours, new, plain

BANDS = ("#4477aa", "#ccbb44", "#228833", "#ee6677", "#66ccee", "#bbbbbb")
"""Colours of the bands beside a carpet, from top to bottom."""


class Carpets(NamedTuple):
    """Voxels of one run over time.

    Parameters
    ----------
    before, after : (T, V) array
        Before and after cleaning, each voxel in standard deviations; NaN for volumes left out.
    bands : tuple of str
        What the voxels are put in, in words, from top to bottom: tissues, or the cortex and the
        rest of the brain.
    of : (V,) array of int
        Position of the band of every voxel.
    remark : str
        What to say of the bands.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    bands: tuple[str, ...]
    of: NDArray[np.intp]
    remark: str = ""


def motion(
    fd: NDArray[np.float64],
    dvars: NDArray[np.float64],
    kept: NDArray[np.bool_],
    *,
    title: str,
    threshold: float | None = None,
    carpets: Carpets | None = None,
    tr: float | None = None,
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
    carpets : Carpets, optional
    tr : float, optional
        Repetition time in seconds; time is in volumes if not given.

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
    if carpets is not None:
        _carpets(figure, axes[2:], carpets)
    share = f"{kept.sum()} of {len(kept)} volumes kept"
    axes[0].set_title(f"{title}: {share}", fontsize=LARGE, loc="left", color=INK)
    axes[-1].set_xlim(-0.5, len(fd) - 0.5)
    axes[-1].set_xlabel("volume", fontsize=SMALL)
    if tr is not None:
        axes[-1].xaxis.set_major_formatter(lambda volume, _: f"{volume * tr:.0f}")
        axes[-1].xaxis.set_major_locator(MultipleLocator(_every(len(fd) * tr) / tr))
        axes[-1].set_xlabel("seconds", fontsize=SMALL)
    return figure


def _every(duration: float) -> float:
    """Return whole seconds between ticks, so that there are some eight of them."""
    return next((step for step in (10, 20, 30, 60, 120, 300) if duration / step <= 9), 600)


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


def _carpets(figure: Figure, axes: Any, carpets: Carpets) -> None:
    """Draw both carpets, band by band, with a scale and what the bands are."""
    order = np.argsort(carpets.of, kind="stable")
    edges = np.searchsorted(carpets.of[order], range(len(carpets.bands) + 1))
    named = list(zip(carpets.bands, BANDS, edges, edges[1:], strict=False))
    shown = [one for one in named if one[2] < one[3]]
    for place, values, label in zip(axes, carpets[:2], ("before", "after"), strict=True):
        image = place.imshow(
            values[:, order].T, aspect="auto", cmap=colours("gray"), vmin=-2, vmax=2,
            interpolation="nearest",
        )  # fmt: skip
        place.set_yticks([])
        place.tick_params(labelsize=SMALL)
        place.set_ylabel(label, fontsize=SMALL, labelpad=14)
        band = place.inset_axes((-0.014, 0, 0.01, 1))
        for name, colour, first, last in shown:
            band.axhspan(first, last, color=colour, linewidth=0, label=name)
        band.set_ylim(len(order), 0)
        band.axis("off")
    figure.colorbar(image, ax=list(axes), label="SD", shrink=0.8, pad=0.01)
    axes[-1].legend(
        handles=[Patch(color=colour, label=name) for name, colour, _, _ in shown],
        loc="upper left", bbox_to_anchor=(0, -0.38), ncols=3, fontsize=SMALL, frameon=False,
        title=carpets.remark or None, title_fontsize=SMALL, alignment="left",
    )  # fmt: skip
