"""Plain sentences about single results, never stronger than their statistics allow."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gradshift.group.contrasts import Contrast
from gradshift.group.subsets import EVEN, LOW, PLAIN
from gradshift.group.variants import Variant
from gradshift.report.direction import is_change, moved, noun, sides
from gradshift.report.numbers import apart, number, p_value, signed
from gradshift.report.verdicts import (
    can_be_significant,
    is_declared,
    is_significant,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What sentences about a result are put with.

    Parameters
    ----------
    name : str
        What the value is called, without an article.
    unit : str
    alpha : float
        Significance level.
    smallest : float
        Smallest effect of interest, in standard deviations.
    n_tests : int
        Tests of the family that were corrected together.
    """

    name: str
    unit: str
    alpha: float
    smallest: float
    n_tests: int


def interval(row: Contrast) -> tuple[float, float]:
    """Return the interval that goes with the verdict: simultaneous where that is family-wise."""
    if is_declared(row) and math.isfinite(row.ci_low_fwe):
        return row.ci_low_fwe, row.ci_high_fwe
    return row.ci_low, row.ci_high


def level(row: Contrast, alpha: float) -> float:
    """Return the level in per cent of the interval that goes with the verdict.

    Few people allow no simultaneous interval of a higher level than their smallest p leaves.
    """
    simultaneous = interval(row)[0] != row.ci_low
    return 100 * (1 - (max(alpha, row.p_min) if simultaneous else alpha))


def levels(rows: Iterable[Contrast], alpha: float) -> str:
    """Return the levels of several intervals in words, such as ``93.8 % and 95 %``."""
    every = sorted({level(row, alpha) for row in rows}) or [100 * (1 - alpha)]
    return " and ".join(f"{one:.3g} %" for one in every)


@dataclass(frozen=True, slots=True)
class Shown:
    """An effect size with the interval that goes with its verdict."""

    g: float
    low: float
    high: float

    @classmethod
    def of(cls, row: Contrast) -> "Shown":
        """Take it from a result."""
        return cls(row.hedges_g, *interval(row))


def finding(row: Contrast, terms: Terms) -> str:
    """Tell one result in a few sentences.

    Parameters
    ----------
    row : Contrast
    terms : Terms
    """
    if not math.isfinite(row.p_fwe):
        return f"The {terms.name} was not tested ({row.status})."
    size = _change(row, terms) if is_change(row) else _difference(row, terms)
    if not can_be_significant(row, terms.alpha):
        return (
            f"{size}. With {row.n} people the smallest possible p is {number(row.p_min)}, above "
            f"{terms.alpha:g}: no result can be significant, whatever its size."
        )
    return f"{size}; {_corrected(row, terms)}. {_conclusion(row, terms)}".strip()


def _change(row: Contrast, terms: Terms) -> str:
    if row.compared.way == "conditions":
        return _conditions(row, terms)
    significant = is_significant(row, terms.alpha)
    if row.compared.way == "dose":
        way = moved(row) if significant else "changed with the dose"
        return (
            f"On average the {terms.name} {way} by {signed(row.mean_change)}{_unit(terms)} for "
            f"each unit ({_inside(row, terms)})"
        )
    before, after = apart(row.mean_baseline, row.mean_followup)
    return (
        f"On average the {terms.name} {moved(row) if significant else 'went'} from {before} to "
        f"{after}{_unit(terms)} (mean change {signed(row.mean_change)}; {_inside(row, terms)})"
    )


def _conditions(row: Contrast, terms: Terms) -> str:
    """Tell a difference between conditions of the same people."""
    held, unit = row.compared, _unit(terms)
    reference, against = apart(row.mean_baseline, row.mean_followup)
    if is_significant(row, terms.alpha):
        size = f"{moved(row)}: {against} against {reference}{unit}"
    else:
        size = f"was {against}{unit} {held.against} and {reference} {held.reference}"
    return (
        f"On average the {terms.name} {size} (mean difference {signed(row.mean_change)}; "
        f"{_inside(row, terms)})"
    )


def _inside(row: Contrast, terms: Terms) -> str:
    """Say how many people went the way of the mean, and the standardised size."""
    people = ""
    if math.isfinite(row.n_direction):
        people = f"it {moved(row)} in {row.n_direction:.0f} of {row.n} people; "
    return f"{people}{_standardised(row, terms.alpha)}"


def _unit(terms: Terms) -> str:
    """Return the unit after a number; a share has none."""
    return "" if terms.unit in ("", "1") else f" {terms.unit}"


