"""What is held against what, in the words of its design: before and after, drug and placebo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gradshift.study.design import Design
from gradshift.study.effect import Effect

SLOPE = "slope(dose)"
"""Name of the contrast that is a slope on the dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a change is one between.

    Parameters
    ----------
    way : {'time', 'conditions', 'dose'}
        From before to after; between conditions of the same people; with the dose.
    reference, against : str
        With a preposition, such as ``under placebo``; empty over time and with the dose.
    """

    way: Literal["time", "conditions", "dose"] = "time"
    reference: str = ""
    against: str = ""


OVER_TIME = Compared()


def compared_of(design: Design, effect: Effect) -> Compared:
    """Say what the change of an effect is one between.

    Parameters
    ----------
    design : Design
    effect : Effect
        Of changes, or of their difference between groups.
    """
    if design.kind == "doses" and effect.contrast == SLOPE:
        return Compared(way="dose")
    apart = design.kind in ("conditions", "doses") or design.named_conditions
    if not apart or effect.effect not in ("change", "group-by-time"):
        return OVER_TIME
    for one in design.weighted:
        if one.treatments and (one.minus, one.plus) == (effect.minus, effect.plus):
            reference, against = one.treatments
            return Compared(
                way="conditions", reference=f"under {reference}", against=f"under {against}"
            )
    names = [condition.name.removeprefix("ses-") for condition in design.conditions]
    at = "at" if design.kind == "doses" else "in"
    return Compared(
        way="conditions",
        reference=f"{at} {_side(names, effect.minus)}",
        against=f"{at} {_side(names, effect.plus)}",
    )


def _side(names: Sequence[str], weights: Sequence[float]) -> str:
    """Name the conditions of one side of a contrast."""
    held = [(name, weight) for name, weight in zip(names, weights, strict=True) if weight]
    if len(held) == 1:
        return held[0][0]
    total = sum(weight for _, weight in held)
    kind = "sum" if abs(total - 1) > 1e-6 else "mean"
    uneven = "weighted " if len({weight for _, weight in held}) > 1 else ""
    *first, last = [name for name, _ in held]
    return f"the {uneven}{kind} of {', '.join(first)} and {last}"
