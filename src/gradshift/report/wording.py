"""Plain sentences about results, never stronger than their statistics allow."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradshift.group.contrasts import Contrast
from gradshift.report import words

EXPLORATORY = frozenset({"lead", "nonreversibility"})
"""Measures of direction: regions differ in haemodynamic delay, so they are never a headline."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that answers a question, what it is called in a sentence, and on a figure."""

    measure: str
    level: str
    label: str
    name: str
    short: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Measure, level and label, as in the tables."""
        return self.measure, self.level, self.label


@dataclass(frozen=True, slots=True)
class Question:
    """One of the questions of the study, and the values that answer it."""

    text: str
    asked: tuple[Asked, ...]


QUESTIONS = (
    Question(
        "Does the default mode network hold together less?",
        (
            Asked(
                "withinfc", "network", "Default", "connectivity within the default mode network",
                "connectivity\nwithin default mode",
            ),
        ),
    ),
    Question(
        "Do high-order networks talk more with low-order ones?",
        (
            Asked(
                "lowhighfc", "whole", "whole",
                "connectivity of high-order with low-order networks",
                "high-order with\nlow-order networks",
            ),
            Asked(
                "betweenfc", "network-pair", "Default-SomMot",
                "connectivity of the default mode with the somatomotor network",
                "default mode with\nsomatomotor",
            ),
            Asked(
                "betweenfc", "network-pair", "Default-Vis",
                "connectivity of the default mode with the visual network",
                "default mode with\nvisual",
            ),
        ),
    ),
    Question(
        "Is the principal gradient compressed?",
        (
            Asked(
                "lambdaref", "whole", "whole", "strength of the hierarchy",
                "strength of\nthe hierarchy",
            ),
            Asked(
                "gradientrange", "whole", "whole", "range of the principal gradient",
                "range of the\nprincipal gradient",
            ),
            Asked(
                "gradientdistance", "network-pair", "Default-SomMot",
                "distance of the default mode from the somatomotor network on the gradient",
                "default mode to\nsomatomotor distance",
            ),
        ),
    ),
    Question(
        "Does the posterior cingulate cortex lose its role as a hub?",
        (
            Asked(
                "eigenvectorcentrality", "set", "PCC",
                "eigenvector centrality of the posterior cingulate cortex",
                "centrality of the\nposterior cingulate",
            ),
        ),
    ),
)  # fmt: skip
"""Questions 1 to 4; 5 (PET, MRS) is answered by whatever rows there are, 6 by the design."""


VERDICTS = {
    "change": ("evidence of a rise", "evidence of a fall", "no evidence of a change"),
    "difference": (
        "evidence of a higher change", "evidence of a lower change",
        "no evidence of a difference",
    ),
}  # fmt: skip
"""Verdicts of a test that could have found something: of a change, or of a difference between
changes (of groups, treatments or delays); up, down, neither."""

EVIDENCE = frozenset(said for up, down, _ in VERDICTS.values() for said in (up, down))
TESTED = frozenset(said for verdicts in VERDICTS.values() for said in verdicts)

MANY = 4
"""Values of one verdict that a sentence names; more are counted, if they come last."""


def number(value: float) -> str:
    """Write a number with three significant digits; n/a where there is none."""
    if not math.isfinite(value):
        return "n/a"
    text = f"{value:.3g}"
    return f"{value:.0f}" if "e" in text and abs(value) >= 1 else text


def signed(value: float) -> str:
    """Write a change with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def can_be_significant(row: Contrast, alpha: float) -> bool:
    """Tell whether the smallest p there can be reaches the level."""
    return bool(row.p_min <= alpha)


def is_significant(row: Contrast, alpha: float) -> bool:
    """Tell whether the family-wise p reaches the level, where it can at all."""
    return can_be_significant(row, alpha) and bool(row.p_fwe <= alpha)


def verdict(row: Contrast | None, alpha: float) -> str:
    """Say in a few words what a result allows to say.

    Parameters
    ----------
    row : mapping or None
        A row of the table of contrasts; None if there is none.
    alpha : float
        Level of significance.
    """
    if row is None:
        return "not measured"
    if not math.isfinite(row.p_fwe):
        return "not tested"
    if not can_be_significant(row, alpha):
        return f"no test: {row.n} people are too few"
    up, down, neither = VERDICTS["change" if _is_change(row) else "difference"]
    if not is_significant(row, alpha):
        return neither
    return up if row.mean_change > 0 else down


def _is_change(row: Contrast) -> bool:
    return bool(row.effect == "change")


def sides(contrast: str) -> tuple[str, str]:
    """Name what a contrast holds against what: the first minus the second.

    Parameters
    ----------
    contrast : str
        Such as ``post-pre`` or ``ketamine-placebo``.
    """
    against, _, reference = contrast.partition(":")[0].partition("-")
    told = bool(reference) and "-" not in reference
    return (against, reference) if told else ("the one", "the other")


