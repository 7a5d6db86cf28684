"""Who takes part in a comparison, and who does not and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult
from gradshift.bids.rows import column
from gradshift.bids.tables import read_participants
from gradshift.study.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """One person in the comparison of one modality and task: a row of its table.

    Parameters
    ----------
    motion : tuple of float
        Mean framewise displacement (mm) by condition; NaN where it is not known.
    """

    participant_id: str = column("Participant")
    modality: str = column("func, pet, mrs or score")
    task: str = column("Task")
    included: bool = column(
        "true if both sessions can be used (primary atlas and recipe of the modality)"
    )
    reason: str | None = column("Why a participant is left out", default=None)
    mean_fd_baseline: float = column(
        "Mean framewise displacement (mm) at baseline, all volumes", default=math.nan
    )
    mean_fd_followup: float = column(
        "Mean framewise displacement (mm) at follow-up, all volumes", default=math.nan
    )
    minutes_baseline: float = column("Minutes retained at baseline", default=math.nan)
    minutes_followup: float = column("Minutes retained at follow-up", default=math.nan)
    remarks: str | None = column("What differs in another recipe", default=None)
    motion: tuple[float, ...] = ()


Key = tuple[str, str, str, str, str, str]
"""Participant, session, modality, task, recipe and atlas."""


def find_people(
    results: Sequence[SessionResult], design: Design, bids_dir: Path, asked: Sequence[str] = ()
) -> list[Participation]:
    """Say of every participant and modality whether the sessions can be used, or why not.

    The primary atlas and recipe of the modality decide; what differs in others is a remark.
    Those asked for, or else named in participants.tsv, are listed even without a result.

    Parameters
    ----------
    results : sequence of SessionResult
    design : Design
    bids_dir : Path
    asked : sequence of str
        Participants asked for, without prefix.
    """
    by_key: dict[Key, SessionResult] = {}
    by_kind: dict[tuple[str, str], list[SessionResult]] = {}
    for result in results:
        kind = result.modality, result.task
        by_kind.setdefault(kind, []).append(result)
        key = (result.participant, result.session, *kind, result.recipe, result.atlas)
        if key not in by_key or by_key[key].excluded:
            by_key[key] = result
    named = [f"sub-{label}" for label in asked] or read_participants(
        bids_dir, {result.participant for result in results}
    )
    everybody = sorted({*(result.participant for result in results), *named})
    names = {kind: _names(of_kind, design) for kind, of_kind in by_kind.items()}
    return [
        _participation(person, kind, names[kind], design, by_key)
        for person, kind in product(everybody, sorted(by_kind))
    ]


def _names(results: Sequence[SessionResult], design: Design) -> tuple[str, list[str]]:
    """Return the primary atlas of a modality, and its recipes in order."""
    atlases = {result.atlas for result in results}
    recipes = {result.recipe for result in results}
    atlas = next(name for name in design.atlases if name in atlases)
    return atlas, [name for name in design.recipes if name in recipes]


def _participation(
    person: str,
    kind: tuple[str, str],
    names: tuple[str, list[str]],
    design: Design,
    by_key: Mapping[Key, SessionResult],
) -> Participation:
    """Say of one person and modality whether the sessions can be used."""
    atlas, recipes = names
    sessions = {
        recipe: [
            by_key.get((person, session, *kind, recipe, atlas))
            for session in design.sessions_of(person)
        ]
        for recipe in recipes
    }
    reasons = {recipe: _reason(of, design, person) for recipe, of in sessions.items()}
    reason, missing = reasons[recipes[0]]
    others = [f"{name}: {why}" for name, (why, _) in reasons.items() if why != reason]
    sidecars = [result.about if result else {} for result in sessions[recipes[0]]]
    motion = [sidecar.get("MeanFramewiseDisplacement") for sidecar in sidecars]
    minutes = [sidecar.get("MinutesRetained") for sidecar in sidecars]
    before, after = design.baselines, design.followups
    return Participation(
        participant_id=person,
        modality=kind[0],
        task=kind[1],
        included=not reason,
        reason=reason or None,
        mean_fd_baseline=_mean([motion[i] for i in before]),
        mean_fd_followup=_mean([motion[i] for i in after]),
        minutes_baseline=_mean([minutes[i] for i in before]),
        minutes_followup=_mean([minutes[i] for i in after]),
        remarks="; ".join([*missing, *others]) or None,
        motion=tuple(np.nan if value is None else value for value in motion),
    )


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan


def _reason(
    results: Sequence[SessionResult | None], design: Design, person: str
) -> tuple[str, list[str]]:
    """Say why a person is left out, empty if not, and which conditions one does without."""
    sessions = design.sessions_of(person)
    problems = {
        i: f"no result for {session}" if result is None else f"{session}: {result.excluded}"
        for i, (session, result) in enumerate(zip(sessions, results, strict=True))
        if result is None or result.excluded
    }
    if any(not set(problems) & set(positions) for positions in design.enough):
        return "", list(problems.values())
    return "; ".join(problems.values()), []


def change_of_motion(
    people: Sequence[Participation],
    names: Sequence[str],
    task: str,
    weights: Sequence[float] = (-1.0, 1.0),
) -> NDArray[np.float64]:
    """Return the change of mean framewise displacement in mm, by participant.

    Parameters
    ----------
    people : sequence of Participation
    names : sequence of str, length n
        Participants, in the order wanted.
    task : str
    weights : sequence of float
        Of the conditions.

    Returns
    -------
    (n,) array
        NaN where a session that counts cannot be used.
    """
    known = {
        person.participant_id: sum(
            weight * value for weight, value in zip(weights, person.motion, strict=True) if weight
        )
        for person in people
        if person.task == task
    }
    return np.array([known.get(name, np.nan) for name in names], dtype=np.float64)
