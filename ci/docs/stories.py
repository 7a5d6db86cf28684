"""What a reader types: the commands of every page, in order, and the files the page shows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]

FENCE = re.compile(
    r"^(?P<heading>##? [^\n]+)$|^[ ]*```(?P<language>[^\n]*)\n(?P<text>.*?)^[ ]*```[ ]*$",
    re.DOTALL | re.MULTILINE,
)

SHELL = ("", "bash", "console", "sh", "shell")
"""Languages of blocks that are typed into a shell."""

NOT_RUN = "## Commands that are not run"
"""The heading in `docs/development.md` of the table of those, each with its reason."""


class Block(NamedTuple):
    """A fenced block: its page, the heading it stands under, its language, what it holds."""

    page: str
    heading: str
    language: str
    text: str


class Story(NamedTuple):
    """The commands below one heading of a page, which a reader gives one after the other."""

    page: str
    heading: str
    commands: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name the story for who reads a list of tests."""
        return f"{self.page}: {self.heading}"


def blocks(*languages: str) -> list[Block]:
    """Return all fenced blocks of these languages; of every one, if none is named."""
    return [block for block in _blocks() if not languages or block.language in languages]


def _blocks() -> Iterator[Block]:
    for page in PAGES:
        heading = ""
        for match in FENCE.finditer(page.read_text(encoding="utf-8")):
            if match["heading"]:
                heading = match["heading"].strip("# ")
            else:
                language = match["language"].strip()
                yield Block(str(page.relative_to(ROOT)), heading, language, match["text"])


def shown(language: str, part: str) -> str:
    """Return the one block of a language that holds a text."""
    (text,) = (block.text for block in blocks(language) if part in block.text)
    return text


def stories() -> list[Story]:
    """Return what there is to type, below every heading that has commands."""
    found: dict[tuple[str, str], list[str]] = {}
    for block in blocks(*SHELL):
        lines = block.text.replace("\\\n", " ").splitlines()
        commands = [" ".join(line.removeprefix("$ ").split()) for line in lines if line.strip()]
        found.setdefault((block.page, block.heading), []).extend(commands)
    return [Story(page, heading, tuple(told)) for (page, heading), told in found.items()]


def not_run() -> dict[str, str]:
    """Return how the commands begin that are not run here, and why."""
    text = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    section = text.partition(NOT_RUN)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|$", section, re.MULTILINE)
    return {begin: why for told, why in rows for begin in re.findall(r"`([^`]+)`", told)}
