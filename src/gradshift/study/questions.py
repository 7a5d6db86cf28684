"""What a design asks: each effect is one question put to every family of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics.covariates import PEOPLE_PER_COVARIATE
from gradshift.errors import SettingsError
from gradshift.study.design import PLACEBO, Design

SUBGROUP = 6
"""Fewer people than this in one of several groups are described, but not tested."""

SOON, LATER = 2.0, 4.0
"""A follow-up up to so many days after the dose is early, from so many on it is late."""

MOTION = "deltafd"
"""The covariate that is the change of mean framewise displacement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One question.

    Parameters
    ----------
    contrast, effect : str
        As in the table of contrasts.
    minus, plus : tuple of float
        Weights of the sessions of a person, in the order of their roles: what is called the
        baseline, and what the follow-up. Their difference is the change.
    kind : {'change', 'groups', 'number', 'sessions'}
        Is it different from 0; between groups; does it go with a number of people; or with a
        number of sessions.
    predictor : mapping of str to float
        Groups (0 or 1) or numbers by person.
    by_session : mapping of str to tuple of float
        Numbers of the sessions of a person, in the order of their roles.
    people : frozenset of str, optional
        Those who are asked; everybody if not given.
    covariates : tuple of str
        What is held constant.
    everywhere : bool
        Whether it is asked of every family, or only of those that have few values.
    least : int
        Fewer people are described, but not tested.
    """

    contrast: str
    effect: str
    minus: tuple[float, ...]
    plus: tuple[float, ...]
    kind: str = "change"
    predictor: Mapping[str, float] = field(default_factory=dict)
    by_session: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    people: frozenset[str] | None = None
    covariates: tuple[str, ...] = ()
    everywhere: bool = True
    least: int = 2

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of the change."""
        return tuple(after - before for before, after in zip(self.minus, self.plus, strict=True))

    def number(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the predictor of these people; NaN for those without."""
        return np.array([self.predictor.get(name, np.nan) for name in names], dtype=np.float64)

    def __str__(self) -> str:
        held = f", with {' and '.join(self.covariates)} held constant" if self.covariates else ""
        return f"{self.effect} ({self.contrast}){held}"


def find_effects(design: Design, people: Sequence[Mapping[str, Any]]) -> list[Effect]:
    """List what a design asks, the main question first.

    Parameters
    ----------
    design : Design
    people : sequence of mapping
        See `gradshift.study.design.find_people`.

    Raises
    ------
    SettingsError
        If a model wants more covariates than the people who are compared allow, or motion
        that nobody has.
    """
    compared = sorted({row["participant_id"] for row in people if row["included"]})
    effects = {
        "paired": _paired,
        "parallel": _parallel,
        "crossover": _crossover,
        "repeated": _repeated,
    }[design.kind](design, compared)
    allowed = len(compared) // PEOPLE_PER_COVARIATE
    if len(design.covariates) > allowed:
        raise SettingsError(
            f"{len(compared)} people allow {allowed} covariates ({PEOPLE_PER_COVARIATE} people "
            f"for each); the model has {len(design.covariates)}: {', '.join(design.covariates)}."
        )
    measured = _motion_is_known(people)
    if MOTION in design.covariates and not measured:
        raise SettingsError(
            f"The model holds {MOTION} constant, the change of mean framewise displacement, which "
            "is known for nobody who is compared: it is read from the confounds of the runs."
        )
    held = [(tuple(design.covariates), True)] if design.covariates else []
    if allowed and measured and set(design.covariates) != {MOTION}:
        held.append(((MOTION,), False))
    return [
        one
        for effect in effects
        for one in (effect, *(
            replace(effect, covariates=names, everywhere=everywhere)
            for names, everywhere in (held if _adjustable(effect) else ())
        ))
    ]  # fmt: skip


def asked_of(effects: Sequence[Effect], people: Sequence[Mapping[str, Any]]) -> list[Effect]:
    """Return what is asked of one modality and task: motion counts where it was measured.

    Parameters
    ----------
    effects : sequence of Effect
    people : sequence of mapping
        Those of this modality and task, see `gradshift.study.design.find_people`.
    """
    if _motion_is_known(people):
        return list(effects)
    return [
        replace(effect, covariates=held)
        for effect in effects
        if (held := tuple(name for name in effect.covariates if name != MOTION))
        or not effect.covariates
    ]


def _motion_is_known(people: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether anybody who is compared has a measure of motion."""
    return any(row["included"] and np.isfinite(row["motion"]).any() for row in people)


def _adjustable(effect: Effect) -> bool:
    """Say whether a question is also asked with covariates: a main one, about changes."""
    main = effect.everywhere and effect.people is None
    return main and effect.kind in ("change", "groups")


def _paired(design: Design, compared: Sequence[str]) -> list[Effect]:
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
    if apart and min(_sizes(late)) >= 2:
        effects.append(
            replace(change, effect="delay", kind="groups", predictor=late, everywhere=False)
        )
    if len(set(days.values())) > 2:
        effects.append(
            replace(change, effect="days", kind="number", predictor=days, everywhere=False)
        )
    return effects


def _sizes(groups: Mapping[str, float]) -> tuple[int, int]:
    """Count the people in group 0 and in group 1."""
    ones = sum(value == 1 for value in groups.values())
    return len(groups) - ones, ones


def _parallel(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask whether groups changed differently, and for the change in each."""
    groups = {
        person: float(design.groups[person] == design.against)
        for person in compared
        if person in design.groups
    }
    drug = design.reference.lower() in PLACEBO
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


def _crossover(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask whether the change differs between treatments, periods and orders."""
    difference = Effect(
        contrast=f"{design.against}-{design.reference}",
        effect="drug-by-time",
        minus=(-1, 1, 0, 0),
        plus=(0, 0, -1, 1),
    )
    first = {person: design.first[person] for person in compared if person in design.first}
    if min(_sizes(first)) < 2:
        return [difference]
    named = f"{design.against} first-{design.reference} first"
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
            contrast=named,
            effect="order",
            kind="groups",
            minus=(0.5, 0, 0.5, 0),
            plus=(0, 0.5, 0, 0.5),
            predictor=first,
            everywhere=False,
        ),
    ]


def _repeated(design: Design, compared: Sequence[str]) -> list[Effect]:
    """Ask for the change at each follow-up, at all together, and whether it goes with days."""
    followups = (design.followup, *design.more)
    bare = [session.removeprefix("ses-") for session in followups]
    baseline = design.baseline.removeprefix("ses-")
    roles = range(1, design.roles)
    start = tuple(float(role == 0) for role in range(design.roles))
    each = [
        Effect(
            contrast=f"{name}-{baseline}",
            effect="change",
            minus=start,
            plus=tuple(float(i == role) for i in range(design.roles)),
        )
        for role, name in zip(roles, bare, strict=True)
    ]
    together = replace(
        each[0],
        contrast=f"{'+'.join(bare)}-{baseline}",
        kind="sessions",
        plus=tuple(1 / len(bare) if role else 0.0 for role in range(design.roles)),
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
