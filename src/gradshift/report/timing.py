"""Further questions put to the declared values: delay, days since the dose, order, period."""

import math
from dataclasses import dataclass

from gradshift.group.contrasts import Contrast
from gradshift.report import words
from gradshift.report.direction import SLOPES
from gradshift.report.grouped import GroupResults
from gradshift.report.resultstable import place
from gradshift.report.sentences import Shown
from gradshift.report.verdicts import Verdict, is_declared, is_significant, verdict

QUESTIONS = {
    "delay": "Does the change differ between early and late follow-up?",
    "days": "Does the change go with the days since the dose?",
    "order": "Does the order of the treatments matter?",
    "period": "Do the periods differ?",
    "change": "Is there a change?",
    "drug-by-time": "Does the change differ between drug and placebo?",
    "group-by-time": "Does the change differ between groups?",
    "moderator": "Does the change go with {number}?",
}
"""What an effect asks, in words."""

OF_CONDITIONS = {
    "change": "Is there a difference?",
    "group-by-time": "Do groups differ in the difference?",
    "moderator": "Does the difference go with {number}?",
}
"""The same where conditions of the same people are compared."""


@dataclass(frozen=True, slots=True)
class FurtherRow:
    """One declared value under a further question."""

    row: Contrast
    name: str
    shown: Shown | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """A further question, its answer in a sentence, and the declared values.

    Parameters
    ----------
    text, summary : str
    contrast, effect : str
        As in the tables.
    head : str
        What the numbers are: differences, or slopes of the change, of which there is no g.
    rows : list of FurtherRow
    """

    text: str
    summary: str
    contrast: str
    effect: str
    head: str
    rows: list[FurtherRow]


def further(results: GroupResults) -> list[Further]:
    """Collect what was asked besides the main question, of the primary atlas and recipe."""
    asked: dict[tuple[str, str], list[Contrast]] = {}
    for row in results.rows:
        name = (row.contrast, row.effect)
        if name != results.effect and results.is_primary(row) and row.covariates is None:
            asked.setdefault(name, []).append(row)
    return [_further(results, name, rows) for name, rows in asked.items()]


def _further(results: GroupResults, name: tuple[str, str], rows: list[Contrast]) -> Further:
    alpha = results.alpha
    apart = rows[0].compared.way == "conditions"
    asked = {**QUESTIONS, **OF_CONDITIONS} if apart else QUESTIONS
    declared = [row for row in rows if is_declared(row)]
    tested = [row for row in rows if math.isfinite(row.p_fwe)]
    others = [
        f"{words.measure(row.measure)} ({place(row)})"
        for row in tested
        if is_significant(row, alpha)
    ]
    summary = (
        f"{len(tested)} tests in {len({row.family for row in tested})} families; with a "
        f"family-wise p of at most {alpha:g}: {'; '.join(others[:8]) or 'none'}"
        f"{f' and {len(others) - 8} more' if len(others) > 8 else ''}."
    )
    return Further(
        text=asked.get(name[1], name[1]).format(number=name[0].partition("~")[2]),
        summary=summary,
        contrast=name[0],
        effect=name[1],
        head=f"change per {SLOPES[name[1]]}" if name[1] in SLOPES else "difference",
        rows=[
            FurtherRow(
                row,
                f"{words.measure(row.measure)}, {place(row)}",
                Shown.of(row) if math.isfinite(row.hedges_g) else None,
                verdict(row, alpha),
            )
            for row in declared
        ],
    )
