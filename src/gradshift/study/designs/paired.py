"""One baseline and one follow-up of the same people."""

from collections.abc import Sequence
from dataclasses import replace

from gradshift.study.design import Design, before_and_after
from gradshift.study.effect import Effect, sizes
from gradshift.study.kind import Kind, Request
from gradshift.study.sessions import choose_sessions

SOON, LATER = 2.0, 4.0
"""A follow-up up to so many days after the dose is early, from so many on it is late."""


def arrange(request: Request) -> Design:
    """Find the two sessions."""
    baseline, followup = choose_sessions(request)
    return Design(
        kind="paired",
        conditions=before_and_after(baseline, followup),
        baseline=baseline,
        followup=followup,
    )


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for the change, and whether it goes with the days since the dose."""
    change = Effect(contrast=design.contrast, effect="change", minus=(1, 0), plus=(0, 1))
    days = {
        person: design.days[person, design.followup]
        for person in compared
        if (person, design.followup) in design.days
    }
    effects = [change]
    late = {person: float(value >= LATER) for person, value in days.items()}
    apart = all(value <= SOON or value >= LATER for value in days.values())
    if apart and min(sizes(late)) >= 2:
        effects.append(
            replace(change, effect="delay", kind="groups", predictor=late, everywhere=False)
        )
    if len(set(days.values())) > 2:
        effects.append(
            replace(change, effect="days", kind="number", predictor=days, everywhere=False)
        )
    return effects


KIND = Kind(
    name="paired",
    rank=5,
    sentence=lambda design: (
        f"Paired design: {design.followup} (follow-up) against {design.baseline} (baseline) in "
        "the same people; signs of the changes are exchangeable under the null hypothesis."
    ),
    recognise=lambda request: True,
    arrange=arrange,
    questions=questions,
)
