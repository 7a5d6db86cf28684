"""Motion of one run over time, with the volumes left out, and the carpet beneath."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, INK, LARGE, RULE, SMALL, colours, new, plain

BANDS = (("cortex (regions of the atlas)", "#4477aa"), ("rest of the brain", "#ccbb44"))
"""Names and colours of the bands beside a carpet."""


class Carpets(NamedTuple):
    """Voxels of one run over time.

    Parameters
    ----------
    before, after : (T, V) array
        Before and after cleaning, each voxel in standard deviations; NaN for volumes left out.
    in_atlas : (V,) array of bool
        Voxels in a region of the atlas, the cortex; the others are white matter, fluid and the
        like.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    in_atlas: NDArray[np.bool_]


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
    """Draw both carpets, the voxels of the atlas above, with a band that says so and a scale."""
    order = np.argsort(~carpets.in_atlas, kind="stable")
    n_within = int(carpets.in_atlas.sum())
    for place, values, label in zip(axes, carpets[:2], ("before", "after"), strict=True):
        image = place.imshow(
            values[:, order].T, aspect="auto", cmap=colours("gray"), vmin=-2, vmax=2,
            interpolation="nearest",
        )  # fmt: skip
        place.set_yticks([])
        place.tick_params(labelsize=SMALL)
        place.set_ylabel(label, fontsize=SMALL, labelpad=14)
        band = place.inset_axes((-0.014, 0, 0.01, 1))
        edges = (0, n_within, len(order))
        for (name, colour), first, last in zip(BANDS, edges, edges[1:], strict=False):
            band.axhspan(first, last, color=colour, linewidth=0, label=name)
        band.set_ylim(len(order), 0)
        band.axis("off")
    figure.colorbar(image, ax=list(axes), label="SD", shrink=0.8, pad=0.01)
    handles = [Patch(color=colour, label=name) for name, colour in BANDS]
    axes[-1].legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, -0.38), ncols=2, fontsize=SMALL,
        frameon=False,
    )  # fmt: skip
