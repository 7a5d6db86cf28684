"""Two treatments of the same people, each with a baseline and a follow-up."""

from collections.abc import Sequence

from gradshift.errors import SettingsError
from gradshift.study.design import Condition, Design
from gradshift.study.effect import Effect
from gradshift.study.kind import Kind, Request, insist, two_of
from gradshift.study.observations import treatments
from gradshift.study.order import came_first, one_of, order_words, period_and_order


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
        chosen = [
            one_of(
                [one for one in own if (one.treatment, one.timepoint) == (drug, point)],
                f"{drug} at {point}",
            )
            for drug, point in cells
        ]
        sessions[person] = tuple(
            one.session if one else f"{drug} {point}"
            for one, (drug, point) in zip(chosen, cells, strict=True)
        )
        if (position := came_first(chosen[0], chosen[2])) is not None:
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
    return [difference, *period_and_order(difference, design.against, design.reference)]


KIND = Kind(
    name="crossover",
    rank=2,
    sentence=lambda design: (
        f"Crossover: change from {design.baseline} to {design.followup} under {design.against} "
        f"against that under {design.reference} in the same people; {order_words(design.first)}"
    ),
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
