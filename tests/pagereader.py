"""Reading pages in tests, and the study whose pages are read."""

from html.parser import HTMLParser
from pathlib import Path

EVIL = "sub-<script>alert(1)</script>"
OPTIONS = (
    *("--denoise", "24P", "none", "--pcc", "Default_0,Default_1"),
    *("--pet-model", "vtlogan"),
)
PEOPLE = ("01", "02", "03", "04")


class Page(HTMLParser):
    """What a page holds: tables by id as rows of cells, sources of images, links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.tables: dict[str, list[list[dict]]] = {}
        self.images: list[dict] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._table = self._cell = None
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "table":
            self._table = self.tables.setdefault(found.get("id", ""), [])
        elif tag == "tr":
            self._table.append([])
        elif tag in ("td", "th"):
            self._cell = {"tag": tag, "text": "", **found}
            self._table[-1].append(self._cell)
        elif tag == "img":
            self.images.append(found)
        elif tag == "a":
            self.links.append(found["href"])

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell["text"] += data


def pages(out: Path) -> list[Path]:
    """Return the page of the group, and those of the participants."""
    return [out / "group" / "index.html", *sorted(out.glob("sub-*.html"))]
