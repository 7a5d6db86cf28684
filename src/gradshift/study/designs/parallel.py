"""Two groups of people, each with a baseline and a follow-up."""

from collections.abc import Sequence
from dataclasses import replace

from gradshift.study.design import Design, is_placebo
from gradshift.study.designs import paired
from gradshift.study.effect import Effect
from gradshift.study.kind import Kind, Request, session_label, two_of

SUBGROUP = 6
"""Fewer people than this in one of several groups are described, but not tested."""


def _groups(request: Request) -> tuple[dict[str, str], str]:
    """Return the group of each person, and where it is from."""
    column = (request.model.column if request.model else "") or "group"
    groups = request.tables.known(column)
    if request.model or len(set(groups.values())) > 1:
        return groups, f"values of {column} in participants.tsv"
    return _arms(request) or groups, "treatments in sessions.tsv"


def _arms(request: Request) -> dict[str, str]:
    """Return the treatment of each person in the session that counts.

    That is the follow-up where it is named, or else the sessions in which people differ: a
    baseline before any treatment tells nothing of the arm.
    """
    by_session: dict[str, dict[str, str]] = {}
    for one in request.tables.measured:
        if one.treatment:
            by_session.setdefault(one.session, {})[one.person] = one.treatment
    named = request.model.followup if request.model else request.group.followup
    telling = [session for session, of in by_session.items() if len(set(of.values())) > 1]
    if named and session_label(named) in by_session:
        telling = [session_label(named)]
    arms: dict[str, str] = {}
    for session in telling or list(by_session):
        arms = {**by_session[session], **arms}
    return arms


def recognise(request: Request) -> bool:
    """Say whether people belong to two groups, or had different treatments."""
    groups, _ = _groups(request)
    return len(set(groups.values())) > 1


def arrange(request: Request) -> Design:
    """Find the two sessions and the group of each person."""
    groups, what = _groups(request)
    design = paired.arrange(request)
    reference, against = two_of(request.model, sorted(set(groups.values())), what, ordered=True)
    return replace(
        design,
        kind="parallel",
        reference=reference,
        against=against,
        groups={
            person: group for person, group in groups.items() if group in (reference, against)
        },
    )


def questions(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask whether groups changed differently, and for the change in each."""
    groups = {
        person: float(design.groups[person] == design.against)
        for person in compared
        if person in design.groups
    }
    drug = is_placebo(design.reference)
    effect = Effect(
        contrast=f"{design.against}-{design.reference}",
        effect="drug-by-time" if drug else "group-by-time",
        minus=(1, 0),
        plus=(0, 1),
        kind="groups",
        predictor=groups,
    )
    return [effect] + [
        Effect(
            contrast=f"{name}:{design.contrast}",
            effect="change",
            minus=(1, 0),
            plus=(0, 1),
            people=frozenset(person for person, value in groups.items() if value == code),
            least=SUBGROUP,
        )
        for code, name in ((0, design.reference), (1, design.against))
    ]


KIND = Kind(
    name="parallel",
    rank=4,
    sentence=lambda design: (
        f"Parallel groups: change from {design.baseline} (baseline) to {design.followup} "
        f"(follow-up) in {design.against} against {design.reference}; people are exchangeable "
        "between groups under the null hypothesis."
    ),
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