def _difference(row: Contrast, terms: Terms) -> str:
    """Tell a difference between changes: of groups, of treatments, or of delays."""
    against, reference = sides(row.contrast)
    held, unit = row.compared, _unit(terms)
    changed = f"the {terms.name} changed by"
    if held.way == "conditions":
        changed = f"the {terms.name} {held.against} differed from that {held.reference} by"
    return (
        f"On average {changed} {signed(row.mean_followup)}{unit} in {against} and by "
        f"{signed(row.mean_baseline)} in {reference} (difference {signed(row.mean_change)}; "
        f"{_standardised(row, terms.alpha)})"
    )


def _standardised(row: Contrast, alpha: float) -> str:
    low, high = interval(row)
    kind = "" if low == row.ci_low else "simultaneous "
    return (
        f"Hedges' g {number(row.hedges_g)}, {kind}{level(row, alpha):.3g} % interval "
        f"{number(low)} to {number(high)}; n = {row.n}"
    )


def _corrected(row: Contrast, terms: Terms) -> str:
    tests = f"{terms.n_tests} tests" if terms.n_tests > 1 else "one test"
    parts = [f"family-wise p = {p_value(row.p_fwe, terms.alpha)} ({row.family}: {tests})"]
    if math.isfinite(row.p_sign):
        parts.append(f"sign test p = {p_value(row.p_sign, terms.alpha)}")
    if math.isfinite(row.bf10):
        parts.append(f"Bayes factor {number(row.bf10)}")
    return ", ".join(parts)


def _conclusion(row: Contrast, terms: Terms) -> str:
    """Say what follows: of declared results a verdict, of others that they explore."""
    what = noun(row)
    if not is_declared(row):
        return "This was not declared beforehand: it is exploratory, and no evidence."
    if is_significant(row, terms.alpha):
        if not math.isfinite(row.p_page):
            return ""
        stays = "stays" if row.p_page <= terms.alpha else "does not stay"
        return (
            f"It {stays} after correction for all declared families of this page (p = "
            f"{p_value(row.p_page, terms.alpha)})."
        )
    if row.verdict == "smaller":
        return (
            f"There is evidence that any {what} is smaller than {terms.smallest:g} standard "
            f"deviations (two one-sided tests, p = {p_value(row.p_equivalence, terms.alpha)})."
        )
    return (
        f"This is undecided: neither a {what} nor that any is smaller than {terms.smallest:g} "
        "standard deviations is shown; the interval shows the effects compatible with the data."
    )


def adjusted(plain: Contrast, held: Contrast | None, alpha: float) -> str:
    """Tell a result with covariates beside the plain one; empty without any.

    Parameters
    ----------
    plain : Contrast
        Without covariates.
    held : Contrast or None
        The same with covariates.
    alpha : float
    """
    if held is None:
        return ""
    what = (held.covariates or "").replace("deltafd", "motion").replace(" ", " and ")
    if not math.isfinite(held.p_fwe):
        return f"With {what} held constant it could not be tested ({held.status})."
    left = held.mean_change / plain.mean_change if plain.mean_change else math.nan
    share = f" ({100 * left:.0f} % of it)" if math.isfinite(left) else ""
    if left < 0:
        share = " (the other direction)"
    return (
        f"With {what} held constant: {noun(held)} {signed(held.mean_change)}{share}, g "
        f"{number(held.hedges_g)}, family-wise p = {p_value(held.p_fwe, alpha)}."
    )


def in_subset(plain: Contrast, subset: Variant, alpha: float) -> str:
    """Tell a result in fewer people or values beside that of all.

    Parameters
    ----------
    plain : Contrast
    subset : Variant
    alpha : float
    """
    who = {
        LOW: "who moved little",
        EVEN: "matched for motion",
        PLAIN: "with values without a remark",
    }[subset.choice or ""]
    opposed = plain.mean_change * subset.mean_change < 0
    level = f"{100 * (1 - alpha):.3g} %"
    few = "" if subset.p_min <= alpha else f", smallest possible p {number(subset.p_min)}"
    return (
        f"In the {subset.n} people {who}: {noun(plain)} {signed(subset.mean_change)} "
        f"({'the sign differs' if opposed else 'the same direction'}), g "
        f"{number(subset.hedges_g)}, {level} interval {number(subset.ci_low)} to "
        f"{number(subset.ci_high)}, family-wise p = {p_value(subset.p_fwe, alpha)}{few}."
    )


def remarks(row: Contrast) -> str:
    """Sum up what the status of a result says; empty if there is nothing to say.

    Parameters
    ----------
    row : Contrast
    """
    parts = [
        part
        for part in row.status.split("; ")
        if part != "ok" and not part.startswith("cannot be significant")
    ]
    return f"Remark: {'; '.join(parts)}." if parts else ""
