"""Two treatments of the same people, each with a baseline and a follow-up."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from gradshift.bids.dates import is_before
from gradshift.bids.numbers import read_number
from gradshift.errors import SettingsError
from gradshift.study.design import Condition, Design
from gradshift.study.effect import Effect, sizes
from gradshift.study.kind import Kind, Request, insist, two_of
from gradshift.study.observations import Observation, treatments

logger = logging.getLogger("gradshift")


def recognise(request: Request) -> bool:
    """Say whether people have sessions of more than one treatment."""
    by_person = treatments(request.tables.measured).values()
    return not request.named and any(len(set(names)) > 1 for names in by_person)


def arrange(request: Request) -> Design:
    """Find the four sessions of every person, and who had which treatment first."""
    measured = request.tables.measured
    drugs = sorted({one.treatment for one in measured if one.treatment})
    reference, against = two_of(request.model, drugs, "treatments in sessions.tsv")
    points = _points(request)
    cells = [(drug, point) for drug in (reference, against) for point in points]
    sessions, first = {}, {}
    for person in request.tables.names:
        own = [one for one in measured if one.person == person]
        chosen = [_one_of(own, drug, point) for drug, point in cells]
        sessions[person] = tuple(
            one.session if one else f"{drug} {point}"
            for one, (drug, point) in zip(chosen, cells, strict=True)
        )
        if (position := _other_first(chosen[0], chosen[2])) is not None:
            first[person] = position
    return Design(
        kind="crossover",
        conditions=tuple(
            Condition(name=f"{drug} {point}", before=point == points[0], session="any session")
            for drug, point in cells
        ),
        baseline=points[0],
        followup=points[1],
        reference=reference,
        against=against,
        sessions=sessions,
        first=first,
        within_period=False,
    )


def _points(request: Request) -> tuple[str, str]:
    """Return the time points before and after the dose: as named, or as the days tell."""
    measured = request.tables.measured
    points = sorted({one.timepoint for one in measured if one.timepoint})
    if request.model:
        named = (request.model.baseline, request.model.followup)
        insist(named, points)
        return named
    placed = [one for one in measured if one.timepoint]
    after = {one.timepoint for one in placed if one.days > 0}
    before = {one.timepoint for one in placed if not one.days > 0}
    if len(points) == 2 and len(before) == len(after) == 1 and before != after:
        return before.pop(), after.pop()
    raise SettingsError(
        "People have sessions of several treatments, a crossover, but it is not clear which come "
        f"before and which after the dose: the time points in sessions.tsv are "
        f"{', '.join(points) or 'none'}, and days_since_dose does not tell them apart. Say it "
        "with --model FILE, or compare two sessions: --baseline LABEL --followup LABEL."
    )


def _one_of(observations: Sequence[Observation], drug: str, point: str) -> Observation | None:
    """Return the one session of a treatment and time point; None without one."""
    matching = [one for one in observations if (one.treatment, one.timepoint) == (drug, point)]
    if len(matching) > 1:
        raise SettingsError(
            f"{matching[0].person}_sessions.tsv has several sessions of {drug} at {point}: "
            f"{', '.join(one.session for one in matching)}. Name one with --session-label."
        )
    return matching[0] if matching else None


def _other_first(reference: Observation | None, other: Observation | None) -> float | None:
    """Return 1 if the other treatment came before the reference, 0 if after, None if unknown."""
    if reference is None or other is None:
        return None
    if reference.period and other.period:
        one, two = (read_number(o.period, f"period of {o.person} {o.session}", low=0)
                    for o in (reference, other))  # fmt: skip
        if one != two:
            return float(two < one)
    if not (reference.time and other.time):
        return None
    other_first = is_before(other.time, reference.time)
    if other_first is None:
        logger.warning(
            "%s: acq_time does not tell which of %s and %s came first (%s and %s).",
            other.person, reference.session, other.session, reference.time, other.time,
        )  # fmt: skip
    return None if other_first is None else float(other_first)


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask whether the change differs between treatments, periods and orders."""
    first = {person: design.first[person] for person in compared if person in design.first}
    difference = Effect(
        contrast=f"{design.against}-{design.reference}",
        effect="drug-by-time",
        kind="crossover",
        minus=(-1, 1, 0, 0),
        plus=(0, 0, -1, 1),
        predictor=first,
    )
    if min(sizes(first)) < 2:
        return [difference]
    return [
        difference,
        replace(
            difference,
            contrast="period1-period2",
            effect="period",
            kind="groups",
            minus=(-0.5, 0.5, 0, 0),
            plus=(0, 0, -0.5, 0.5),
            predictor=first,
            everywhere=False,
        ),
        replace(
            difference,
            contrast=f"{design.against} first-{design.reference} first",
            effect="order",
            kind="groups",
            minus=(0.5, 0, 0.5, 0),
            plus=(0, 0.5, 0, 0.5),
            predictor=first,
            everywhere=False,
        ),
    ]


KIND = Kind(
    name="crossover",
    rank=1,
    sentence=(
        "Crossover: change from {baseline} to {followup} under {against} against that "
        "under {reference} in the same people; signs of the differences are exchangeable under "
        "the null hypothesis."
    ),
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
