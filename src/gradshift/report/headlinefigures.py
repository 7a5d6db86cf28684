"""Figures of the headline values: every person, effect sizes, and every choice."""

import math
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from gradshift.figures.forest import Effect, forest
from gradshift.figures.slopes import EXTREME, MOST_NAMED, Pairs, slopes
from gradshift.figures.specification import Variant, specification
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.grouped import GroupResults
from gradshift.report.questions import Asked
from gradshift.report.sentences import Shown, levels


def headline_pictures(album: Album, asked: Sequence[Asked]) -> Named:
    """Draw every person, and the effect sizes with their intervals."""
    results, task = album.results, album.task
    values = results.values(task)
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    pairs = [pairs_of(values.of(one.key), words.unit(one.measure), values.people) for one in asked]
    panels = {one.short: pair for one, pair in zip(asked, pairs, strict=True)}
    between = results.compared.way == "conditions"
    both = ("in {} and in {}" if between else "from {} to {}").format(*sessions)
    groups = "" if results.effect[1] == "change" else " People of all groups."
    some = f" Named: the {EXTREME} who rose and the {EXTREME} who fell most."
    some = some if len(values.people) > MOST_NAMED else ""
    if any(np.isfinite(p.baseline + p.followup).any() for p in pairs):
        yield album.put(
            "slopes",
            slopes(panels, sessions),
            f"One line per person {both} for {len(panels)} measures, "
            "with the mean as a thick line.",
            f"Every person {both}, recipe {results.recipe}; the "
            "thick line is the mean. People without a reliable value in both sessions have no "
            f"line.{groups}{some}",
            "measures.tsv",
        )
    rows = [results.find(one.key, task, recipe) for one in asked for recipe in results.recipes]
    kind = levels([row for row in rows if row is not None], results.alpha)
    yield album.put(
        "forest",
        forest(
            _effects(results, task, asked),
            results.recipes,
            label=f"Hedges' g, {kind} interval",
        ),
        f"Hedges' g with {kind} intervals of the headline measures, recipes beside each other; "
        "the numbers are in the table of results.",
        f"Standardised effects ({results.tested.mean}) with their {kind} intervals, simultaneous "
        f"over the family for what was declared beforehand. Filled: {results.recipe}, the primary "
        "recipe.",
        "contrasts.tsv",
    )


def _effects(results: GroupResults, task: str, asked: Sequence[Asked]) -> dict[str, list[Effect]]:
    missing = Effect(math.nan, math.nan, math.nan)
    rows = {}
    for one in asked:
        shown = [results.find(one.key, task, recipe) for recipe in results.recipes]
        rows[one.short.replace("\n", " ")] = [
            Effect(*astuple(Shown.of(row))) if row else missing for row in shown
        ]
    return rows


def specification_pictures(album: Album, asked: Sequence[Asked]) -> Named:
    """Draw the confirmatory values under every atlas and recipe, where there are several."""
    results = album.results
    panels = {}
    for one in asked:
        primary = results.find(one.key, album.task, results.recipe)
        if primary is not None and primary.family == "confirmatory":
            panels[one.short] = variants_of(results, one.key, album.task)
    if max(map(len, panels.values()), default=0) < 2:
        return
    yield album.put(
        "specification",
        specification(panels, CHOICES, label=SPECIFIED),
        "Effect sizes of the confirmatory measures under every choice of atlas, recipe, kernel "
        "of the gradients and density of the graphs, from the smallest to the largest, with dots "
        "beneath that say what was chosen.",
        "Every choice of atlas and recipe, of gradients also of the kernel (aligned to the mean "
        "of all sessions compared), of graphs also of the density, and of other outputs, from "
        "the smallest effect to the largest; the dots beneath say which. Circle: the primary "
        f"choice. Filled: family-wise p at most {results.alpha:g}. A result that depends on one "
        "choice is weak.",
        "variants.tsv",
        "robustness.tsv",
    )


AS_RUN = "as run"
"""No other kernel, density or output."""


CHOICES = ("atlas", "recipe", "choice")
"""What a variant of the analysis chooses: of the third, the kernel, density or output."""

SPECIFIED = "Hedges' g, 95 % interval"
"""What a specification curve shows."""


def variants_of(results: GroupResults, key: tuple[str, str, str], task: str) -> list[Variant]:
    """Return what every variant of the analysis gave for a measure, level and label."""
    fixed = ("func", task, *results.effect, *key)
    names = ("modality", "task", "contrast", "effect", "measure", "level", "label")
    variants = []
    for row in results.variants:
        if tuple(getattr(row, name) for name in names) == fixed and math.isfinite(row.hedges_g):
            choice = row.choice or AS_RUN
            variants.append(
                Variant(
                    choices=(row.atlas, row.recipe, choice.removesuffix(" label-blind")),
                    effect=Effect(row.hedges_g, row.ci_low, row.ci_high),
                    significant=row.p_min <= results.alpha and row.p_fwe <= results.alpha,
                    primary=(row.atlas, row.recipe, choice)
                    == (results.atlas, results.recipe, AS_RUN),
                )
            )
    return variants


def pairs_of(values: NDArray[np.float64], unit: str, people: Sequence[str]) -> Pairs:
    """Name the values of people in two sessions without the prefix of the participants."""
    return Pairs(values[:, 0], values[:, 1], unit, [one.removeprefix("sub-") for one in people])
