"""Ratings, plasma levels, heart rates: numbers of the study that are outcomes themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradshift.core.inference.families import SCORE
from gradshift.group.contrasts import Contrast
from gradshift.report.direction import sides
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import p_value
from gradshift.report.section import Builder, Section
from gradshift.report.sentences import Terms, finding
from gradshift.report.words import session


def build(results: GroupResults) -> Section | None:
    """Show the changes of the outcomes that a model names, and what they go with."""
    rows = [row for row in results.rows if row.family == SCORE]
    headline = [row for row in rows if results.is_main(row)]
    if not headline:
        return None
    about = results.about.get("Outcomes", {})
    return Section(
        title="Did ratings, levels or rates change?",
        table="contrasts.tsv",
        lead=[
            *(finding(row, _terms(row, about, results, len(headline))) for row in headline),
            *_together(rows, about, results.alpha),
        ],
        heads=["score", "unit", "n", *_sides(results), results.tested.mean, "g", "p",
               "family-wise p", "corrected for the page"],
        rows=[
            [_name(row, about), _unit(row, about) or "n/a", row.n, row.mean_baseline,
             row.mean_followup, row.mean_change, row.hedges_g, row.p, row.p_fwe, row.p_page]
            for row in headline
        ],
        note=" ".join([*_sources(headline, about), "Family score: corrected together."]),
    )  # fmt: skip


def _terms(row: Contrast, about: Mapping[str, Any], results: GroupResults, n_tests: int) -> Terms:
    return Terms(
        name=_name(row, about),
        unit=_unit(row, about),
        alpha=results.alpha,
        smallest=results.smallest,
        n_tests=n_tests,
    )


def _unit(row: Contrast, about: Mapping[str, Any]) -> str:
    return str(about.get(row.measure, {}).get("Units", ""))


def _sides(results: GroupResults) -> list[str]:
    """Head the two means: of sessions, or of changes that are compared."""
    if results.effect[1] == "change":
        return [f"mean, {session(name)}" for name in results.sessions]
    against, reference = sides(results.effect[0])
    return [f"mean change, {reference}", f"mean change, {against}"]


def _name(row: Contrast, about: Mapping[str, Any]) -> str:
    """Return the column that a score is, as it is read aloud."""
    return str(about.get(row.measure, {}).get("Column", row.measure)).replace("_", " ")


def _together(rows: Sequence[Contrast], about: Mapping[str, Any], alpha: float) -> list[str]:
    """Say which numbers of people the changes of outcomes go with."""
    return [
        f"The change of {_name(row, about)} goes with "
        f"{row.contrast.rpartition('~')[2]} over people "
        f"(Spearman, {row.n} people, family-wise p = {p_value(row.p_fwe, alpha)})."
        for row in rows
        if row.effect == "moderator" and row.p_fwe <= alpha
    ]


def _sources(rows: Sequence[Contrast], about: Mapping[str, Any]) -> list[str]:
    """Name the column of each score, and what the ends of its scale mean."""
    texts = []
    for row in rows:
        score = about.get(row.measure, {})
        ends = list(dict(score.get("Levels", {})).items())
        scale = "; ".join(f"{value}: {text}" for value, text in dict(ends[:1] + ends[-1:]).items())
        where = (
            f"{row.measure} is {score.get('Column', row.measure)} of {score.get('Table', 'n/a')}"
        )
        texts.append(f"{where}{f' ({scale})' if scale else ''}.")
    return texts


SECTION = Builder(name="scores", rank=3, build=build)
