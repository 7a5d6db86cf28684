"""Numbers that a study has of its people: ratings, plasma levels, doses, heart rates."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.bids.labels import normalised
from gradshift.bids.layout import study_root
from gradshift.bids.numbers import known_numbers
from gradshift.bids.opener import shown
from gradshift.bids.sessiontable import sessions_table
from gradshift.bids.tables import KEYS, people_table, read_table
from gradshift.errors import InputError, SettingsError, did_you_mean

NOT_NUMBERS = frozenset({*KEYS, "acq_time", "treatment", "timepoint", "period"})
"""Columns that say who and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A column of numbers.

    Parameters
    ----------
    values : mapping of (str, str) to float
        By person and session with prefix; the session is empty where a person has one number.
    table, column : str
        The file it is from, and its name there.
    units : str
        As the JSON beside it says; empty where it does not.
    levels : mapping of str to str
        What single values mean, as the JSON says.
    """

    values: Mapping[tuple[str, str], float]
    table: str
    column: str
    units: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_sessions(self) -> bool:
        """Whether sessions have numbers of their own."""
        return any(session for _, session in self.values)


def read_scores(bids_dir: Path, people: Sequence[str], names: Sequence[str]) -> dict[str, Score]:
    """Read columns of participants.tsv, sessions.tsv and phenotype/*.tsv by their names.

    Parameters
    ----------
    bids_dir : Path
    people : sequence of str
        With prefix.
    names : sequence of str
        Columns; ``phenotype/hamd.tsv:total`` where several tables have one.

    Raises
    ------
    SettingsError
        If no table, or more than one, has a column.
    InputError
        If it holds anything but numbers, a number outside of what the JSON beside it allows, or
        several for one session.
    """
    if not names:
        return {}
    tables = _tables(bids_dir, people)
    columns = {
        f"{place}:{column}": (place, table, column)
        for place, table in tables.items()
        for column in table.columns
        if column not in NOT_NUMBERS
    }
    return {name: _score(name, columns, bids_dir) for name in names}


def _tables(bids_dir: Path, people: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read every table that may have numbers, by its place."""
    of_people = people_table(bids_dir, people).reset_index()
    tables = {
        "participants.tsv": of_people,
        "sessions.tsv": sessions_table(bids_dir, people).reset_index(),
    }
    root = study_root(bids_dir, "phenotype/*.tsv")
    for path in sorted((root / "phenotype").glob("*.tsv")) if root else ():
        table = read_table(path, required=["participant_id"])
        for key, prefix in zip(KEYS, ("sub", "ses"), strict=True):
            if key in table.columns:
                known = people if prefix == "sub" else ()
                table[key] = normalised(table[key], prefix, known, path)
        tables[f"phenotype/{path.name}"] = table
    return tables


def _score(
    name: str, columns: Mapping[str, tuple[str, pd.DataFrame, str]], bids_dir: Path
) -> Score:
    """Read one column."""
    matching = [key for key in columns if name in (key, key.rpartition(":")[2])]
    if not matching:
        known = sorted({key.rpartition(":")[2] for key in columns})
        raise SettingsError(
            f"No table of the study has a column {name}{did_you_mean(name, [*known, *columns])}: "
            "looked at participants.tsv, sessions.tsv and phenotype/*.tsv, which have "
            f"{', '.join(known) or 'no numbers'}."
        )
    if len(matching) > 1:
        raise SettingsError(
            f"Several tables have a column {name}: name one of them, {' or '.join(matching)}."
        )
    place, table, column = columns[matching[0]]
    described = _described(bids_dir, place, column)
    levels = described.get("Levels")
    score = Score(
        values=_values(table, place, column),
        table=place,
        column=column,
        units=str(described.get("Units", "")),
        levels={str(key): str(text) for key, text in levels.items()}
        if isinstance(levels, dict)
        else {},
    )
    _check_range(score, described)
    return score


def _values(table: pd.DataFrame, place: str, column: str) -> dict[tuple[str, str], float]:
    """Read the numbers that are known, by person and session."""
    sessions = table["session_id"] if "session_id" in table.columns else [""] * len(table)
    texts: dict[str, str] = {}
    for person, session, text in zip(
        table["participant_id"], sessions, table[column], strict=True
    ):
        where = f"{person} {session}"
        if text in ("n/a", ""):
            continue
        if where in texts:
            raise InputError(
                f"{shown(place)} has several values of {column} for {where.strip()}: keep one row "
                "for each, such as their mean, or say in a column of its own what they are."
            )
        texts[where] = str(text)
    values = {}
    for where, number in known_numbers(texts, f"{column} of {place}").items():
        person, _, session = where.partition(" ")
        values[person, session] = number
    return values


def _check_range(score: Score, described: Mapping[str, Any]) -> None:
    """Refuse numbers beyond the levels, or beyond the limits, that the JSON says.

    A code for a missing value, such as 99, would count as a number.
    """
    levels = [number for key in score.levels if math.isfinite(number := _number(key))]
    low = _number(described.get("Minimum", min(levels, default=-math.inf)))
    high = _number(described.get("Maximum", max(levels, default=math.inf)))
    for (person, session), value in score.values.items():
        if value < low or value > high:
            raise InputError(
                f"{score.column} of {score.table} is {value:g} for {person} {session}".rstrip()
                + f", and the JSON beside it says {low:g} to {high:g}: correct it, or write n/a "
                "where it is missing."
            )


def _number(value: object) -> float:
    """Return what a JSON has as a number; NaN where it is none."""
    try:
        return float(str(value))
    except ValueError:
        return math.nan


def _described(bids_dir: Path, place: str, column: str) -> Mapping[str, Any]:
    """Return what the JSON beside a table says of a column; nothing where it says nothing."""
    for path in _beside(bids_dir, place):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        described = content.get(column) if isinstance(content, dict) else None
        if isinstance(described, dict):
            return described
    return {}


def _beside(bids_dir: Path, place: str) -> list[Path]:
    """List the JSON files that describe a table; that of all sessions.tsv lies at the top."""
    name = place.removesuffix(".tsv") + ".json"
    own = ("sub-*/sub-*_sessions.json",) if place == "sessions.tsv" else ()
    root = study_root(bids_dir, name, *own)
    return [path for one in (name, *own) for path in sorted(root.glob(one))] if root else []
