"""What the group level wrote of how much can be claimed, read back from ``limits.json``.

A number that is not known is NaN; a part that was not written is empty.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradshift.bids.outputs import Sidecar


class Registration(NamedTuple):
    """The registration that a run follows, and where it departs from it."""

    digest: str
    departures: Sequence[str]


class Power(NamedTuple):
    """What the main test can detect.

    Parameters
    ----------
    n : int
        Participants.
    can_be_significant : bool
    single, corrected : float
        Changes (SD) that one test, and one of 28 corrected tests, have 80 % power for.
    curve, needed : mapping
        Power, and people needed for 80 % power, by change (SD).
    """

    n: int
    can_be_significant: bool
    single: float
    corrected: float
    curve: Mapping[str, float]
    needed: Mapping[str, int]


class Marked(NamedTuple):
    """Sessions that are missing or remarked, and people with more of them on one side."""

    what: str
    sessions: int
    more_at_followup: int
    more_at_baseline: int
    p: float


class Tests(NamedTuple):
    """How many tests were made, and how many of them chance alone makes significant."""

    number: int
    alpha: float
    by_chance: float


class Measured(NamedTuple):
    """Measures that were not computed, by opt-in group, and people who lack one, by measure."""

    not_computed: Mapping[str, Sequence[str]]
    of_some_only: Mapping[str, Sequence[str]]


class Motion(NamedTuple):
    """Mean framewise displacement (mm) of one task before and after, and the filter of motion."""

    task: str
    n: int
    baseline: float
    followup: float
    change: float
    p: float
    filter: str = ""


class Rate(NamedTuple):
    """Breaths or heartbeats per minute of one task before and after."""

    what: str
    task: str
    n: int
    baseline: float
    followup: float
    change: float
    p: float


class Acquisition(NamedTuple):
    """Something in which the acquisitions of sessions, or of people, differ."""

    of_people: bool
    participants: Sequence[str]
    task: str
    what: str
    values: Mapping[str, Sequence[str]]
    bears_on_numbers: bool


class AcquisitionEffect(NamedTuple):
    """A mean change, and what it is with the finer sessions measured as the coarser ones."""

    measure: str
    level: str
    label: str
    n: int
    change: float
    resampled: float


class Connections(NamedTuple):
    """How far changes of connections go with those of motion."""

    task: str
    atlas: str
    recipe: str
    n: int
    median_r: float
    share: float


class Dependence(NamedTuple):
    """Oldham's correlation of one value, with its interval."""

    measure: str
    level: str
    label: str
    r: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The document; empty where it was not written."""

    content: Sidecar

    def _rows(self, part: str) -> Sequence[Sidecar]:
        return self.content.get(part) or []

    @property
    def of_design(self) -> list[str]:
        """What the design leaves open, a sentence each."""
        return list(map(str, self._rows("Limits")))

    @property
    def registration(self) -> Registration | None:
        """The registration; None where there is none."""
        part = self.content.get("Registration")
        return Registration(str(part["Digest"]), part["Departures"]) if part else None

    @property
    def power(self) -> Power:
        """Power of the main test."""
        part = self.content.get("Power") or {}
        detectable = part.get("DetectableAtPower80") or {}
        return Power(
            n=part.get("Participants", 0),
            can_be_significant=bool(part.get("CanBeSignificant")),
            single=_number(detectable, "alpha"),
            corrected=_number(detectable, "alpha/28"),
            curve=part.get("Power") or {},
            needed=part.get("PeopleNeededForPower80") or {},
        )

    @property
    def balance(self) -> list[Marked]:
        """What is missing or remarked."""
        return [
            Marked(
                row["What"],
                row["Sessions"],
                row["MoreAtFollowup"],
                row["MoreAtBaseline"],
                _number(row, "p"),
            )
            for row in self._rows("Balance")
        ]

    @property
    def tests(self) -> Tests:
        """Number of tests."""
        part = self.content.get("Tests") or {}
        chance = part.get("ExpectedByChance") or {}
        return Tests(part.get("Number", 0), _number(chance, "Alpha"), _number(chance, "Number"))

    @property
    def measured(self) -> Measured:
        """Measures that were not computed, or not of everybody."""
        part = self.content.get("Measures") or {}
        return Measured(part.get("NotComputed") or {}, part.get("OfSomeOnly") or {})

    @property
    def chance_families(self) -> Sidecar:
        """Families with a corrected result by chance alone."""
        return (self.content.get("Tests") or {}).get("ChanceFamilies") or {}

    @property
    def motion(self) -> list[Motion]:
        """Motion by task."""
        return [
            Motion(
                task=row["Task"],
                n=row.get("n", 0),
                baseline=_number(row, "MeanFDBaseline"),
                followup=_number(row, "MeanFDFollowup"),
                change=_number(row, "MeanChange"),
                p=_number(row, "p"),
                filter=row.get("Filter", ""),
            )
            for row in self._rows("Motion")
        ]

    @property
    def physiology(self) -> list[Rate]:
        """Breathing and heart rate by task, where they are known."""
        return [
            Rate(
                what=row["What"],
                task=row["Task"],
                n=row["n"],
                baseline=_number(row, "MeanBaseline"),
                followup=_number(row, "MeanFollowup"),
                change=_number(row, "MeanChange"),
                p=_number(row, "p"),
            )
            for row in self._rows("Physiology")
        ]

    @property
    def acquisition(self) -> list[Acquisition]:
        """What differs in how sessions were acquired."""
        return [
            Acquisition(
                row["Scope"] == "study",
                *(row["Participants"], row["Task"], row["What"], row["Values"]),
                row["BearsOnNumbers"],
            )
            for row in self._rows("Acquisition")
        ]

    @property
    def acquisition_effect(self) -> list[AcquisitionEffect]:
        """How much of a change that could be."""
        return [
            AcquisitionEffect(
                *(row["Measure"], row["Level"], row["Label"], row["n"]),
                *(_number(row, name) for name in ("MeanChange", "MeanChangeResampled")),
            )
            for row in self._rows("AcquisitionEffect")
        ]

    @property
    def connections(self) -> list[Connections]:
        """Connections and motion, by task, atlas and recipe."""
        return [
            Connections(
                *(row["task"], row["atlas"], row["recipe"], row["n"]),
                *(_number(row, name) for name in ("MedianAbsoluteR", "ShareBelow05")),
            )
            for row in self._rows("MotionAndConnections")
        ]

    @property
    def dependence(self) -> list[Dependence]:
        """Dependence on the baseline, of the values that it was tested of."""
        return [
            Dependence(
                *(row["Measure"], row["Level"], row["Label"]),
                *(row["OldhamR"], *row["OldhamInterval"], row["OldhamP"]),
            )
            for row in self._rows("BaselineDependence")
            if math.isfinite(_number(row, "OldhamP"))
        ]


def _number(block: Sidecar, key: str) -> float:
    value = block.get(key)
    return math.nan if value is None else float(value)
