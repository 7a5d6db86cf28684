"""Up and down in the words of what is compared: over time, between conditions, with the dose."""

from typing import NamedTuple

from gradshift.group.contrasts import Contrast
from gradshift.study.compared import Compared


class Tested(NamedTuple):
    """What the headline results are of, in words: of one person, and what is tested."""

    noun: str
    mean: str


NO_DIRECTION = ("order", "period")
"""Effects of the design: which way they go has no name."""

SLOPES = {"days": "day", "moderator": "unit"}
"""Effects that are slopes of the change, and what they are per."""


def sides(contrast: str) -> tuple[str, str]:
    """Name what a contrast holds against what: the first minus the second.

    Parameters
    ----------
    contrast : str
        Such as ``post-pre``, ``ketamine-placebo`` or ``patients-controls in drug-placebo``.
    """
    bare = contrast.partition(":")[0].partition(" in ")[0].partition(" of ")[0]
    against, _, reference = bare.partition("-")
    clear = bool(reference) and "-" not in reference
    return (against, reference) if clear else ("the one", "the other")


def is_change(row: Contrast) -> bool:
    """Tell whether a result is of changes, and not of their difference."""
    return row.effect == "change"


def noun(row: Contrast) -> str:
    """Call a result a change or a difference."""
    return "change" if is_change(row) and row.compared.way != "conditions" else "difference"


def up_and_down(row: Contrast) -> tuple[str, str]:
    """Name both directions of a result, as what there is evidence of."""
    if row.effect in NO_DIRECTION:
        return "a difference", "a difference"
    what = "difference" if row.compared.way == "conditions" else "change"
    if row.effect in SLOPES:
        number = row.contrast.partition("~")[2] or "the days"
        return f"a {what} that rises with {number}", f"a {what} that falls with {number}"
    if not is_change(row):
        return f"a higher {what}", f"a lower {what}"
    return {
        "time": ("a rise", "a fall"),
        "dose": ("a rise with the dose", "a fall with the dose"),
        "conditions": (
            f"a higher value {row.compared.against}",
            f"a lower value {row.compared.against}",
        ),
    }[row.compared.way]


def moved(row: Contrast, by: str = "") -> str:
    """Say which way a value went, after its name; for changes, not their difference.

    Parameters
    ----------
    row : Contrast
    by : str
        How much, where it is said: ``0.5 SD``.
    """
    rises = row.mean_change > 0
    held = row.compared
    if held.way == "conditions":
        word = "higher" if rises else "lower"
        return f"was {f'{by} ' if by else ''}{word} {held.against} than {held.reference}"
    word = "rose" if rises else "fell"
    along = " with the dose" if held.way == "dose" else ""
    return f"{word}{along}{f' by {by}' if by else ''}"


def tested(effect: tuple[str, str], compared: Compared) -> Tested:
    """Call what the main question tests: changes, differences, or differences between them.

    Parameters
    ----------
    effect : pair of str
        Contrast and effect.
    compared : Compared
    """
    one, along = {
        "time": ("change", ""),
        "dose": ("change", " per unit of dose"),
        "conditions": ("difference", ""),
    }[compared.way]
    if effect[1] == "change":
        return Tested(f"{one}{along}", f"mean {one}{along}")
    return Tested(f"difference between {one}s{along}", f"difference between mean {one}s{along}")


def both_ways(effect: tuple[str, str], compared: Compared) -> tuple[str, str]:
    """Name both directions of the main question, for counts and legends.

    Parameters
    ----------
    effect : pair of str
        Contrast and effect.
    compared : Compared
    """
    if effect[1] != "change":
        where = f"in {sides(effect[0])[0]}"
    elif compared.way == "conditions":
        where = compared.against
    else:
        return "rose", "fell"
    return f"higher {where}", f"lower {where}"
