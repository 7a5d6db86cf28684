"""Figures written to files, for pages and for print."""

import io
import json
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from gradshift.bids.write import write_bytes
from gradshift.figures.style import Layout

DPI = 144
"""Dots per inch of dense figures: sharp on fine screens and in print."""

PRINT_DPI = 300
"""Dots per inch of figures for print."""

ONE_COLUMN, TWO_COLUMNS = 89.0, 183.0
"""Widths of figures for print in millimetres."""

NARROW = 5.0
"""Inches up to which a figure fits into one column."""

MM_PER_INCH = 25.4

PANELS = "Panels"
"""What a dense figure calls the places of its panels, in its own metadata."""


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG, whose text stays text, or as PNG if the name says so."""
    if path.suffix == ".svg":
        return write_bytes(path, _rendered(figure, path, metadata={"Date": None}))
    _lay_out(figure)
    pil, metadata = {"compress_level": 6}, _metadata(figure)
    return write_bytes(path, _rendered(figure, path, dpi=DPI, pil_kwargs=pil, metadata=metadata))


def save_for_print(figure: Figure, path: Path) -> Path:
    """Write a figure at the width of one or two columns of a journal, as the name says.

    Parameters
    ----------
    figure : Figure
        Is scaled.
    path : Path
        Ends in ``.pdf`` or ``.png``.
    """
    width, height = figure.get_size_inches()
    wanted = (ONE_COLUMN if width <= NARROW else TWO_COLUMNS) / MM_PER_INCH
    figure.set_size_inches(wanted, height * wanted / width)
    figure.set_layout_engine(Layout())
    metadata = {"CreationDate": None} if path.suffix == ".pdf" else None
    return write_bytes(path, _rendered(figure, path, dpi=PRINT_DPI, metadata=metadata))


def _rendered(figure: Figure, path: Path, **options: Any) -> bytes:
    content = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": path.name}):
        figure.savefig(content, format=path.suffix.removeprefix("."), **options)
    return content.getvalue()


def _lay_out(figure: Figure) -> None:
    """Give everything its place, once: writing would look for places again."""
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)


def _metadata(figure: Figure) -> dict[str, str] | None:
    """Say in a dense figure where its panels are; None where it has none."""
    if not any(map(_is_panel, figure.axes)):
        return None
    return {PANELS: json.dumps(_panels(figure))}


def _is_panel(axes: Any) -> bool:
    return bool(axes.images and axes.get_title())


def _panels(figure: Figure) -> dict[str, list[float]]:
    """Say where the images of a figure are, by title: left, top, right, bottom as shares."""
    places = {}
    for axes in figure.axes:
        if _is_panel(axes):
            box = axes.get_window_extent().transformed(figure.transFigure.inverted())
            places[axes.get_title()] = [box.x0, 1 - box.y1, box.x1, 1 - box.y0]
    return places
