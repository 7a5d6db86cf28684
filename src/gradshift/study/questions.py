"""What a design asks of each modality, with covariates where they can be held constant."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradshift.core.statistics.covariates import PEOPLE_PER_COVARIATE
from gradshift.errors import SettingsError
from gradshift.study.design import Design
from gradshift.study.designs import kinds
from gradshift.study.effect import MOTION, Effect
from gradshift.study.participation import Participation
from gradshift.study.scores import score_of


def find_effects(design: Design, people: Sequence[Participation]) -> list[Effect]:
    """List what a design asks, the main question first.

    Parameters
    ----------
    design : Design
    people : sequence of Participation

    Raises
    ------
    SettingsError
        If a model wants more covariates than the people who are compared allow, or motion
        that nobody has.
    """
    compared = sorted({person.participant_id for person in people if person.included})
    effects = kinds()[design.kind].questions(design, compared)
    effects = [*effects, *_moderated(design, effects[0])]
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
    adjustments = [(tuple(design.covariates), True)] if design.covariates else []
    if allowed and measured and set(design.covariates) != {MOTION}:
        adjustments.append(((MOTION,), False))
    return [
        one
        for effect in effects
        for one in (effect, *(
            replace(effect, covariates=names, everywhere=everywhere)
            for names, everywhere in (adjustments if _adjustable(effect) else ())
        ))
    ]  # fmt: skip


def _moderated(design: Design, main: Effect) -> list[Effect]:
    """Ask whether the main change goes with the numbers that a model names."""
    return [
        Effect(
            contrast=f"{main.contrast}~{name}",
            effect="moderator",
            kind="number",
            minus=main.minus,
            plus=main.plus,
            predictor=score_of(design, main, name),
            everywhere=False,
            moderator=name,
        )
        for name in design.scores
    ]


def asked_of(effects: Sequence[Effect], people: Sequence[Participation]) -> list[Effect]:
    """Return what is asked of one modality and task: motion counts where it was measured.

    Parameters
    ----------
    effects : sequence of Effect
    people : sequence of Participation
        Those of this modality and task.
    """
    if _motion_is_known(people):
        return list(effects)
    return [
        replace(effect, covariates=names)
        for effect in effects
        if (names := tuple(name for name in effect.covariates if name != MOTION))
        or not effect.covariates
    ]


def _motion_is_known(people: Sequence[Participation]) -> bool:
    """Say whether anybody who is compared has a measure of motion."""
    return any(person.included and np.isfinite(person.motion).any() for person in people)


def _adjustable(effect: Effect) -> bool:
    """Say whether a question is also asked with covariates: a main one, about changes."""
    main = effect.everywhere and effect.people is None
    return main and effect.kind in ("change", "groups", "crossover")
