"""What a result allows to say, in a few words: never more than its test."""

import math
from dataclasses import dataclass
from typing import Literal

from gradshift.group.contrasts import Contrast
from gradshift.report.direction import up_and_down

Kind = Literal["up", "down", "smaller", "open", "hint-up", "hint-down", "none"]
"""A declared change up or down, a change smaller than what matters, undecided, an exploratory
change up or down, or no test."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a result allows to say.

    Parameters
    ----------
    kind : str
        See `Kind`; also the class that the page shows it with.
    text : str
        In a few words.
    """

    kind: Kind
    text: str

    @property
    def is_evidence(self) -> bool:
        """Whether it is evidence of a change: declared beforehand and corrected."""
        return self.kind in ("up", "down")

    @property
    def is_tested(self) -> bool:
        """Whether there was a test that could have found something."""
        return self.kind != "none"

    @property
    def sign(self) -> int:
        """Direction of a change that was found; 0 if none was."""
        return {"up": 1, "hint-up": 1, "down": -1, "hint-down": -1}.get(self.kind, 0)


def is_declared(row: Contrast) -> bool:
    """Tell whether a result is of a family that was declared beforehand."""
    return row.verdict != "n/a"


def can_be_significant(row: Contrast, alpha: float) -> bool:
    """Tell whether the smallest p there can be reaches the level."""
    return row.p_min <= alpha


def is_significant(row: Contrast, alpha: float) -> bool:
    """Tell whether the family-wise p reaches the level, where it can at all.

    A declared result must be called a change in its table as well.
    """
    reached = can_be_significant(row, alpha) and row.p_fwe <= alpha
    return reached and (not is_declared(row) or row.verdict == "change")


def verdict(row: Contrast | None, alpha: float) -> Verdict:
    """Say in a few words what a result allows to say.

    Parameters
    ----------
    row : Contrast or None
        None if there is none.
    alpha : float
        Significance level.
    """
    if row is None:
        return Verdict("none", "not measured")
    if not math.isfinite(row.p_fwe):
        return Verdict("none", "not tested")
    if not can_be_significant(row, alpha):
        return Verdict("none", f"no test: {row.n} people are too few")
    up, down = up_and_down(row)
    rises = row.mean_change > 0
    if not is_declared(row):
        if not is_significant(row, alpha):
            return Verdict("open", "exploratory: no corrected result")
        return Verdict(
            "hint-up" if rises else "hint-down", f"exploratory: {up if rises else down}"
        )
    if is_significant(row, alpha):
        return Verdict("up" if rises else "down", f"evidence of {up if rises else down}")
    if row.verdict == "smaller":
        return Verdict("smaller", "smaller than what matters")
    return Verdict("open", "undecided")
