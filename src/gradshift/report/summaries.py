"""One line for a question, judged against what was asked; and what the whole page may claim."""

import math
from collections.abc import Mapping, Sequence

from gradshift.group.contrasts import Contrast
from gradshift.group.recipes import RecipeDifference
from gradshift.report import words
from gradshift.report.direction import is_change, moved, noun, sides
from gradshift.report.numbers import number, p_value, signed
from gradshift.report.questions import Asked
from gradshift.report.sentences import Shown, level
from gradshift.report.verdicts import Verdict, is_declared, verdict

Found = Sequence[tuple[Asked, Contrast | None]]
"""The values that answer a question, and their results."""

MANY = 4
"""Values of one verdict that a sentence names; more are counted, if they come last."""


def upper(text: str) -> str:
    """Begin a sentence with a capital letter."""
    return text[:1].upper() + text[1:]


def answer(results: Found, alpha: float) -> str:
    """Answer a question in one line, from what was declared beforehand alone.

    Parameters
    ----------
    results : sequence of (Asked, Contrast or None)
    alpha : float
        Significance level.
    """
    declared = [(asked, row) for asked, row in results if row is not None and is_declared(row)]
    if not declared:
        if all(row is None for _, row in results):
            return "Not measured."
        verdicts = {verdict(row, alpha).text for _, row in results}
        only = verdicts.pop() if len(verdicts) == 1 else "exploratory results only"
        return f"{upper(only)}."
    judged = [(asked, row, verdict(row, alpha)) for asked, row in declared]
    asked_for = [one for one in judged if one[2].sign == one[0].expected]
    opposite = [one for one in judged if one[2].sign == -one[0].expected]
    others = [one for one in judged if not one[2].sign]
    parts = [_moved(asked, row) for asked, row, _ in (*asked_for, *opposite)]
    rest = _by_text([(asked.name, result) for asked, _, result in others])
    if asked_for and opposite:
        lead = "Mixed"
    elif asked_for:
        lead = "Yes" if not others else "In part"
    elif opposite:
        lead = "No: the opposite"
    else:
        return f"{upper(rest)}."
    return f"{lead}: {'; '.join(filter(None, (words.listed(parts), rest)))}."


def _moved(asked: Asked, row: Contrast) -> str:
    if is_change(row):
        return f"the {asked.name} {moved(row)}"
    against, reference = sides(row.contrast)
    first, second = row.mean_followup, row.mean_baseline
    over_time = row.compared.way == "time"
    if over_time and first * second > 0 and (first - second) * row.mean_change > 0:
        more = "more" if abs(first) > abs(second) else "less"
        way = "rose" if first > 0 else "fell"
        return f"the {asked.name} {way} {more} in {against} than in {reference}"
    higher = "higher" if row.mean_change > 0 else "lower"
    what = "change" if over_time else "difference"
    return f"the {what} of the {asked.name} was {higher} in {against} than in {reference}"


def _by_text(verdicts: Sequence[tuple[str, Verdict]]) -> str:
    """Put values of the same verdict together."""
    texts: dict[str, list[str]] = {}
    for name, result in verdicts:
        texts.setdefault(result.text, []).append(name)
    if len(texts) == 1 and len(verdicts) > 1:
        (text,) = texts
        return f"{text}{' in both' if len(verdicts) == 2 else f' in all {len(verdicts)}'}"
    return "; ".join(
        f"{text} for {words.listed([f'the {name}' for name in names])}"
        for text, names in texts.items()
    )


def summary(results: Sequence[tuple[str, Contrast | None]], alpha: float) -> str:
    """Sum up several results in one sentence, those of the same verdict together.

    Parameters
    ----------
    results : sequence of (str, Contrast or None)
        What each value is called, without an article, and its result.
    alpha : float
    """
    verdicts = [(name, verdict(row, alpha)) for name, row in results]
    texts: dict[str, list[str]] = {}
    for name, result in sorted(verdicts, key=lambda pair: not pair[1].is_evidence):
        texts.setdefault(result.text, []).append(name)
    if len(texts) == 1:
        (text,) = texts
        many = {1: "", 2: " in both"}.get(len(verdicts), f" in all {len(verdicts)}")
        return f"{upper(text)}{many if verdicts[0][1].is_tested else ''}."
    parts: list[str] = []
    for text, names in texts.items():
        counted = bool(parts) and len(names) > MANY
        where = (
            f"the {len(names)} others" if counted else words.listed([f"the {n}" for n in names])
        )
        parts.append(f"{text} for {where}")
    return f"{upper('; '.join(parts))}."


