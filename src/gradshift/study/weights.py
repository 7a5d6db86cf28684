"""Contrasts as weights over conditions: as a model weighs them, or as the tables suggest."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from gradshift.errors import SettingsError
from gradshift.study.cells import Cell, placebo_pair, points_before, treated_sessions, treatment_of
from gradshift.study.design import Weighted, is_placebo
from gradshift.study.kind import Request, insist, session_label, two_of

logger = logging.getLogger("gradshift")


def cells_of_model(request: Request) -> list[Cell]:
    """Find what the weights of a model name: sessions, or treatments with or without a point."""
    assert request.model is not None
    names = dict.fromkeys(name for one in request.model.contrasts for name in one.weights)
    measured = request.tables.measured
    drugs = sorted({one.treatment for one in measured if one.treatment})
    pairs = sorted(
        {f"{o.treatment} {o.timepoint}" for o in measured if o.treatment and o.timepoint}
    )
    cells = []
    for name in names:
        drug = next((d for d in drugs if name == d or name.startswith(f"{d} ")), "")
        if session_label(name) in request.tables.sessions:
            cells.append(Cell(name=name, session=session_label(name)))
        elif name in drugs or name in pairs:
            cells.append(Cell(name=name, treatment=drug, point=name[len(drug) :].strip()))
        else:
            sessions = [session.removeprefix("ses-") for session in request.tables.sessions]
            raise SettingsError(
                f"The model weighs {name}, which is no session and no treatment; sessions are "
                f"{', '.join(sessions) or 'none'}; treatments in sessions.tsv are "
                f"{', '.join([*drugs, *pairs]) or 'none'}."
            )
    return cells


def contrasts_of_model(request: Request, cells: Sequence[Cell]) -> list[Weighted]:
    """Turn the weights of a model into two sides of every contrast."""
    assert request.model is not None
    contrasts = []
    for one in request.model.contrasts:
        if one.remark:
            logger.warning("%s", one.remark)
        weights = [one.weights.get(cell.name, 0.0) for cell in cells]
        sides = [tuple(max(0.0, sign * weight) for weight in weights) for sign in (-1.0, 1.0)]
        contrast = Weighted(name=one.name, minus=sides[0], plus=sides[1], family=one.family)
        contrasts.append(replace(contrast, treatments=_two_treatments(request, cells, contrast)))
    return contrasts


def _two_treatments(
    request: Request, cells: Sequence[Cell], contrast: Weighted
) -> tuple[str, ...]:
    """Name the treatments of a contrast of two conditions, where there are two in the study."""
    if len(contrast.positions) != 2:
        return ()
    reference, against = (
        cells[next(i for i, weight in enumerate(side) if weight)]
        for side in (contrast.minus, contrast.plus)
    )
    names = tuple(
        cell.treatment or treatment_of(request, cell.session) for cell in (reference, against)
    )
    measured = request.tables.measured
    drugs = {one.treatment for one in measured if one.treatment}
    known = set(names) == drugs or (not drugs and sum(map(is_placebo, names)) == 1)
    return names if known and names[0] != names[1] else ()


Arranged = tuple[str, str, list[Cell], list[Weighted]]
"""Reference, what is held against it, conditions and contrasts."""


def two_sessions(request: Request) -> Arranged:
    """Hold two sessions against each other, one of them a placebo."""
    if request.model and request.model.baselines:
        named = session_label(request.model.baseline), session_label(request.model.followup)
        insist(named, request.tables.sessions)
    elif (pair := placebo_pair(request)) is not None:
        named = pair
    else:
        raise SettingsError(
            "It is not clear which conditions to compare: sessions.tsv names no treatments, "
            'and no session is called a placebo. Weigh them in "Contrasts" of --model FILE; '
            "sessions are "
            f"{', '.join(s.removeprefix('ses-') for s in request.tables.sessions) or 'none'}."
        )
    names = tuple(treatment_of(request, session) for session in named)
    cells = [Cell(name=n, session=session) for n, session in zip(names, named, strict=True)]
    contrast = Weighted(
        name=f"{names[1]}-{names[0]}", minus=(1.0, 0.0), plus=(0.0, 1.0), treatments=names
    )
    return names[0], names[1], cells, [contrast]


def of_treatments(request: Request) -> Arranged:
    """Hold treatments against the placebo, at every time point after the dose."""
    treated = treated_sessions(request)
    drugs = sorted({one.treatment for one in treated})
    reference, others = _reference(request, drugs)
    points = sorted({one.timepoint for one in treated if one.timepoint})
    before = sorted(points_before(treated)) if len(points) > 1 else []
    after = [point for point in points if point not in before] if len(points) > 1 else [""]
    cells = [
        Cell(name=f"{drug} {point}".strip(), treatment=drug, point=point)
        for drug in (reference, *others)
        for point in (*before, *after)
    ]
    contrasts = []
    for drug in others:
        for point in after:
            sides = [_change(cells, name, before, point) for name in (reference, drug)]
            contrasts.append(
                Weighted(
                    name=f"{drug}-{reference}" + (f" {point}" if len(after) > 1 else ""),
                    minus=sides[0],
                    plus=sides[1],
                    treatments=(reference, drug) if len(others) == 1 else (),
                )
            )
    return reference, "+".join(others), cells, contrasts


def _reference(request: Request, drugs: Sequence[str]) -> tuple[str, list[str]]:
    """Return the placebo, and the treatments that are held against it.

    Where a model has a column, its two names are groups of people.
    """
    placebo = [drug for drug in drugs if is_placebo(drug)]
    model = request.model if request.model and not request.model.column else None
    named = model and (model.reference or model.against)
    if len(placebo) == 1 and len(drugs) > 2 and not named:
        return placebo[0], [drug for drug in drugs if drug not in placebo]
    reference, against = two_of(model, drugs, "treatments in sessions.tsv")
    return reference, [against]


def _change(
    cells: Sequence[Cell], drug: str, before: Sequence[str], point: str
) -> tuple[float, ...]:
    """Return the weights of one treatment at a time point, less its own baseline if any."""
    own = [cell.point if cell.treatment == drug else None for cell in cells]
    return tuple(float(p == point) - float(p is not None and p in before) for p in own)
