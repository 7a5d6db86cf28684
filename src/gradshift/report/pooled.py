"""The page of several studies: what they show together, and a forest of each headline value."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from gradshift.core.statistics.randomeffects import STATISTIC
from gradshift.figures.forest import Effect as Drawn
from gradshift.figures.forest import forest
from gradshift.group.pooledrows import Effect, PooledRow
from gradshift.report import words
from gradshift.report.numbers import number, p_value, signed
from gradshift.report.origin import Origin
from gradshift.report.pages import Picture, picture, write_page
from gradshift.report.questions import QUESTIONS, Asked
from gradshift.report.saving import save


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """One headline value over all studies."""

    name: str
    sentence: str
    picture: Picture


def write_pooled_page(
    folder: Path,
    rows: Sequence[PooledRow],
    effects: Sequence[Effect],
    described: Mapping[str, Any],
) -> Path:
    """Draw a forest for every headline value, and write the page.

    Parameters
    ----------
    folder : Path
        Where the tables of the pooled analysis lie.
    rows : sequence of PooledRow
    effects : sequence of Effect
        Of single studies.
    described : mapping
        What the sidecar of the tables says.
    """
    alpha = float(str(described["Alpha"]))
    studies = list(dict.fromkeys(effect.study for effect in effects))
    shown = [
        (question.text, [
            _shown(folder, asked, row, effects, alpha)
            for asked in question.asked
            for row in _first_of_each_task(asked, rows)
        ])
        for question in QUESTIONS
    ]  # fmt: skip
    named: Mapping[str, str] = described["Datasets"]
    datasets = "; ".join(dict.fromkeys(filter(None, named.values())))
    made = Origin(dataset=datasets, made_by=[], runs=[])
    content = {
        "title": made.title(f"{len(studies)} studies together"),
        "n_studies": len(studies),
        "origin": made,
        "datasets": named,
        "studies": described["Studies"],
        "questions": [(text, values) for text, values in shown if values],
        "rows": [row for row in rows if not row.family.startswith("region-")],
        "methods": [],
        "statistic": STATISTIC,
    }
    return write_page(folder / "index.html", "pooled.html", content)


def _first_of_each_task(asked: Asked, rows: Sequence[PooledRow]) -> list[PooledRow]:
    """Return the rows of a headline value: of each task the first family that has it."""
    first: dict[str, PooledRow] = {}
    for row in rows:
        if (row.measure, row.level, row.label) == asked.key:
            first.setdefault(row.task, row)
    return list(first.values())


def _shown(
    folder: Path, asked: Asked, row: PooledRow, effects: Sequence[Effect], alpha: float
) -> Pooled:
    """Tell and draw one headline value."""
    of = [
        one
        for one in effects
        if (one.measure, one.level, one.label, one.family, one.task)
        == (*asked.key, row.family, row.task)
    ]
    drawn = {
        f"{one.study} (n {one.n}, {100 * one.weight:.0f} %)": [
            Drawn(one.hedges_g, one.ci_low, one.ci_high)
        ]
        for one in of
    }
    drawn[f"together (n {row.n})"] = [Drawn(row.hedges_g, row.g_low, row.g_high)]
    stem = f"{row.task if row.task != 'n/a' else ''}{row.measure}{row.label}".replace("-", "")
    figure = forest(drawn, [""], label="Hedges' g, 95 % interval")
    path = save(figure, folder / "figures" / f"{stem}.svg")
    caption = (
        f"{asked.name[0].upper()}{asked.name[1:]}: every study with its weight, and together."
    )
    task = "" if row.task == "n/a" else f" ({row.task})"
    return Pooled(
        name=asked.name + task,
        sentence=_sentence(asked, row, alpha),
        picture=picture(path, folder, caption, caption, ("studies.tsv", "pooled.tsv")),
    )


def _sentence(asked: Asked, row: PooledRow, alpha: float) -> str:
    """Say what the studies show together, no stronger than their statistics allow."""
    corrected = math.isfinite(row.p_fwe)
    p = row.p_fwe if corrected else row.p
    declared = row.family == "confirmatory" and corrected
    changed = math.isfinite(p) and p <= alpha and not row.p_within_fwe > alpha
    direction = "a rise" if row.mean_change > 0 else "a fall"
    verdict = (
        f"{'evidence of' if declared else 'exploratory:'} {direction}" if changed else "undecided"
    )
    unit = words.unit(row.measure).removeprefix("1")
    parts = [
        f"{verdict}: mean change {signed(row.mean_change)}{f' {unit}' if unit else ''} "
        f"[{number(row.ci_low)}, {number(row.ci_high)}] over {row.k} "
        f"{'study' if row.k == 1 else 'studies'} and {row.n} people, "
        f"{'family-wise ' if corrected else ''}p {p_value(p, alpha)}."
    ]
    if math.isfinite(row.i2):
        parts.append(
            f"Of the variance {100 * row.i2:.0f} % is between studies (Q {number(row.q)}, p "
            f"{p_value(row.p_q, alpha)})."
        )
    if common := _common_interval(row, alpha):
        parts.append(
            "The studies agree more closely than their own precision leads one to expect, which "
            f"makes this interval short; that of one effect common to all is "
            f"[{number(common[0])}, {number(common[1])}]."
        )
    if math.isfinite(row.predict_low):
        parts.append(
            f"In a further study the change is expected between {number(row.predict_low)} and "
            f"{number(row.predict_high)}."
        )
    if math.isfinite(row.p_within_fwe):
        parts.append(
            f"By flips within studies the family-wise p is {p_value(row.p_within_fwe, alpha)}."
        )
    return " ".join(parts)


def _common_interval(row: PooledRow, alpha: float) -> tuple[float, float] | None:
    """Return the interval of one effect common to all studies, where it is the wider one.

    Hartung and Knapp scale the standard error by what studies differ; where they differ by less
    than their own precision explains, it becomes smaller than that of a common effect.
    """
    if row.tau2 == 0 and row.q > 0:
        se = row.se * math.sqrt((row.k - 1) / row.q)
        reach = NormalDist().inv_cdf(1 - alpha / 2) * se
        if reach > row.ci_high - row.mean_change:
            return row.mean_change - reach, row.mean_change + reach
    return None
