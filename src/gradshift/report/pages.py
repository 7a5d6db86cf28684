"""From what a page says to its HTML: templates, pictures, small helpers."""

import base64
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from gradshift import __version__
from gradshift.bids.write import write_text
from gradshift.report.numbers import number, signed
from gradshift.report.saving import DPI

SCRIPTS = (
    "parts.js",
    "tables.js",
    "results.js",
    "hover.js",
    "rating.js",
    "viewers.js",
    "enlarge.js",
)
"""What stands at the end of every page."""

FOOTER = re.compile("<footer>.*?</footer>", flags=re.DOTALL)
"""Where a page says which run made it, and when."""

CSS_DPI = 96
"""Dots per inch that browsers reckon with."""

POINTS = 72
"""Points per inch, the unit of figures in SVG."""

SVG_HEAD = re.compile(r'<svg [^>]*?width="([0-9.]+)pt" height="([0-9.]+)pt"')
"""How a figure in SVG says its width and height, in points."""


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
    width, height : int
        On the page, in its pixels.
    hover : str
        What `hover` packed; empty for figures that tell nothing under the pointer.
    """

    path: str
    alt: str
    caption: str
    sources: tuple[str, ...]
    width: int
    height: int
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
    width, height = size(path)
    name = path.relative_to(folder).as_posix()
    return Picture(name, alt, caption, tuple(sources), width, height, hover)


def size(path: Path) -> tuple[int, int]:
    """Return how wide and high a figure is on a page, in its pixels."""
    if path.suffix == ".svg":
        head = SVG_HEAD.search(path.read_text(encoding="utf-8"))
        if head is None:
            raise ValueError(f"{path} does not say its size in points.")
        width, height = (float(points) * CSS_DPI / POINTS for points in head.groups())
        return round(width), round(height)
    with Image.open(path) as image:
        scale = CSS_DPI / image.info.get("dpi", (DPI, DPI))[0]
        return round(image.width * scale), round(image.height * scale)


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
