"""From what a page says to its HTML: templates, pictures, small helpers."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from gradshift import __version__
from gradshift.bids.write import write_bytes, write_text
from gradshift.report.wording import number, signed

DPI = 144
"""Dots per inch of dense figures: sharp on fine screens and in print."""

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
    """

    path: str
    alt: str
    caption: str
    sources: tuple[str, ...] = ()
    width: int | None = None


def picture(
    path: Path, folder: Path, alt: str, caption: str, sources: Sequence[str] = ()
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
    """
    width = None
    if path.suffix == ".png":
        with Image.open(path) as image:
            width = round(image.width * CSS_DPI / image.info.get("dpi", (DPI, DPI))[0])
    return Picture(path.relative_to(folder).as_posix(), alt, caption, tuple(sources), width)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG, or as PNG if the name says so."""
    content = io.BytesIO()
    kind = path.suffix.removeprefix(".")
    settings = {"svg.fonttype": "path", "svg.hashsalt": path.name}
    about: dict[str, Any] = (
        {"metadata": {"Date": None}}
        if kind == "svg"
        else {"dpi": DPI, "pil_kwargs": {"compress_level": 6}}
    )
    with rc_context(settings):
        figure.savefig(content, format=kind, **about)
    return write_bytes(path, content.getvalue())


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
    return environment


def _asset(name: str) -> Markup:
    """Return a style sheet or script of ours, to stand in the page as it is."""
    return Markup(
        files("gradshift.report").joinpath("templates").joinpath(name).read_text("utf-8")
    )


def write_page(path: Path, template: str, about: Mapping[str, Any]) -> Path:
    """Fill a template and write the page."""
    found = _environment().get_template(template)
    own = {"style": _asset("page.css"), "script": _asset("tables.js"), "version": __version__}
    return write_text(path, found.render(**about, **own))
