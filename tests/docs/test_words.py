"""The words of the house: what is called otherwise nowhere, in help, messages, pages and docs."""

import re
from pathlib import Path

import pytest

from gradshift.cli import build_parser

ROOT = Path(__file__).parents[2]
MEASURED = {"reliability.md", "platforms.md", "performance.md", "inputs-tried.md"}
"""Pages that programs write, and that quote what was typed."""

TEXTS = [
    ROOT / "README.md",
    *(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts),
    *(p for p in (ROOT / "src").rglob("*") if p.suffix in (".py", ".html", ".js")),
]

BETTER = {
    r"are wished|is wished": "recommended, asked for",
    r"(its|their|whose) rights": "permissions",
    r"same command again to go on|goes on where it was": "resume",
    r"in four studies of five": "has 80 % power",
    r"more likely missed than found": "give the power",
    r"do not speak against": "compatible with the data",
    r"counted for more": "including the observed one",
    r"one sex only": "all participants were",
    r"turned maps": "rotated maps",
    r"put no removed frequency": "did not reintroduce filtered frequencies",
    r"(?<!ready )to paste": "ready to paste",
    r"press a head": "click a column heading",
    r"say the design": "specify the design",
    r"participants that went well": "that finished without errors",
    r"level of significance": "significance level",
    r"slow fluctuations": "low-frequency fluctuations; their share is fractional ALFF (fALFF)",
    r"(frames|minutes on), all alike": "equally weighted",
    r"with nothing there": "if nothing had changed",
    r"the others explore": "are exploratory",
    r"speak against it": "contradict it",
    r"\d time\(s\)": "once, twice, n times",
    r"who was extreme at baseline": "extreme baseline values",
    r"never seen it": "new here?",
    r"pipeline of denoising|denoising strategy": "denoising recipe",
    r"p_?fwer\b": "p_fwe",
}
"""What is not said, as a pattern, and what is said instead."""


@pytest.mark.parametrize("pattern", BETTER)
def test_no_text_says_what_the_glossary_says_better(pattern):
    wrong = re.compile(pattern, re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in TEXTS
        if path.name not in MEASURED
        for match in [wrong.search(" ".join(path.read_text(encoding="utf-8").split()))]
        if match
    ]
    assert not found, f"say: {BETTER[pattern]}"


def test_help_begins_small_and_ends_without_a_full_stop():
    """One form for all options, so that the list reads as a list."""
    for action in build_parser()._actions:
        text = str(action.help)
        assert not text.endswith("."), action.option_strings
        first = text.split()[0]
        assert first[:1].islower() or first.upper() == first or first in ("JSON", "TOML", "YAML",
            "Python"), action.option_strings  # fmt: skip
