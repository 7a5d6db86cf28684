"""One baseline and several follow-ups of the same people."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from gradshift.study.design import Design, before_and_after
from gradshift.study.effect import Effect
from gradshift.study.kind import Kind, Request, insist, session_label
from gradshift.study.observations import StudyTables


def _from_days(tables: StudyTables) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sessions before the dose and those after it, in the order of their days.

    Nothing where days do not tell them apart, or several sessions before have no number.
    """
    nothing: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
    if not tables.has_days:
        return nothing
    days: dict[str, list[float]] = {}
    for one in tables.measured:
        days.setdefault(one.session, []).append(one.days)
    known = {
        session: [d for d in numbers if math.isfinite(d)] for session, numbers in days.items()
    }
    after = {session for session, numbers in known.items() if any(d > 0 for d in numbers)}
    before = set(days) - after
    mixed = any(len(known[s]) < len(days[s]) or min(known[s]) <= 0 for s in after)
    undated = [session for session in before if not known[session]]
    unclear = mixed or len(undated) > 1 or (undated and len(before) > 1)
    if unclear or not before or not after or set(days) != set(tables.sessions):
        return nothing

    def in_order(sessions: set[str]) -> tuple[str, ...]:
        return tuple(sorted(sorted(sessions), key=lambda s: median(known[s] or [0.0])))

    return in_order(before), in_order(after)


def recognise(request: Request) -> bool:
    """Say whether days since the dose tell baselines and several follow-ups apart."""
    several = len(request.tables.sessions) > 2
    return not request.named and several and bool(_from_days(request.tables)[0])


def arrange(request: Request) -> Design:
    """Find the baselines and the follow-ups."""
    model = request.model
    baselines, followups = (
        (tuple(map(session_label, names)) for names in (model.baselines, model.followups))
        if model
        else _from_days(request.tables)
    )
    insist((*baselines, *followups), request.tables.sessions)
    before = range(len(baselines))
    return Design(
        kind="repeated",
        conditions=before_and_after(*baselines, *followups, baselines=len(baselines)),
        baseline=baselines[0],
        followup=followups[0],
        more=followups[1:],
        within_period=len(baselines) == 1,
        enough=tuple((*before, len(baselines) + i) for i in range(len(followups))),
    )


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for the change at each follow-up, at all together, and whether it goes with days."""
    names = [condition.name.removeprefix("ses-") for condition in design.conditions]
    n, k = len(names), len(design.baselines)
    baseline, bare = "+".join(names[:k]), names[k:]
    start = tuple(1 / k if i < k else 0.0 for i in range(n))
    each = [
        Effect(
            contrast=f"{name}-{baseline}",
            effect="change",
            minus=start,
            plus=tuple(float(i == position) for i in range(n)),
        )
        for position, name in enumerate(bare, start=k)
    ]
    if len(bare) == 1:
        return each
    together = replace(
        each[0],
        contrast=f"{'+'.join(bare)}-{baseline}",
        kind="sessions",
        plus=tuple(1 / len(bare) if i >= k else 0.0 for i in range(n)),
        by_session={person: tuple(float(i >= k) for i in range(n)) for person in compared},
    )
    followups = [design.conditions[i].session for i in range(k, n)]
    days = {
        person: (
            *(np.nan for _ in range(k)),
            *(design.days.get((person, session), np.nan) for session in followups),
        )
        for person in compared
    }
    if not any(len(set(np.array(row)[np.isfinite(row)])) > 1 for row in days.values()):
        return [*each, together]
    over_time = replace(
        together, contrast="+".join(bare), effect="days", by_session=days, everywhere=False
    )
    return [*each, together, over_time]


def _sentence(design: Design) -> str:
    """State the design before anything is computed."""
    names = [condition.name for condition in design.conditions]
    before, after = names[: len(design.baselines)], names[len(design.baselines) :]
    return (
        f"Repeated sessions: {', '.join(after)} (follow-up{'s' * (len(after) > 1)}) against "
        f"{', '.join(before)} (baseline{'s' * (len(before) > 1)}) in the same people; signs of "
        "the contrasts of people are exchangeable under the null hypothesis."
    )


KIND = Kind(
    name="repeated",
    rank=3,
    sentence=_sentence,
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
