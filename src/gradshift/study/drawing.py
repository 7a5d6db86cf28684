"""A design drawn in words: its conditions, who has them, and the weights of what is asked."""

from collections.abc import Iterator, Sequence

from gradshift.study.design import Design
from gradshift.study.effect import Effect, sizes
from gradshift.study.participation import Participation


def drawn(
    design: Design, effects: Sequence[Effect], people: Sequence[Participation]
) -> Iterator[str]:
    """Draw a design before anything is computed, a line for each condition and contrast.

    Parameters
    ----------
    design : Design
    effects : sequence of Effect
    people : sequence of Participation
    """
    names = sorted({person.participant_id for person in people if person.included})
    width = max(len(condition.name) for condition in design.conditions)
    in_time = design.kind != "conditions"  # a placebo is no time point
    for i, condition in enumerate(design.conditions):
        sessions = sorted({design.sessions_of(name)[i] for name in names})
        side = f"{'before' if condition.before else 'after':<6}  " if in_time else ""
        yield f"  {condition.name:<{width}}  {side}{', '.join(sessions) or 'nobody'}"
    plain = [effect for effect in effects if not effect.covariates]
    longest = max(len(effect.contrast) for effect in plain)
    for effect in plain:
        yield f"  {effect.contrast:<{longest}}  = {_sum(design, effect)}{_who(effect, names)}"


def _sum(design: Design, effect: Effect) -> str:
    """Write what is held against what as a sum of conditions."""
    weighed = zip(effect.weights, (one.name for one in design.conditions), strict=True)
    terms = [
        f"{'+' if weight > 0 else '-'} {f'{abs(weight):g} ' if abs(weight) != 1 else ''}{name}"
        for weight, name in sorted(weighed, key=lambda one: one[0] < 0)
        if weight
    ]
    return " ".join(terms).removeprefix("+ ")


def _who(effect: Effect, names: Sequence[str]) -> str:
    """Say by what it is compared, and of whom."""
    if effect.kind == "groups":
        return f" between groups of {sizes(effect.predictor)[0]} and {sizes(effect.predictor)[1]}"
    if effect.kind == "crossover":
        after, before = sizes(effect.predictor)
        order = f"{before} had it first, {after} second, {len(names) - before - after} not known"
        return f" in the same people ({order})"
    if effect.kind == "number":
        return " against a number of people"
    if effect.kind == "sessions":
        return " by the own sessions of each person"
    n = len(names if effect.people is None else effect.people)
    return f" in {n} people"
