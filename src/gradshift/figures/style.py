"""What all figures share: colours that the colour-blind can tell apart, sizes, empty frames."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

rcParams["text.parse_math"] = False  # names of regions are no formulas, whatever they hold

BEFORE, AFTER = "#0077bb", "#ee7733"
"""Colours of baseline and follow-up; markers and labels tell them apart, too."""

INK, FAINT, RULE = "#222222", "#777777", "#cccccc"
"""Text, side remarks, lines that only guide the eye. Paper is white."""

SMALL, LARGE = 9, 10
"""Sizes of text in points: at 96 dots per inch what a page shows, and legible in print."""

DIVERGING, SEQUENTIAL = "RdBu_r", "viridis"

NETWORKS = {
    "Vis": ("#aa3377", "o"),
    "SomMot": ("#4477aa", "s"),
    "DorsAttn": ("#228833", "^"),
    "SalVentAttn": ("#66ccee", "v"),
    "Limbic": ("#ccbb44", "D"),
    "Cont": ("#ee8866", "P"),
    "Default": ("#882222", "X"),
}
"""Colour and marker of the seven networks; parts of a network look like the whole."""

OTHERS = (("#666666", "<"), ("#999933", ">"), ("#44aa99", "h"), ("#332288", "p"))


def network_style(name: str, names: Sequence[str]) -> tuple[str, str]:
    """Return colour and marker of a network.

    Parameters
    ----------
    name : str
        ``DefaultA`` and ``VisCent`` look like ``Default`` and ``Vis``.
    names : sequence of str
        All networks of the atlas: those without a style of their own take turns.
    """
    known = re.sub("(Cent|Peri|[ABC])$", "", name)
    if known in NETWORKS:
        return NETWORKS[known]
    return OTHERS[list(names).index(name) % len(OTHERS)]


class Layout(ConstrainedLayoutEngine):
    """Constrained layout with places of single precision.

    The solver's last digits differ from process to process, and with them the bytes of the file.
    Decimals would not do: they are where many places lie halfway between two.
    """

    def execute(self, fig: Figure) -> None:
        """Give all axes of a figure their places."""
        super().execute(fig)
        for axes in fig.axes:
            corners = axes.get_position(original=True).get_points()
            axes._set_position(Bbox(corners.astype(np.float32)))  # type: ignore[attr-defined]


def new(width: float, height: float) -> Figure:
    """Return an empty figure on white paper, in inches."""
    return Figure(figsize=(width, height), layout=Layout(), facecolor="white")


def colours(name: str, missing: str = RULE) -> Colormap:
    """Return a map of colours that shows missing values in one of their own."""
    return colormaps[name].with_extremes(bad=missing)


def plain(axes: Any) -> None:
    """Take away the frame that carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=SMALL)


def symmetric_limit(*arrays: NDArray[np.float64]) -> float:
    """Return a limit that holds 99 % of the values on both sides of 0."""
    values = np.concatenate([np.abs(array[np.isfinite(array)]) for array in arrays])
    return float(np.percentile(values, 99)) or 1.0 if len(values) else 1.0
