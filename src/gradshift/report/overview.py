"""The page of the whole output: everybody, how good the data are, and what to leave out."""

import json
from collections.abc import Sequence
from pathlib import Path

from gradshift.bids.write import write_text
from gradshift.report.origin import origin
from gradshift.report.pages import write_page
from gradshift.report.quality import Ordered, QualityRow, quality

PEOPLE = Path("logs", "people.js")
"""Names everybody with a page, for the links from page to page."""


def write_overview(output_dir: Path, ordered: Ordered) -> Path:
    """Write ``index.html`` of an output, and the list of people that the pages share.

    Parameters
    ----------
    output_dir : Path
    ordered : callable
        Gives the sessions of a participant in the order of time.
    """
    rows = quality(output_dir, ordered)
    made = origin(output_dir)
    people = list(dict.fromkeys(row.participant for row in rows))
    pages = [name for name in people if (output_dir / f"{name}.html").exists()]
    write_text(output_dir / PEOPLE, f"const PEOPLE = {_script(pages)};\n")
    content = {
        "title": made.title("everybody"),
        "origin": made,
        "rows": rows,
        "with_page": set(pages),
        "summary": _summary(rows),
        "comparisons": sorted(path.parent.name for path in output_dir.glob("group*/index.html")),
        "rated": _rated(rows),
        "methods": [],
        "store": store_of(made.dataset),
    }
    return write_page(output_dir / "index.html", "overview.html", content)


def store_of(dataset: str) -> str:
    """Name the place where a browser keeps the ratings of a dataset."""
    return f"gradshift ratings: {dataset}"


def _script(content: object) -> str:
    return json.dumps(content).replace("<", "\\u003c")


def _rated(rows: Sequence[QualityRow]) -> str:
    """List the runs that can be rated, as JSON."""
    return _script([run for row in rows for run in row.runs])


def _summary(rows: Sequence[QualityRow]) -> str:
    """Count people, sessions with values, and those with warnings."""
    people = {row.participant for row in rows}
    without = [row for row in rows if row.excluded]
    warned = {row.participant for row in rows if row.warnings}
    return (
        f"{len(people)} people, {len(rows)} sessions and scans; {len(without) or 'none'} without "
        f"values; warnings of {len(warned) or 'no'} people."
    )
