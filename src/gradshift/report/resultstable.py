"""All results of the group as the page holds them: in one block that its script shows in pages."""

import json
import math
from collections.abc import Callable, Mapping, Sequence

from gradshift.group.contrasts import Contrast
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.questions import EXPLORATORY
from gradshift.report.regionwords import region
from gradshift.report.sentences import interval
from gradshift.report.verdicts import is_significant

REGIONS = ("region-", "pet-region")
"""How the families of single regions begin."""

TEXTS: Mapping[str, Callable[[Contrast], str]] = {
    "what": lambda row: words.measure(row.measure),
    "where": lambda row: place(row),
    "family": lambda row: row.family,
    "question": lambda row: f"{row.contrast} {row.effect}",
    "held constant": lambda row: row.covariates or "nothing",
    "task": lambda row: row.task,
    "atlas": lambda row: row.atlas,
    "recipe": lambda row: row.recipe,
    "measure": lambda row: row.measure,
    "level": lambda row: row.level,
    "label": lambda row: row.label,
    "status": lambda row: row.status,
}
"""Columns of text, by name."""

NUMBERS = (
    *("mean_change", "hedges_g", "ci_low", "ci_high", "p", "p_fwe", "q_fdr", "t", "n"),
    *("mean_baseline", "mean_followup", "ci_low_fwe", "ci_high_fwe"),
)
"""Columns of numbers, as in the table."""


def place(row: Contrast) -> str:
    """Say in words what a result belongs to."""
    if row.level == "region":
        return region(row.label)
    return "person" if row.modality == "score" else words.label(row.level, row.label)


def listed(results: GroupResults) -> list[Contrast]:
    """Choose the rows the page holds.

    All but those of single regions; of these the main question with the primary recipe, and
    whatever has a corrected result. The rest is in the table alone.
    """
    return [
        row
        for row in results.rows
        if not row.family.startswith(REGIONS)
        or results.is_main(row)
        or is_significant(row, results.alpha)
    ]


def packed(results: GroupResults) -> str:
    """Write the rows as JSON that a script reads.

    Texts are numbers of a list of their own; what is no number is null. Values are those of the
    table, with its digits.
    """
    rows = listed(results)
    content = {
        "alpha": results.alpha,
        "tested": results.tested.noun,
        "usual": {
            "question": " ".join(results.effect),
            "held constant": results.covariates or "nothing",
            "recipe": results.recipe,
            "atlas": results.atlas,
        },
        "exploratory": sorted(EXPLORATORY),
        "texts": {name: _coded([of(row) for row in rows]) for name, of in TEXTS.items()},
        "numbers": {name: [_plain(getattr(row, name)) for row in rows] for name in NUMBERS},
        "corrected": [int(is_significant(row, results.alpha)) for row in rows],
        "bold": [int(row.modality == "func") for row in rows],
    }
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _coded(texts: Sequence[str]) -> dict[str, list[str] | list[int]]:
    distinct = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return {"of": list(distinct), "at": [distinct[text] for text in texts]}


def _plain(value: float) -> float | int | None:
    return value if math.isfinite(value) else None


def printed(results: GroupResults) -> list[tuple[Contrast, str, str, tuple[float, float]]]:
    """Choose the rows that go on paper: declared beforehand, and networks, of the main question.

    Returns
    -------
    list of (row, what, where, interval)
    """
    return [
        (row, TEXTS["what"](row), place(row), interval(row))
        for row in results.rows
        if results.is_main(row) and (row.verdict != "n/a" or row.family == "network")
    ]
