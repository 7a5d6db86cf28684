"""Conditions of the same people held against each other: by treatment, by name, or by weight.

A condition is a session that everybody has under one name, or the session of a treatment (and time
point) that the tables name for each person. No baseline is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradshift.study.cells import (
    Cell,
    all_after,
    groups_differ,
    placebo_pair,
    points_before,
    several_after,
    treated_sessions,
)
from gradshift.study.conditionquestions import questions
from gradshift.study.design import Condition, Design, Weighted
from gradshift.study.kind import Kind, Request, two_of
from gradshift.study.observations import Observation
from gradshift.study.order import came_first, order_words
from gradshift.study.weights import (
    cells_of_model,
    contrasts_of_model,
    of_treatments,
    two_sessions,
)


def recognise(request: Request) -> bool:
    """Say whether treatments of the same people are compared, without a change from a baseline.

    A crossover with one time point before and one after each dose is another kind.
    """
    if request.named:
        return bool(placebo_pair(request))
    treated = treated_sessions(request)
    if not treated:
        return not groups_differ(request) and bool(placebo_pair(request))
    points = sorted({one.timepoint for one in treated if one.timepoint})
    before = points_before(treated)
    return len(points) < 2 or (not before and all_after(treated)) or several_after(treated)


def arrange(request: Request) -> Design:
    """Find the conditions and the contrasts that are asked for."""
    model = request.model
    if model and model.contrasts:
        cells = cells_of_model(request)
        reference, against = model.reference or "", model.against or ""
        contrasts = contrasts_of_model(request, cells)
    elif request.named or (model and model.baselines) or not treated_sessions(request):
        reference, against, cells, contrasts = two_sessions(request)
    else:
        reference, against, cells, contrasts = of_treatments(request)
    return _design(request, cells, contrasts, (reference, against))


def _design(
    request: Request,
    cells: Sequence[Cell],
    contrasts: Sequence[Weighted],
    names: tuple[str, str],
) -> Design:
    """Find the session of every condition and person, and who had what first."""
    by_person: dict[str, list[Observation]] = {name: [] for name in request.tables.names}
    for one in request.tables.measured:
        by_person[one.person].append(one)
    chosen = {person: [cell.of(own) for cell in cells] for person, own in by_person.items()}
    sessions = {
        person: tuple(
            cell.session or (one.session if one else cell.name)
            for cell, one in zip(cells, own, strict=True)
        )
        for person, own in chosen.items()
    }
    fixed = all(cell.session for cell in cells)
    contrasts = [_with_order(contrast, chosen) for contrast in contrasts]
    groups, (reference, against) = _groups(request, names)
    held = contrasts[0]
    ends = [
        "+".join(cells[i].session or cells[i].name for i in held.positions if side[i] > 0)
        for side in (held.minus, held.plus)
    ]
    lower = {i for one in contrasts for i, weight in enumerate(one.minus) if weight > 0}
    return Design(
        kind="conditions",
        conditions=tuple(
            Condition(name=cell.name, before=i in lower, session=cell.session or "any session")
            for i, cell in enumerate(cells)
        ),
        baseline=ends[0],
        followup=ends[1],
        reference=reference or (held.treatments[0] if held.treatments else ""),
        against=against or (held.treatments[1] if held.treatments else ""),
        sessions={} if fixed else sessions,
        groups=groups,
        within_period=False,
        enough=tuple(contrast.positions for contrast in contrasts),
        weighted=tuple(contrasts),
    )


def _with_order(
    contrast: Weighted, chosen: Mapping[str, Sequence[Observation | None]]
) -> Weighted:
    """Add who had the other treatment first, where two treatments are compared."""
    if not contrast.treatments:
        return contrast
    reference, against = (
        next(i for i, weight in enumerate(side) if weight > 0)
        for side in (contrast.minus, contrast.plus)
    )
    first = {
        person: position
        for person, own in chosen.items()
        if (position := came_first(own[reference], own[against])) is not None
    }
    return replace(contrast, first=first)


def _groups(request: Request, names: tuple[str, str]) -> tuple[dict[str, str], tuple[str, str]]:
    """Return the groups that a model compares, and what is held against what without them."""
    column = request.model.column if request.model else None
    if column is None:
        return {}, names
    groups = request.tables.known(column)
    present = sorted(set(groups.values()))
    two = two_of(request.model, present, f"values of {column} in participants.tsv", ordered=True)
    return {person: group for person, group in groups.items() if group in two}, two


def _sentence(design: Design) -> str:
    """State the design before anything is computed."""
    main = design.weighted[0]
    if len(design.weighted) == 1 and main.treatments:
        reference, against = main.treatments
        sentence = (
            f"Conditions within people: {against} against {reference} in the same people; "
            f"{order_words(main.first)}"
        )
    else:
        names = [condition.name for condition in design.conditions]
        listed = "; ".join(f"{one.name} = {_sum(one, names)}" for one in design.weighted)
        sentence = (
            f"Conditions within people: {', '.join(names)}. Contrasts of the same people: "
            f"{listed}; signs of the contrasts are exchangeable under the null hypothesis."
        )
    if not design.groups:
        return sentence
    return f"{sentence} Compared between groups, too: {design.against} against {design.reference}."


def _sum(contrast: Weighted, names: Sequence[str]) -> str:
    """Write the weights of a contrast as a sum."""
    parts = [
        f"{plus - minus:+g} {name}"
        for name, minus, plus in zip(names, contrast.minus, contrast.plus, strict=True)
        if plus != minus
    ]
    return " ".join(parts)


KIND = Kind(
    name="conditions",
    rank=1,
    sentence=_sentence,
    recognise=recognise,
    arrange=arrange,
    questions=questions,
)
