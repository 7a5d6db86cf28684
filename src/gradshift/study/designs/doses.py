"""Several doses of the same people: how values rise with the dose, and each dose by itself."""

import math
from collections.abc import Sequence

import numpy as np

from gradshift.core.statistics.within import slope_weights
from gradshift.errors import SettingsError
from gradshift.study.compared import SLOPE
from gradshift.study.design import Condition, Design, Weighted
from gradshift.study.effect import Effect
from gradshift.study.kind import Kind, Request
from gradshift.study.observations import Observation
from gradshift.study.order import one_of

FEWEST = 3
"""Of so many doses in the column ``dose`` of sessions.tsv it is asked how values rise."""


def _levels(request: Request) -> list[float]:
    """Return the doses that are known, rising, where people had several."""
    by_person: dict[str, set[float]] = {}
    for one in request.tables.measured:
        if math.isfinite(one.dose):
            by_person.setdefault(one.person, set()).add(one.dose)
    if not any(len(doses) > 1 for doses in by_person.values()):
        return []
    return sorted(set().union(*by_person.values()))


def recognise(request: Request) -> bool:
    """Say whether people had three doses or more, counting none as one."""
    return not request.named and len(_levels(request)) >= FEWEST


def arrange(request: Request) -> Design:
    """Find the session of every dose, and weigh the doses."""
    levels = _levels(request)
    if len(levels) < 2:
        raise SettingsError(
            "Nobody had several doses: sessions.tsv needs a column dose with a plain "
            "number for each session."
        )
    names = [f"dose{level:g}" for level in levels]
    sessions = {
        person: tuple(
            one.session if one else name
            for one, name in zip(_of_person(request, person, levels), names, strict=True)
        )
        for person in request.tables.names
    }
    return Design(
        kind="doses",
        conditions=tuple(
            Condition(name=name, before=i == 0, session="any session")
            for i, name in enumerate(names)
        ),
        baseline=names[0],
        followup=names[-1],
        sessions=sessions,
        within_period=False,
        enough=tuple((0, i) for i in range(1, len(levels))),
        weighted=(_slope(levels), *_each(names)),
    )


def _of_person(request: Request, person: str, levels: Sequence[float]) -> list[Observation | None]:
    """Return the session of each dose of a person."""
    own = [one for one in request.tables.measured if one.person == person]
    return [
        one_of([one for one in own if one.dose == level], f"the dose {level:g}")
        for level in levels
    ]


def _slope(levels: Sequence[float]) -> Weighted:
    """Weigh the doses so that the contrast is the slope of each person, per unit of the dose."""
    weights = slope_weights(np.array([levels], dtype=np.float64))[0]
    return Weighted(
        name=SLOPE,
        minus=tuple(np.maximum(0.0, -weights).tolist()),
        plus=tuple(np.maximum(0.0, weights).tolist()),
    )


def _each(names: Sequence[str]) -> list[Weighted]:
    """Weigh each dose against the lowest."""
    n = len(names)
    return [
        Weighted(
            name=f"{names[position]}-{names[0]}",
            minus=tuple(float(i == 0) for i in range(n)),
            plus=tuple(float(i == position) for i in range(n)),
        )
        for position in range(1, n)
    ]


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for the slope on the dose, and for each dose against the lowest."""
    return [
        Effect(contrast=one.name, effect="change", minus=one.minus, plus=one.plus)
        for one in design.weighted
    ]


def _sentence(design: Design) -> str:
    """State the design before anything is computed."""
    names = [condition.name for condition in design.conditions]
    return (
        f"Several doses of the same people: {', '.join(names)} (column dose of sessions.tsv). "
        f"Asked is the slope on the dose, over people with all doses, and each dose against "
        f"{names[0]}; signs of the contrasts are exchangeable under the null hypothesis."
    )


KIND = Kind(
    name="doses",
    rank=0,
    sentence=_sentence,
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
