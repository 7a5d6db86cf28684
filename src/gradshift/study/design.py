"""Who is compared with what: conditions, and the session each person has of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradshift.bids.scores import Score

PLACEBO = frozenset(
    {"placebo", "plcb", "plac", "pla", "plc", "pbo", "pcb", "saline", "sham", "vehicle"}
)
"""What the reference of a drug is called, in lower case."""


def is_placebo(name: str) -> bool:
    """Tell whether a treatment or session is called what a placebo is called."""
    return name.lower().removeprefix("ses-") in PLACEBO


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One of the sessions that a design wants of every person.

    Parameters
    ----------
    name : str
        In words, such as ``ses-pre`` or ``placebo pre``.
    before : bool
        Whether it comes before a dose.
    session : str
        The session, with prefix, of everybody whose sessions the design does not name one by
        one.
    """

    name: str
    before: bool
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """One contrast: weights over the conditions of a design.

    Parameters
    ----------
    name : str
        As in the tables.
    minus, plus : tuple of float
        By condition: what is held against what. Their difference is the weights, whose sum is 0.
    family : str
        Contrasts of one name are corrected together in the confirmatory family.
    treatments : tuple of str
        The reference and what is held against it, where two treatments of the same people are
        compared, whose order may count.
    first : mapping of str to float
        1 for people who had the other treatment before the reference, 0 for the others.
    """

    name: str
    minus: tuple[float, ...]
    plus: tuple[float, ...]
    family: str = ""
    treatments: tuple[str, ...] = ()
    first: Mapping[str, float] = field(default_factory=dict)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the conditions that count."""
        both = zip(self.minus, self.plus, strict=True)
        return tuple(i for i, (minus, plus) in enumerate(both) if minus or plus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A comparison: what is asked of it are weights over its conditions.

    Parameters
    ----------
    kind : str
        Name of a module of `gradshift.study.designs`, which says what is asked.
    conditions : tuple of Condition
        The baseline first.
    baseline, followup : str
        Sessions with prefix, or the time points that the conditions were found by.
    atlases, recipes : tuple of str
        Names; the first of each is the primary one.
    more : tuple of str
        Further follow-ups.
    sentence : str
        What is said of it before anything is computed.
    reference, against : str
        Names of the groups or treatments that are compared, such as placebo and ketamine.
    sessions : mapping of str to tuple of str
        By person the session of each condition, where it is not the same in everybody; where
        there is none, what is missing.
    groups : mapping of str to str
        The group of each person.
    first : mapping of str to float
        1 for people who had the other treatment first, 0 for the others.
    days : mapping of (str, str) to float
        Days since the dose by person and session, where they are known.
    covariates : mapping of str to mapping of str to float
        Numbers of people that are held constant, by name; ``deltafd`` stands without numbers.
    blinding : str
        Who was blinded, as a model file says; empty where nothing is known.
    within_period : bool
        Whether one baseline and one follow-up make the change of a person; not so where
        treatments are compared.
    enough : tuple of tuple of int
        Positions of conditions that are enough to be compared, each set by itself; all
        conditions where there is none.
    scores : mapping of str to Score
        Numbers of people or sessions that a change may go with, by name.
    outcomes : mapping of str to Score
        Numbers of sessions whose change is tested, by the name that tables give them.
    named_conditions : bool
        Whether a model names tasks or runs as conditions: a change is not one over time.
    weighted : tuple of Weighted
        The contrasts that are asked for, where the kind of design does not say them.
    """

    kind: str
    conditions: tuple[Condition, ...]
    baseline: str
    followup: str
    atlases: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    sentence: str = ""
    reference: str = ""
    against: str = ""
    sessions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, float] = field(default_factory=dict)
    days: Mapping[tuple[str, str], float] = field(default_factory=dict)
    covariates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    blinding: str = ""
    within_period: bool = True
    enough: tuple[tuple[int, ...], ...] = ()
    weighted: tuple[Weighted, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    outcomes: Mapping[str, Score] = field(default_factory=dict)
    named_conditions: bool = False

    def sessions_of(self, person: str) -> tuple[str, ...]:
        """Return the sessions of a person in the order of the conditions."""
        common = tuple(condition.session for condition in self.conditions)
        return self.sessions.get(person, common)

    def is_baseline(self, person: str, session: str) -> bool:
        """Say whether a session comes before a dose."""
        of_person = self.sessions_of(person)
        return session in [of_person[i] for i in self.baselines]

    @property
    def baselines(self) -> tuple[int, ...]:
        """Positions of the conditions before a dose."""
        return tuple(i for i, condition in enumerate(self.conditions) if condition.before)

    @property
    def followups(self) -> tuple[int, ...]:
        """Positions of the conditions after a dose."""
        return tuple(i for i, condition in enumerate(self.conditions) if not condition.before)

    @property
    def contrast(self) -> str:
        """Name of the change, such as ``post-pre``."""
        return f"{self.followup.removeprefix('ses-')}-{self.baseline.removeprefix('ses-')}"

    def __str__(self) -> str:
        return self.sentence


def before_and_after(*sessions: str, baselines: int = 1) -> tuple[Condition, ...]:
    """Return the conditions of baselines and their follow-ups, the same sessions in everybody."""
    return tuple(
        Condition(name=session, before=i < baselines, session=session)
        for i, session in enumerate(sessions)
    )
