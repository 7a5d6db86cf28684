"""Who is compared with what: sessions, people, atlases, recipes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult
from gradshift.bids.tables import read_participants

KINDS = {
    "paired": "Paired design: {followup} (follow-up) against {baseline} (baseline) in the same "
    "people; signs of the changes are exchangeable under the null hypothesis.",
    "parallel": "Parallel groups: change from {baseline} (baseline) to {followup} (follow-up) in "
    "{against} against {reference}; people are exchangeable between groups under the null "
    "hypothesis.",
    "crossover": "Crossover: change from {baseline} to {followup} under {against} against that "
    "under {reference} in the same people; signs of the differences are exchangeable under the "
    "null hypothesis.",
    "repeated": "Repeated sessions: {followup} (follow-ups) against {baseline} (baseline) in the "
    "same people; sessions of a person are exchangeable under the null hypothesis.",
}
"""Designs, and what is said of them before anything is computed."""


PLACEBO = frozenset({"placebo", "saline", "sham", "vehicle"})
"""What the reference of a drug is called, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A comparison of sessions.

    Parameters
    ----------
    kind : {'paired', 'parallel', 'crossover', 'repeated'}
    baseline, followup : str
        Sessions with prefix; in a crossover the time points that `cells` were found by.
    atlases, recipes : tuple of str
        Names; the first of each is the primary one.
    more : tuple of str
        Further follow-ups of a repeated design.
    reference, against : str
        Names of the groups or treatments that are compared, such as placebo and ketamine.
    cells : mapping of str to tuple of str
        Crossover: by person the session before and after the reference treatment, and before
        and after the other one; where there is none, what is missing.
    groups : mapping of str to str
        Parallel groups: the group of each person.
    first : mapping of str to float
        Crossover: 1 for people who had the other treatment first, 0 for the others.
    days : mapping of (str, str) to float
        Days since the dose by person and session, where they are known.
    covariates : mapping of str to mapping of str to float
        Numbers of people that are held constant, by name; ``deltafd`` stands without numbers.
    """

    baseline: str
    followup: str
    atlases: tuple[str, ...]
    recipes: tuple[str, ...]
    kind: str = "paired"
    more: tuple[str, ...] = ()
    reference: str = ""
    against: str = ""
    cells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, float] = field(default_factory=dict)
    days: Mapping[tuple[str, str], float] = field(default_factory=dict)
    covariates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def sessions_of(self, person: str) -> tuple[str, ...]:
        """Return the sessions of a person in the order of their roles, the baseline first."""
        if self.kind == "crossover":
            return self.cells.get(person, ("any session",) * 4)
        return self.baseline, self.followup, *self.more

    def is_baseline(self, person: str, session: str) -> bool:
        """Say whether a session comes before a dose."""
        roles = self.sessions_of(person)
        return session in (roles[::2] if self.kind == "crossover" else roles[:1])

    @property
    def roles(self) -> int:
        """Number of sessions of a person."""
        return 4 if self.kind == "crossover" else 2 + len(self.more)

    @property
    def contrast(self) -> str:
        """Name of the change, such as ``post-pre``."""
        return f"{self.followup.removeprefix('ses-')}-{self.baseline.removeprefix('ses-')}"

    def __str__(self) -> str:
        return KINDS[self.kind].format(
            baseline=self.baseline,
            followup=", ".join((self.followup, *self.more)),
            reference=self.reference,
            against=self.against,
        )


def find_people(
    results: Sequence[SessionResult],
    design: Design,
    bids_dir: Path,
    asked: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Say of every participant and modality whether the sessions can be used, or why not.

    The primary atlas and recipe of the modality decide; what differs in others is a remark.
    Those asked for, or else named in participants.tsv, are listed even without a result.
    Of several follow-ups one is enough.
    """
    by_key: dict[tuple[str, ...], SessionResult] = {}
    for result in results:
        key = (
            result.participant, result.session, result.modality, result.task, result.recipe,
            result.atlas,
        )  # fmt: skip
        if key not in by_key or by_key[key].excluded:
            by_key[key] = result
    named = [f"sub-{label}" for label in asked] or read_participants(bids_dir)
    everybody = sorted({*(result.participant for result in results), *named})
    kinds = sorted({(result.modality, result.task) for result in results})
    rows = []
    for person, (modality, task) in product(everybody, kinds):
        mine = [r for r in results if (r.modality, r.task) == (modality, task)]
        atlas = next(name for name in design.atlases if name in {r.atlas for r in mine})
        recipes = [name for name in design.recipes if name in {r.recipe for r in mine}]
        found = {
            recipe: [
                by_key.get((person, session, modality, task, recipe, atlas))
                for session in design.sessions_of(person)
            ]
            for recipe in recipes
        }
        reasons = {recipe: _reason(one, design, person) for recipe, one in found.items()}
        reason, missing = reasons[recipes[0]]
        about = [result.about if result else {} for result in found[recipes[0]]]
        remarks = [*missing, *(f"{name}: {said[0]}" for name, said in reasons.items()
                               if said[0] != reason)]  # fmt: skip
        motion = [one.get("MeanFramewiseDisplacement") for one in about]
        minutes = [one.get("MinutesRetained") for one in about]
        before, after = (0, 2) if design.kind == "crossover" else (0,), _followups(design)
        rows.append(
            {
                "participant_id": person,
                "modality": modality,
                "task": task,
                "included": not reason,
                "reason": reason or None,
                "mean_fd_baseline": _mean([motion[i] for i in before]),
                "mean_fd_followup": _mean([motion[i] for i in after]),
                "minutes_baseline": _mean([minutes[i] for i in before]),
                "minutes_followup": _mean([minutes[i] for i in after]),
                "remarks": "; ".join(remarks) or None,
                "motion": tuple(np.nan if value is None else value for value in motion),
            }
        )
    return rows


def _followups(design: Design) -> tuple[int, ...]:
    return (1, 3) if design.kind == "crossover" else tuple(range(1, design.roles))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _reason(
    found: Sequence[SessionResult | None], design: Design, person: str
) -> tuple[str, list[str]]:
    """Say why a person is left out, empty if not, and which follow-ups one does without."""
    problems = {
        i: f"no result for {session}" if result is None else f"{session}: {result.excluded}"
        for i, (session, result) in enumerate(zip(design.sessions_of(person), found, strict=True))
        if result is None or result.excluded
    }
    if design.kind == "repeated" and 0 not in problems and len(problems) < design.roles - 1:
        return "", list(problems.values())
    return "; ".join(problems.values()), []


def change_of_motion(
    people: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    task: str,
    weights: Sequence[float] = (-1.0, 1.0),
) -> NDArray[np.float64]:
    """Return the change of mean framewise displacement in mm, by participant.

    Parameters
    ----------
    people : sequence of mapping
        See `find_people`.
    names : sequence of str, length n
        Participants, in the order wanted.
    task : str
    weights : sequence of float
        Of the sessions of a person, in the order of their roles.

    Returns
    -------
    (n,) array
        NaN where a session that counts cannot be used.
    """
    known = {
        row["participant_id"]: sum(
            weight * value for weight, value in zip(weights, row["motion"], strict=True) if weight
        )
        for row in people
        if row["task"] == task
    }
    return np.array([known.get(name, np.nan) for name in names], dtype=np.float64)