def kind(row: Contrast | None, alpha: float) -> str:
    """Return the verdict as a class for the page: up, down, open or none."""
    if row is None or not math.isfinite(row.p_fwe) or not can_be_significant(row, alpha):
        return "none"
    if not is_significant(row, alpha):
        return "open"
    return "up" if row.mean_change > 0 else "down"


def finding(row: Contrast, name: str, unit: str, alpha: float, n_tests: int) -> str:
    """Tell one result in two or three sentences.

    Parameters
    ----------
    row : mapping
        A row of the table of contrasts.
    name : str
        What the value is called, without an article.
    unit : str
    alpha : float
        Level of significance.
    n_tests : int
        Tests of the family that were corrected together.
    """
    if not math.isfinite(row.p_fwe):
        return f"The {name} was not tested ({row.status})."
    if not _is_change(row):
        return _difference(row, name, unit, alpha, n_tests)
    size = (
        f"{number(row.mean_baseline)} to {number(row.mean_followup)} {unit} "
        f"(mean change {signed(row.mean_change)}; {_standardised(row)})"
    )
    if not can_be_significant(row, alpha):
        return (
            f"In these people the mean {name} went from {size}. With {row.n} people the "
            f"smallest possible p is {number(row.p_min)}, above {alpha:g}: no result can be "
            "significant, whatever its size."
        )
    p = _corrected(row, n_tests)
    if is_significant(row, alpha):
        moved = "rose" if row.mean_change > 0 else "fell"
        return f"On average the {name} {moved} from {size}; {p}."
    return f"On average the {name} went from {size}; {p}. {_open('a change', alpha)}"


def _standardised(row: Contrast) -> str:
    return (
        f"Hedges' g {number(row.hedges_g)}, 95 % interval {number(row.ci_low)} to "
        f"{number(row.ci_high)}; n = {row.n}"
    )


def _corrected(row: Contrast, n_tests: int) -> str:
    tests = f"{n_tests} tests" if n_tests > 1 else "one test"
    return f"family-wise p = {number(row.p_fwe)} ({row.family}: {tests})"


def _open(what: str, alpha: float) -> str:
    return (
        f"This is no evidence of {what} at the level {alpha:g}, and no evidence that there is "
        "none: the interval holds every effect that the data do not speak against."
    )


def _difference(row: Contrast, name: str, unit: str, alpha: float, n_tests: int) -> str:
    """Tell a difference between changes: of groups, of treatments, or of delays."""
    against, reference = sides(row.contrast)
    told = (
        f"On average the {name} changed by {signed(row.mean_followup)} {unit} in {against} "
        f"and by {signed(row.mean_baseline)} in {reference} (difference "
        f"{signed(row.mean_change)}; {_standardised(row)})"
    )
    if not can_be_significant(row, alpha):
        return (
            f"{told}. With {row.n} people the smallest possible p is {number(row.p_min)}, "
            f"above {alpha:g}: no result can be significant, whatever its size."
        )
    told = f"{told}; {_corrected(row, n_tests)}."
    return told if is_significant(row, alpha) else f"{told} {_open('a difference', alpha)}"


def summary(told: Sequence[tuple[str, Contrast | None]], alpha: float) -> str:
    """Sum up several results in one sentence, those of the same verdict together.

    Parameters
    ----------
    told : sequence of (str, mapping or None)
        What each value is called, without an article, and its row of the table of contrasts.
    alpha : float
    """
    verdicts: dict[str, list[str]] = {}
    for name, row in told:
        verdicts.setdefault(verdict(row, alpha), []).append(name)
    if len(verdicts) == 1:
        (said,) = verdicts
        many = {1: "", 2: " in both"}.get(len(told), f" in all {len(told)}")
        return f"{_upper(said)}{many if said in TESTED else ''}."
    parts: list[str] = []
    for said, names in sorted(verdicts.items(), key=lambda item: item[0] not in EVIDENCE):
        counted = bool(parts) and len(names) > MANY
        where = (
            f"the {len(names)} others" if counted else words.listed([f"the {n}" for n in names])
        )
        parts.append(f"{said} {'in' if said in TESTED else 'for'} {where}")
    return f"{_upper('; '.join(parts))}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def agreement(
    names: Sequence[str],
    primary: Sequence[Contrast | None],
    others: Mapping[str, Sequence[Contrast | None]],
    alpha: float,
    *,
    word: str = "recipe",
) -> str:
    """Say whether other ways to analyse the data lead to the same verdicts.

    Parameters
    ----------
    names : sequence of str, length V
        What the values are called, without an article.
    primary : sequence of mapping or None, length V
        Rows of the primary way.
    others : mapping of str to sequence of mapping or None, length V
        Rows of the others, by name.
    alpha : float
    word : str
        What the ways differ in.

    Returns
    -------
    str
        Empty where nothing can be compared: no other way, or too few people for any test.
    """
    agree, differ = [], []
    for name, rows in others.items():
        pairs = [
            (value, mine, theirs)
            for value, mine, theirs in zip(names, primary, rows, strict=True)
            if mine is not None
            and theirs is not None
            and all(math.isfinite(r.p_fwe) and can_be_significant(r, alpha)
                    for r in (mine, theirs))
        ]  # fmt: skip
        others_say = [
            (value, theirs) for value, mine, theirs in pairs
            if verdict(mine, alpha) != verdict(theirs, alpha)
        ]  # fmt: skip
        if others_say:
            said = [f"{verdict(row, alpha)} in the {value}" for value, row in others_say]
            differ.append(f"With {word} {name}: {words.listed(said)}.")
        elif pairs:
            agree.append(name)
    if differ and word == "recipe":
        differ.append("So the answer depends on how the data were cleaned.")
    if agree:
        one, verdicts = len(agree) == 1, "verdict" if len(names) == 1 else "verdicts"
        who = f"{_upper(word)}{'' if one else 's'} {words.listed(agree)}"
        differ.insert(0, f"{who} {'leads' if one else 'lead'} to the same {verdicts}.")
    return " ".join(differ)


