"""The same change under every choice of the analysis: a specification curve."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from gradshift.figures.forest import Effect
from gradshift.figures.style import AFTER, BEFORE, FAINT, INK, LARGE, RULE, SMALL, new, plain


class Variant(NamedTuple):
    """One way to analyse the data: its choices, one per kind, what it gave, and its verdict."""

    choices: tuple[str, ...]
    effect: Effect
    significant: bool
    primary: bool


def specification(
    panels: Mapping[str, Sequence[Variant]], kinds: Sequence[str], *, label: str
) -> Figure:
    """Draw effects from the smallest to the largest, and beneath each what was chosen.

    Parameters
    ----------
    panels : mapping of str to sequence of Variant
        By title.
    kinds : sequence of str
        What is chosen, such as atlas and recipe; those with one choice have no rows.
    label : str
        Of the axis of effects.

    Returns
    -------
    Figure
    """
    everything = [variant for variants in panels.values() for variant in variants]
    rows = [
        (kind, choice)
        for kind, word in enumerate(kinds)
        for choice in dict.fromkeys(variant.choices[kind] for variant in everything)
        if len({variant.choices[kind] for variant in everything}) > 1
    ]
    widths = [max(1.9, 0.22 * len(variants) + 1.0) for variants in panels.values()]
    below = 0.24 * max(len(rows), 1)
    figure = new(sum(widths) + 1.4, 2.9 + below)
    axes = figure.subplots(
        2, len(panels), squeeze=False, sharex="col", sharey="row",
        width_ratios=widths, height_ratios=[2.6, below],
    )  # fmt: skip
    for (title, variants), top, bottom in zip(panels.items(), *axes, strict=True):
        ordered = sorted(variants, key=lambda variant: _rank(variant.effect.size))
        _effects(top, ordered)
        top.set_title(title, fontsize=LARGE)
        _choices(bottom, ordered, rows)
    axes[0, 0].set_ylabel(label, fontsize=SMALL)
    axes[1, 0].set_yticks(range(len(rows)), [choice for _, choice in rows], fontsize=SMALL)
    axes[1, 0].set_ylim(len(rows) - 0.5, -0.5)
    return figure


def _rank(size: float) -> tuple[bool, float]:
    return bool(np.isnan(size)), size


def _effects(axes: Any, variants: Sequence[Variant]) -> None:
    plain(axes)
    axes.axhline(0, color=RULE, linewidth=1.2, zorder=0)
    for x, variant in enumerate(variants):
        colour = BEFORE if variant.primary else AFTER
        axes.vlines(x, variant.effect.low, variant.effect.high, color=colour, linewidth=1.4)
        axes.scatter(
            x, variant.effect.size, s=36, zorder=3, marker="o" if variant.primary else "s",
            edgecolors=colour, facecolors=colour if variant.significant else "white",
        )  # fmt: skip
    axes.set_xlim(-0.7, len(variants) - 0.3)
    axes.set_xticks([])


def _choices(axes: Any, variants: Sequence[Variant], rows: Sequence[tuple[int, str]]) -> None:
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    for y, (kind, choice) in enumerate(rows):
        chosen = np.array([variant.choices[kind] == choice for variant in variants])
        places = np.arange(len(variants))
        axes.scatter(places[~chosen], np.full((~chosen).sum(), y), s=6, c=RULE)
        axes.scatter(places[chosen], np.full(chosen.sum(), y), s=22, c=FAINT)
