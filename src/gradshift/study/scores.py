"""One number of each person, from what a study has of people or of their sessions."""

import math

from gradshift.bids.scores import Score
from gradshift.study.design import Design
from gradshift.study.effect import Effect

CHANGE = "change:"
"""Before a name: its change, over the same sessions as that of the values."""


def column_of(name: str) -> str:
    """Return the column that a name in a model is of."""
    return name.removeprefix(CHANGE)


def score_of(design: Design, effect: Effect, name: str) -> dict[str, float]:
    """Return the number of every person that goes with an effect.

    Parameters
    ----------
    design : Design
        With the score.
    effect : Effect
        Its weights say which sessions count: those that are weighed up, or for a change all.
    name : str
        As in the model.

    Returns
    -------
    dict
        Only of people who have it.
    """
    score = design.scores[name]
    people = {person for person, _ in score.values}
    numbers = {person: _of_person(score, design, effect, name, person) for person in people}
    return {person: number for person, number in numbers.items() if math.isfinite(number)}


def _of_person(score: Score, design: Design, effect: Effect, name: str, person: str) -> float:
    if not name.startswith(CHANGE) and (person, "") in score.values:
        return score.values[person, ""]
    sessions = design.sessions_of(person)
    if name.startswith(CHANGE):
        return sum(
            weight * score.values.get((person, session), math.nan)
            for weight, session in zip(effect.weights, sessions, strict=True)
            if weight
        )
    after = [s for weight, s in zip(effect.weights, sessions, strict=True) if weight > 0]
    known = [score.values[person, s] for s in after if (person, s) in score.values]
    return sum(known) / len(known) if known else math.nan
