"""A question put to every family of values: weights over the conditions of a design."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
        Weights of the conditions: what is called the baseline, and what the follow-up. Their
        difference is the change.
    kind : {'change', 'groups', 'crossover', 'number', 'sessions'}
        Is it different from 0; between groups; between treatments of the same people, whatever
        the order; does it go with a number of people; or with a number of sessions.
    predictor : mapping of str to float
        Groups (0 or 1), orders (1: the other treatment first) or numbers by person.
    by_session : mapping of str to tuple of float
        Numbers of the sessions of a person, in the order of the conditions.
    people : frozenset of str, optional
        Those who are asked; everybody if not given.
    covariates : tuple of str
        What is held constant.
    everywhere : bool
        Whether it is asked of every family, or only of those that have few values.
    moderator : str
        Name of the number of people that it goes with, as in the model.
    least : int
        Fewer people are described, but not tested.
    family : str
        Effects of one name are corrected together in the confirmatory family.
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
    moderator: str = ""
    least: int = 2
    family: str = ""

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of the change."""
        return tuple(after - before for before, after in zip(self.minus, self.plus, strict=True))

    @property
    def name(self) -> tuple[str, str]:
        """Contrast and effect, as in the table of contrasts."""
        return self.contrast, self.effect

    def number(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the predictor of these people; NaN for those without."""
        return np.array([self.predictor.get(name, np.nan) for name in names], dtype=np.float64)

    def __str__(self) -> str:
        held = f", with {' and '.join(self.covariates)} held constant" if self.covariates else ""
        return f"{self.effect} ({self.contrast}){held}"


def sizes(groups: Mapping[str, float]) -> tuple[int, int]:
    """Count the people in group 0 and in group 1."""
    ones = sum(value == 1 for value in groups.values())
    return len(groups) - ones, ones