def beside(primary: Contrast, other: Contrast, alpha: float) -> str:
    """Tell what another recipe says of the same value, beside the primary one.

    Parameters
    ----------
    primary, other : mapping
        Rows of the table of contrasts.
    alpha : float
    """
    if not math.isfinite(other.p_fwe):
        return f"With recipe {other.recipe} it was not tested ({other.status})."
    direction = "the sign differs" if _opposed(primary, other) else "the same direction"
    advice = " So this rests on how the data were cleaned." if _opposed(primary, other) else ""
    return (
        f"With recipe {other.recipe}: {verdict(other, alpha)}, {direction} (change "
        f"{signed(other.mean_change)}, g {number(other.hedges_g)}, interval "
        f"{number(other.ci_low)} to {number(other.ci_high)}, n = {other.n}, family-wise "
        f"p = {number(other.p_fwe)}).{advice}"
    )


def _opposed(primary: Contrast, other: Contrast) -> bool:
    return bool(primary.mean_change * other.mean_change < 0)


def remarks(row: Contrast) -> str:
    """Sum up what the status of a result says; empty if there is nothing to say.

    Parameters
    ----------
    row : mapping
        A row of the table of contrasts.
    """
    parts = [part for part in row.status.split("; ") if part != "ok"]
    parts = [part for part in parts if not part.startswith("cannot be significant")]
    dropped = [re.match(r"(\d+) values: unreliable", part) for part in parts]
    n_dropped = sum(int(found[1]) for found in dropped if found)
    told = [part for part, found in zip(parts, dropped, strict=True) if not found]
    if n_dropped:
        told.insert(0, f"{n_dropped} values of single sessions were unreliable and not used")
    return f"Remark: {'; '.join(told)}." if told else ""


def claim(
    rows: Sequence[Contrast],
    *,
    alpha: float,
    n_left_out: int,
    detectable: float,
    effect: str,
) -> list[str]:
    """Say how much can be claimed: people, smallest p, number of tests, design.

    Parameters
    ----------
    rows : sequence of mapping
        All results of the primary atlas and recipe.
    alpha : float
    n_left_out : int
        People without both sessions.
    detectable : float
        Smallest standardised change that one test of so many people finds in 4 of 5 studies.
    effect : str
        What is tested, as in the table.
    """
    tested = [row for row in rows if math.isfinite(row.p)]
    if not tested:
        return ["Nothing could be tested."]
    n, p_min = max(row.n for row in tested), min(row.p_min for row in tested)
    left_out = f" ({n_left_out} left out)" if n_left_out else ""
    told = [
        f"{n} people were compared{left_out}; the smallest p that so many can give is "
        f"{number(p_min)}, the level is {alpha:g}."
    ]
    if p_min > alpha:
        told[0] += " So no result on this page can be significant: it describes these people."
    if effect == "change":
        told.append(
            "The sessions of the same people are compared without a placebo: the drug cannot be "
            "told from time, expectation, order or regression to the mean."
        )
    if p_min <= alpha:
        told.append(
            f"One test alone finds a true change of {number(detectable)} standard deviations in "
            "four studies of five; smaller ones are more likely missed than found, and those "
            "that are found look larger than they are."
        )
    families = len({row.family for row in tested})
    confirmatory = sum(row.family == "confirmatory" for row in tested)
    told.append(
        f"For this comparison {len(tested)} tests were made in {families} families, each "
        f"corrected within itself and not across; {confirmatory} of them are confirmatory, the "
        "others explore."
    )
    told.append(
        "Changes in connectivity can come from motion, wakefulness, breathing or the vessels; "
        "the recipes differ in what they remove, and a result that holds in one only is weak."
    )
    return told
