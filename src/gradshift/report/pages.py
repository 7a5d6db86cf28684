"""From what a page says to its HTML: templates, pictures, small helpers."""

import base64
import html
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from gradshift import __version__
from gradshift.bids.write import write_bytes, write_text
from gradshift.figures.matrices import by_network
from gradshift.report.numbers import number, signed

DPI = 144
"""Dots per inch of dense figures: sharp on fine screens and in print."""

SCRIPTS = ("tables.js", "results.js", "hover.js", "rating.js", "viewers.js", "enlarge.js")
"""What stands at the end of every page."""

FOOTER = re.compile("<footer>.*?</footer>", flags=re.DOTALL)
"""Where a page says which run made it, and when."""

PRINT_DPI = 300
"""Dots per inch of figures for print."""

ONE_COLUMN, TWO_COLUMNS = 89.0, 183.0
"""Widths of figures for print in millimetres."""

NARROW = 5.0
"""Inches up to which a figure fits into one column."""

MM_PER_INCH = 25.4

PANELS = "Panels"
"""What a dense figure calls the places of its panels, in its own metadata."""

CSS_DPI = 96
"""Dots per inch that browsers reckon with."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on a page.

    Parameters
    ----------
    path : str
        Relative to the page.
    alt : str
        What it shows, for those who do not see it.
    caption : str
    sources : tuple of str
        Files that hold its numbers, relative to the page.
    width : int or None
        On the page, in its pixels; None for its own size.
    hover : str
        What `hover` packed; empty for figures that tell nothing under the pointer.
    """

    path: str
    alt: str
    caption: str
    sources: tuple[str, ...] = ()
    width: int | None = None
    hover: str = ""


def picture(
    path: Path,
    folder: Path,
    alt: str,
    caption: str,
    sources: Sequence[str] = (),
    hover: str = "",
) -> Picture:
    """Put a saved figure on a page, at the size it was drawn for.

    Parameters
    ----------
    path : Path
        Of the figure.
    folder : Path
        Of the page.
    alt, caption : str
    sources : sequence of str
        Files that hold its numbers, relative to the page.
    hover : str
        What `hover` packed.
    """
    width = None
    if path.suffix == ".png":
        with Image.open(path) as image:
            width = round(image.width * CSS_DPI / image.info.get("dpi", (DPI, DPI))[0])
    return Picture(path.relative_to(folder).as_posix(), alt, caption, tuple(sources), width, hover)


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
    figure.set_layout_engine("constrained")
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


def hover(
    path: Path,
    panels: Mapping[str, NDArray[np.float64]],
    networks: Sequence[str],
    names: Sequence[str],
) -> str:
    """Pack what the page tells of the matrices under the pointer.

    Parameters
    ----------
    path : Path
        Of the figure, that says where its panels are.
    panels : mapping of str to (R, R) array
        By title; symmetric, the upper triangle is kept.
    networks, names : sequence of str, length R

    Returns
    -------
    str
        JSON; empty if the figure does not know its panels. Values are whole numbers of 16 bits
        in units of `step`, row by row, the smallest for none.
    """
    with Image.open(path) as image:
        boxes = json.loads(image.info.get(PANELS, "{}"))
    if not panels or set(boxes) != set(panels):
        return ""
    order = by_network(networks)
    upper = np.triu_indices(len(order), k=1)
    values = {title: matrix[np.ix_(order, order)][upper] for title, matrix in panels.items()}
    largest = max(np.nanmax(np.abs(v), initial=0.0) for v in values.values())
    step = float(largest) / 32767 or 1.0
    packed = [
        {
            "title": title,
            "box": [round(share, 5) for share in boxes[title]],
            "values": base64.b64encode(_whole(upper_values, step)).decode(),
        }
        for title, upper_values in values.items()
    ]
    content = {"step": step, "names": [names[i] for i in order], "panels": packed}
    return json.dumps(content).replace("<", "\\u003c")


def _whole(values: NDArray[np.float64], step: float) -> bytes:
    """Round to whole steps of 16 bits; the smallest number stands for none."""
    return np.where(np.isfinite(values), np.round(values / step), -32768).astype("<i2").tobytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gradshift.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "signed": signed}
    environment.globals["nan"] = math.nan
    return environment


def _asset(name: str) -> Markup:
    """Return a style sheet or script of ours, to stand in the page as it is."""
    return Markup(
        files("gradshift.report").joinpath("templates").joinpath(name).read_text("utf-8")
    )


def write_page(path: Path, template: str, content: Mapping[str, object]) -> Path:
    """Fill a template and write the page, unless all it would change is the run it names."""
    text = (
        _environment()
        .get_template(template)
        .render(
            **content,
            style=_asset("page.css"),
            script=Markup("").join(map(_asset, SCRIPTS)),
            version=__version__,
        )
    )
    if path.exists() and _without_run(path.read_bytes().decode("utf-8", "replace")) == (
        _without_run(text)
    ):
        return path
    return write_text(path, text)


def _without_run(text: str) -> str:
    return FOOTER.sub("", text)


def self_contained(page: Path, target: Path) -> Path:
    """Copy a page with its figures in it, so that it can be sent by itself.

    Parameters
    ----------
    page : Path
    target : Path
        In the same folder. Its links to tables hold where these lie beside it.
    """

    def inside(match: re.Match[str]) -> str:
        path = page.parent / unquote(html.unescape(match[2]))
        kind = {".svg": "image/svg+xml", ".png": "image/png"}[path.suffix]
        data = base64.b64encode(path.read_bytes()).decode()
        return f'{match[1]}"data:{kind};base64,{data}"'

    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<a href="[^"]+\.(?:svg|png)">(<img [^>]*>)</a>', r"\1", text)
    return write_text(target, re.sub(r'(<img src=)"([^":]+\.(?:svg|png))"', inside, text))
