"""Numbers that a study has of its people: ratings, plasma levels, doses, heart rates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gradshift.bids.layout import study_root
from gradshift.bids.numbers import known_numbers
from gradshift.bids.sessiontable import sessions_table
from gradshift.bids.tables import KEYS, people_table, read_table
from gradshift.errors import SettingsError

NOT_NUMBERS = frozenset({*KEYS, "acq_time", "treatment", "timepoint", "period"})
"""Columns that say who and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A column of numbers.

    Parameters
    ----------
    values : mapping of (str, str) to float
        By person and session with prefix; the session is empty where a person has one number.
    table : str
        The file it is from.
    units : str
        As the JSON beside it says; empty where it does not.
    """

    values: Mapping[tuple[str, str], float]
    table: str
    units: str = ""


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
        If it holds anything but numbers.
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
        for key, prefix in zip(KEYS, ("sub-", "ses-"), strict=True):
            if key in table.columns:
                table[key] = [prefix + text.removeprefix(prefix) for text in table[key]]
        tables[f"phenotype/{path.name}"] = table
    return tables


def _score(
    name: str, columns: Mapping[str, tuple[str, pd.DataFrame, str]], bids_dir: Path
) -> Score:
    """Read one column."""
    matching = [key for key in columns if name in (key, key.rpartition(":")[2])]
    if not matching:
        listed = ", ".join(sorted({key.rpartition(":")[2] for key in columns}))
        raise SettingsError(
            f"No table of the study has a column {name}: looked at participants.tsv, sessions.tsv "
            f"and phenotype/*.tsv, which have {listed or 'no numbers'}."
        )
    if len(matching) > 1:
        raise SettingsError(
            f"Several tables have a column {name}: name one of them, {' or '.join(matching)}."
        )
    place, table, column = columns[matching[0]]
    sessions = table["session_id"] if "session_id" in table.columns else [""] * len(table)
    texts = {
        f"{person} {session}": str(text)
        for person, session, text in zip(
            table["participant_id"], sessions, table[column], strict=True
        )
        if text not in ("n/a", "")
    }
    numbers = known_numbers(texts, f"{column} of {place}")
    values = {}
    for key, number in numbers.items():
        person, _, session = key.partition(" ")
        values[person, session] = number
    return Score(values=values, table=place, units=_units(bids_dir, place, column))


def _units(bids_dir: Path, place: str, column: str) -> str:
    """Return the units that the JSON beside a table says."""
    root = study_root(bids_dir, place)
    path = (root / place).with_suffix(".json") if root else None
    if path is None or not path.is_file():
        return ""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    described = content.get(column) if isinstance(content, dict) else None
    return str(described.get("Units", "")) if isinstance(described, dict) else ""
