"""What a study says of its people and sessions, one observation for every session."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.bids.collect import SessionResult
from gradshift.bids.layout import study_root
from gradshift.bids.numbers import known_numbers
from gradshift.bids.sessiontable import check_sessions, sessions_table
from gradshift.bids.tables import check_people, people_table
from gradshift.settings import Settings

UNKNOWN = frozenset({"n/a", ""})
"""How a table says that a value is not known."""

MOST_DAYS = 36525.0
"""No session is a hundred years from the dose."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One session of one person, and what ``sessions.tsv`` says of it.

    Parameters
    ----------
    person, session : str
        With prefix.
    treatment, timepoint, period, time : str
        As in the columns ``treatment``, ``timepoint``, ``period`` and ``acq_time``; empty where
        they are not known.
    days : float
        Days since the dose; NaN where they are not known.
    dose : float
        As in the column ``dose``, where that is a plain number; NaN where it is not known.
    has_result : bool
        Whether the participant level left a result of it.
    """

    person: str
    session: str
    treatment: str = ""
    timepoint: str = ""
    period: str = ""
    time: str = ""
    days: float = math.nan
    dose: float = math.nan
    has_result: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyTables:
    """What a study says of those who have a result.

    Parameters
    ----------
    names, sessions : tuple of str
        Participants and sessions with a result, with prefix.
    people : DataFrame
        participants.tsv as text, by participant.
    observations : tuple of Observation
        The rows of sessions.tsv of these people, also those without a result.
    has_days : bool
        Whether any of these tables has the column ``days_since_dose``.
    order : tuple of str
        The sessions in their order, where tasks take their place and names tell it.
    """

    names: tuple[str, ...]
    sessions: tuple[str, ...]
    people: pd.DataFrame
    observations: tuple[Observation, ...]
    has_days: bool
    order: tuple[str, ...] = ()

    @classmethod
    def read(cls, settings: Settings, results: Sequence[SessionResult]) -> "StudyTables":
        """Read the tables of those who have a result."""
        names = tuple(sorted({result.participant for result in results}))
        measured = {(result.participant, result.session) for result in results}
        table = sessions_table(settings.bids_dir, names, measured)
        people = people_table(settings.bids_dir, names)
        _check(settings.bids_dir, people, table, results)
        return cls(
            names=names,
            sessions=tuple(sorted({result.session for result in results} - {"n/a"})),
            people=people.reindex(list(names)),
            observations=tuple(
                _observation(str(person), str(session), row, (person, session) in measured)
                for (person, session), row in zip(
                    table.index, table.to_dict("records"), strict=True
                )
            ),
            has_days="days_since_dose" in table.columns,
        )

    @property
    def measured(self) -> list[Observation]:
        """The sessions that have a result."""
        return [observation for observation in self.observations if observation.has_result]

    def known(self, column: str) -> dict[str, str]:
        """Return the values of a column of participants.tsv that are known, by participant."""
        if column not in self.people.columns:
            return {}
        return {
            str(person): str(value)
            for person, value in self.people[column].dropna().items()
            if value not in UNKNOWN
        }


def _check(
    bids_dir: Path, people: pd.DataFrame, sessions: pd.DataFrame, results: Sequence[SessionResult]
) -> None:
    """Hold the tables against the results, and say what does not fit.

    Raises
    ------
    InputError
        If a table has none of those with a result.
    """
    names = sorted({result.participant for result in results})
    measured = {(result.participant, result.session) for result in results}
    if people.empty and sessions.empty and study_root(bids_dir, "participants.tsv") is None:
        logger.info("There is no participants.tsv and no sessions.tsv in or beside %s.", bids_dir)
    remarks = [
        *check_people(people, names, bids_dir),
        *check_sessions(sessions, measured, bids_dir),
    ]
    for remark in remarks:
        logger.warning("%s", remark)


def _observation(
    person: str, session: str, row: Mapping[Any, Any], has_result: bool
) -> Observation:
    def word(column: str) -> str:
        value = row.get(column, "")
        return "" if value in UNKNOWN else str(value)

    place = f"{person} {session}"

    days = {place: word("days_since_dose")}
    return Observation(
        person=person,
        session=session,
        treatment=word("treatment"),
        timepoint=word("timepoint"),
        period=word("period"),
        time=word("acq_time"),
        days=known_numbers(days, "days_since_dose", low=-MOST_DAYS).get(place, math.nan),
        dose=_amount(word("dose")),
        has_result=has_result,
    )


def _amount(text: str) -> float:
    """Return a dose that is a plain number; NaN for one in words, such as ``20 mg``."""
    try:
        amount = float(text)
    except ValueError:
        return math.nan
    return amount if 0 <= amount < math.inf else math.nan


def treatments(observations: Iterable[Observation]) -> dict[str, list[str]]:
    """Return the treatments that every person had, in the order of sessions.tsv."""
    names: dict[str, list[str]] = {}
    for observation in observations:
        if observation.treatment:
            names.setdefault(observation.person, []).append(observation.treatment)
    return names