def agreement(differences: Sequence[RecipeDifference], names: Mapping[tuple[str, str, str], str],
              alpha: float) -> str:  # fmt: skip
    """Say whether other recipes give other changes, by the paired differences of people.

    Parameters
    ----------
    differences : sequence of RecipeDifference
    names : mapping of (measure, level, label) to str
        What the values are called, without an article.
    alpha : float
    """
    sentences = []
    for other in dict.fromkeys(row.other for row in differences):
        rows = [row for row in differences if row.other == other and math.isfinite(row.p_fwe)]
        apart = [row for row in rows if row.p_fwe <= alpha]
        if apart:
            values = [
                f"the {names[row.measure, row.level, row.label]} (by {signed(row.mean_difference)}"
                f", p = {p_value(row.p_fwe, alpha)})"
                for row in apart
            ]
            sentences.append(
                f"Recipe {other} gives another change of {words.listed(values)}: the answer "
                "depends on how the data were cleaned."
            )
        elif rows:
            least = min(row.p_fwe for row in rows)
            sentences.append(
                f"No evidence that recipe {other} gives other changes (smallest p = "
                f"{p_value(least, alpha)})."
            )
    return " ".join(sentences)


def beside(primary: Contrast, other: Contrast, alpha: float) -> str:
    """Tell what another recipe says of the same value, beside the primary one.

    No verdict: only the primary recipe was declared, and "evidence here, not there" compares
    nothing; see `agreement`.

    Parameters
    ----------
    primary, other : Contrast
    alpha : float
    """
    if not math.isfinite(other.p_fwe):
        return f"With recipe {other.recipe} it was not tested ({other.status})."
    shown = Shown.of(other)
    opposed = primary.mean_change * other.mean_change < 0
    direction = "the sign differs" if opposed else "the same direction"
    return (
        f"With recipe {other.recipe}: {direction} ({noun(other)} "
        f"{signed(other.mean_change)}, g {number(shown.g)}, {level(other, alpha):.3g} % interval "
        f"{number(shown.low)} to {number(shown.high)}, n = {other.n}, family-wise "
        f"p = {p_value(other.p_fwe, alpha)})."
    )


def shift(by_recipe: Mapping[str, Sequence[Contrast]], alpha: float) -> str:
    """Tell what changed over the whole cortex at once, with every recipe; empty without values.

    Whatever shifts all correlations moves most results, and recipes differ in what they leave of
    it: where they disagree, this may be why.

    Parameters
    ----------
    by_recipe : mapping of str to sequence of Contrast
        Results of the whole cortex, such as mean connectivity, by recipe, the primary one first.
    alpha : float
    """
    measured: dict[str, list[str]] = {}
    for recipe, rows in by_recipe.items():
        for row in rows:
            if math.isfinite(row.mean_change):
                shown = Shown.of(row)
                measured.setdefault(row.measure, []).append(
                    f"{signed(row.mean_change)} with {recipe} (g {number(shown.g)}, "
                    f"{number(shown.low)} to {number(shown.high)}; {verdict(row, alpha).text})"
                )
    changed = [f"{words.measure(name)} {words.listed(texts)}" for name, texts in measured.items()]
    if not changed:
        return ""
    what = noun(next(row for rows in by_recipe.values() for row in rows)).capitalize()
    return f"{what} over the whole cortex: {'; '.join(changed)}."


def claim(
    rows: Sequence[Contrast], *, alpha: float, n_left_out: int, chance: Mapping[str, float]
) -> list[str]:
    """Say how much can be claimed: people, smallest p, number of tests and families.

    Parameters
    ----------
    rows : sequence of Contrast
        All results of the main question, with the primary atlas and recipe.
    alpha : float
    n_left_out : int
        People without all sessions that count.
    chance : mapping of str to float
        ``Expected`` families with a corrected hit by chance alone; empty where not known.
    """
    tested = [row for row in rows if math.isfinite(row.p)]
    if not tested:
        return ["Nothing could be tested."]
    declared = [row for row in tested if is_declared(row)] or tested
    n, p_min = max(row.n for row in declared), min(row.p_min for row in declared)
    left_out = f" ({n_left_out} left out)" if n_left_out else ""
    sentences = [
        f"{n} people were compared{left_out}; the smallest p that so many can give is "
        f"{number(p_min)}, the level is {alpha:g}."
    ]
    if p_min > alpha:
        sentences[0] += " So no result on this page can be significant: it describes these people."
    families = {row.family for row in tested}
    n_declared = sum(is_declared(row) for row in tested)
    sentences.append(
        f"For this comparison {len(tested)} tests were made in {len(families)} families, each "
        f"corrected within itself; {n_declared} of them were declared beforehand, the others "
        "are exploratory."
    )
    if chance:
        sentences.append(
            f"If nothing had changed, {number(chance['Expected'])} families would be expected to "
            "hold a corrected result by chance, according to the same rearrangements."
        )
    sentences.append(
        "Changes in connectivity can come from motion, wakefulness, breathing or the vessels; "
        "the recipes differ in what they remove."
    )
    return sentences
