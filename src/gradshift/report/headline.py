"""The question of the title, answered in one line."""

import math
from collections.abc import Sequence

from gradshift.group.contrasts import Contrast
from gradshift.report.direction import is_change, moved, sides
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, p_value
from gradshift.report.questions import QUESTIONS, Asked
from gradshift.report.sentences import interval, level
from gradshift.report.verdicts import can_be_significant, is_declared, verdict

HIERARCHY = ("lambdaref", "whole", "whole")
"""The declared value that is the hierarchy itself."""


def headline(results: GroupResults, task: str) -> str:
    """Answer whether the hierarchy flattened, with direction, interval and what else agrees.

    Parameters
    ----------
    results : GroupResults
    task : str
    """
    asked = [one for question in QUESTIONS for one in question.asked]
    values = [(one, results.find(one.key, task, results.recipe)) for one in asked]
    declared = [(one, row) for one, row in values if row is not None and is_declared(row)]
    row = next((row for one, row in declared if one.key == HIERARCHY), None)
    if row is None:
        return "Not measured: the strength of the hierarchy is not among the results."
    if not math.isfinite(row.p_fwe):
        return f"Not tested: {row.status}."
    alpha = results.alpha
    return f"{_answer(row, alpha)} {_effect(row, alpha)}{_others(declared, alpha)}"


def _answer(row: Contrast, alpha: float) -> str:
    """Say yes, no or undecided, of the strength of the hierarchy."""
    if not can_be_significant(row, alpha):
        return f"It cannot be told with {row.n} people:"
    kind = verdict(row, alpha).kind
    answers = {"down": "Yes:", "up": "No, the opposite:", "smaller": "Not so much as matters:"}
    return answers.get(kind, "Undecided:")


def _effect(row: Contrast, alpha: float) -> str:
    low, high = interval(row)
    kind = "family-wise " if low != row.ci_low else ""
    size = f"{number(abs(row.hedges_g))} SD"
    if is_change(row):
        what = f"the strength of the hierarchy {moved(row, size)}"
    else:
        against, reference = sides(row.contrast)
        way = "lower" if row.mean_change < 0 else "higher"
        what = (
            f"the {'change' if row.compared.way == 'time' else 'difference'} of the strength of "
            f"the hierarchy was {size} {way} in {against} than in {reference}"
        )
    return (
        f"{what} (g "
        f"{number(row.hedges_g)}, {kind}{level(row, alpha):.3g} % interval {number(low)} to "
        f"{number(high)}, p = {p_value(row.p_fwe, alpha)})"
    )


def _others(declared: Sequence[tuple[Asked, Contrast]], alpha: float) -> str:
    """Count the other declared values that changed as the question expects."""
    rest = [(one, row) for one, row in declared if one.key != HIERARCHY]
    signs = [(verdict(row, alpha).sign, one.expected) for one, row in rest]
    agree = sum(sign == expected for sign, expected in signs)
    against = sum(sign == -expected for sign, expected in signs)
    opposite = f", {against} contradict it" if against else ""
    return f"; {agree} of {len(rest)} other declared values agree{opposite}." if rest else "."
