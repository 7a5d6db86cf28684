"""What is asked of conditions: every contrast, periods and orders, and groups within it."""

from collections.abc import Sequence
from dataclasses import replace

from gradshift.study.design import Design, Weighted
from gradshift.study.effect import Effect
from gradshift.study.order import period_and_order

SUBGROUP = 6
"""Fewer people than this in one of several groups are described, but not tested."""


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for every contrast, for what periods and orders do, and whether groups differ in it."""
    effects = [_effect(contrast, compared) for contrast in design.weighted]
    further = [
        one
        for contrast, effect in zip(design.weighted, effects, strict=True)
        for one in _further(contrast, effect, len(effects) > 1)
    ]
    between = [
        one for effect in effects for one in _between(design, effect, compared)
    ] if design.groups else []  # fmt: skip
    return [*effects, *between, *further]


def _effect(contrast: Weighted, compared: Sequence[str]) -> Effect:
    """Ask whether one contrast differs from 0."""
    first = {person: contrast.first[person] for person in compared if person in contrast.first}
    return Effect(
        contrast=contrast.name,
        effect="change",
        kind="crossover" if contrast.treatments else "change",
        minus=contrast.minus,
        plus=contrast.plus,
        predictor=first if contrast.treatments else {},
        family=contrast.family,
    )


def _further(contrast: Weighted, effect: Effect, several: bool) -> list[Effect]:
    """Ask for periods and orders; of one of several contrasts by its name."""
    if not contrast.treatments:
        return []
    reference, against = contrast.treatments
    asked = period_and_order(effect, against, reference)
    return [
        replace(one, contrast=f"{one.contrast} of {contrast.name}") if several else one
        for one in asked
    ]


def _between(design: Design, effect: Effect, compared: Sequence[str]) -> list[Effect]:
    """Ask whether groups differ in a contrast, and for the contrast in each group."""
    groups = {
        person: float(design.groups[person] == design.against)
        for person in compared
        if person in design.groups
    }
    asked = replace(
        effect,
        contrast=f"{design.against}-{design.reference} in {effect.contrast}",
        effect="group-by-time",
        kind="groups",
        predictor=groups,
    )
    return [asked] + [
        replace(
            effect,
            contrast=f"{name}:{effect.contrast}",
            people=frozenset(person for person, value in groups.items() if value == code),
            predictor={p: v for p, v in effect.predictor.items() if groups.get(p) == code},
            least=SUBGROUP,
        )
        for code, name in ((0.0, design.reference), (1.0, design.against))
    ]
