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


def _from_days(tables: StudyTables) -> tuple[str, ...]:
    """Return the one session before the dose, and those after it in the order of their days."""
    if not tables.has_days:
        return ()
    days: dict[str, list[float]] = {}
    for one in tables.measured:
        days.setdefault(one.session, []).append(0.0 if math.isnan(one.days) else one.days)
    before = {session for session, values in days.items() if min(values) <= 0}
    after = {session for session, values in days.items() if max(values) > 0}
    if len(before) != 1 or before & after or before | after != set(tables.sessions):
        return ()
    return (*before, *sorted(sorted(after), key=lambda session: median(days[session])))


def recognise(request: Request) -> bool:
    """Say whether days since the dose tell one baseline and several follow-ups apart."""
    several = len(request.tables.sessions) > 2
    return not request.named and several and bool(_from_days(request.tables))


def arrange(request: Request) -> Design:
    """Find the baseline and the follow-ups."""
    model = request.model
    baseline, first, *more = (
        map(session_label, (model.baseline, *model.followups))
        if model
        else _from_days(request.tables)
    )
    insist((baseline, first, *more), request.tables.sessions)
    return Design(
        kind="repeated",
        conditions=before_and_after(baseline, first, *more),
        baseline=baseline,
        followup=first,
        more=tuple(more),
        any_followup=True,
    )


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for the change at each follow-up, at all together, and whether it goes with days."""
    followups = (design.followup, *design.more)
    bare = [session.removeprefix("ses-") for session in followups]
    baseline = design.baseline.removeprefix("ses-")
    n = len(design.conditions)
    start = tuple(float(i == 0) for i in range(n))
    each = [
        Effect(
            contrast=f"{name}-{baseline}",
            effect="change",
            minus=start,
            plus=tuple(float(i == position) for i in range(n)),
        )
        for position, name in enumerate(bare, start=1)
    ]
    together = replace(
        each[0],
        contrast=f"{'+'.join(bare)}-{baseline}",
        kind="sessions",
        plus=tuple(1 / len(bare) if i else 0.0 for i in range(n)),
        by_session={person: tuple(1 - before for before in start) for person in compared},
    )
    days = {
        person: (np.nan, *(design.days.get((person, session), np.nan) for session in followups))
        for person in compared
    }
    if not any(len(set(np.array(row)[np.isfinite(row)])) > 1 for row in days.values()):
        return [*each, together]
    over_time = replace(
        together, contrast="+".join(bare), effect="days", by_session=days, everywhere=False
    )
    return [*each, together, over_time]


KIND = Kind(
    name="repeated",
    rank=2,
    sentence=(
        "Repeated sessions: {followup} (follow-ups) against {baseline} (baseline) in the "
        "same people; sessions of a person are exchangeable under the null hypothesis."
    ),
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
