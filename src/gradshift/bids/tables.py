"""The tables of a study: one strict reader, and what it says of people and sessions."""

import csv
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from gradshift.bids.dates import read_date
from gradshift.bids.labels import matched, normalised
from gradshift.bids.layout import study_root
from gradshift.bids.numbers import NOTHING
from gradshift.bids.opener import read_bytes, shown
from gradshift.errors import InputError

KEYS = ("participant_id", "session_id")

logger = logging.getLogger("gradshift")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def read_table(
    path: Path, *, required: Sequence[str] = (), header_only: bool = False
) -> pd.DataFrame:
    """Read a table of tab-separated columns as text.

    Blanks around cells are dropped, and a column without name or content at the end; nothing
    else is changed: ``n/a`` stays. Quotes, which BIDS allows around a cell, close on their line.

    Parameters
    ----------
    path : Path
    required : sequence of str
        Columns that must be there.
    header_only : bool
        Whether the columns will do, without any row.

    Returns
    -------
    DataFrame
        Text; control characters escaped, so that every cell may be shown.

    Raises
    ------
    MissingInputError
        If there is no such file.
    InputError
        If it is not such a table: the line is named.
    """
    lines = _lines(path, header_only)
    rows = [_cells(path, number, line) for number, line in enumerate(lines, start=1)]
    width = _width(rows)
    names = rows[0][:width]
    _check_header(path, names, required)
    for number, row in enumerate(rows, start=1):
        if len(row) < width or any(row[width:]):
            raise InputError(
                f"Line {number} of {shown(path)} has {len(row)} cells, and the header has "
                f"{width}: a tab is missing or one too many."
            )
    body = [row[:width] for row in rows[1:]]
    return pd.DataFrame(body, columns=names, dtype=str)


def _lines(path: Path, header_only: bool) -> list[str]:
    """Split a file into lines; only line ends count, not the other breaks of `splitlines`."""
    content = read_bytes(path, first_line=header_only)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{shown(path)} is text in UTF-16; save it again as text in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            f"{shown(path)} is not text in UTF-8; save it again as text in UTF-8, with columns "
            "separated by tabs."
        ) from None
    if "\x00" in text:
        raise InputError(f"{shown(path)} has NUL bytes: it is no text, or it is damaged.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if not text.strip():
        raise InputError(f"The table {shown(path)} is empty.")
    lines = text.split("\n")
    return lines[:1] if header_only else lines


def _cells(path: Path, number: int, line: str) -> list[str]:
    """Split a line into cells; the csv module knows quotes, and is asked only where some are."""
    cells = line.split("\t")
    if '"' in line:
        try:
            [cells] = csv.reader([line], delimiter="\t", strict=True)
        except (csv.Error, ValueError):
            raise InputError(
                f"Line {number} of {shown(path)} has a quotation mark that is not closed; close "
                "or remove it."
            ) from None
    if not _CONTROL.search(line):
        return list(map(str.strip, cells))
    return [_CONTROL.sub(lambda sign: shown(sign[0]), cell.strip()) for cell in cells]


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of columns, without those at the end that have no name and no content."""
    width = len(rows[0])
    while width > 1 and not any(row[width - 1] for row in rows if len(row) >= width):
        width -= 1
    return width


def _check_header(path: Path, names: Sequence[str], required: Sequence[str]) -> None:
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(
            f"{shown(path)} has more than one column with the name {twice[0][:60]!r}."
        )
    if "" in names:
        raise InputError(
            f"Column {names.index('') + 1} of {shown(path)} has no name; name or remove it."
        )
    if absent := [name for name in required if name not in names]:
        hint = " Its columns are not separated by tabs." if len(names) == 1 else ""
        raise InputError(
            f"{shown(path)} has no column {', '.join(absent)}; it has "
            f"{', '.join(names[:12])}{' ...' if len(names) > 12 else ''}.{hint}"
        )


def read_participants(bids_dir: Path, known: Iterable[str] = ()) -> list[str]:
    """List the participants a study names in participants.tsv; none where there is no such."""
    return list(people_table(bids_dir, known).index)


def people_table(bids_dir: Path, known: Iterable[str] = ()) -> pd.DataFrame:
    """Read participants.tsv as text, by participant; without rows where there is none.

    Parameters
    ----------
    bids_dir : Path
        The table is looked for here, and where the raw data of a derivative dataset lie.
    known : iterable of str
        Participants, with prefix, whose case the ids take beside that of the folders.
    """
    root = study_root(bids_dir, "participants.tsv")
    if root is None:
        return pd.DataFrame(index=pd.Index([], name="participant_id", dtype=str))
    path = root / "participants.tsv"
    table = read_table(path, required=["participant_id"])
    folders = {entry.name for place in {root, bids_dir} for entry in place.glob("sub-*")}
    ids = normalised(table["participant_id"], "sub", {*folders, *known}, path)
    _once(ids, path)
    return table.assign(participant_id=ids).set_index("participant_id").sort_index()


def sessions_table(
    bids_dir: Path, participants: Sequence[str], known: Iterable[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Read the sessions.tsv of participants as text, by participant and session.

    Parameters
    ----------
    bids_dir : Path
        As of `people_table`.
    participants : sequence of str
        With prefix.
    known : iterable of (str, str)
        Participants and sessions whose case the ids take beside that of the folders.
    """
    tables = []
    labels: dict[str, set[str]] = {}
    for person, session in known:
        labels.setdefault(person, set()).add(session)
    for participant, path in _session_tables(bids_dir, participants):
        table = read_table(path)
        if "session_id" not in table.columns:
            continue
        ids = _session_ids(table, path, labels.get(participant, ()))
        _once(ids, path)
        tables.append(table.assign(session_id=ids, participant_id=participant))
    if not tables:
        empty: list[list[str]] = [[], []]
        return pd.DataFrame(index=pd.MultiIndex.from_arrays(empty, names=KEYS))
    joined = pd.concat(tables, ignore_index=True).fillna("n/a").set_index([*KEYS])
    return joined.sort_index()


def read_sessions(bids_dir: Path, participants: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Yield the sessions.tsv of participants as the acquisition time of each session.

    Times are text as `gradshift.bids.dates` reads it; sessions without one are left out.

    Raises
    ------
    InputError
        If a time cannot be read.
    """
    for _, path in _session_tables(bids_dir, participants):
        table = read_table(path)
        if not {"session_id", "acq_time"} <= set(table.columns):
            continue
        times = dict(zip(_session_ids(table, path, ()), table["acq_time"], strict=True))
        known = {session: when for session, when in times.items() if when not in NOTHING}
        for session, when in known.items():
            read_date(when, f"acq_time of {session} in {shown(path)}")
        yield known


def _session_tables(bids_dir: Path, participants: Sequence[str]) -> list[tuple[str, Path]]:
    names = {name: f"{name}/{name}_sessions.tsv" for name in sorted(participants)}
    root = study_root(bids_dir, *names.values())
    if root is None:
        return []
    return [(name, root / path) for name, path in names.items() if os.path.lexists(root / path)]


def _session_ids(table: pd.DataFrame, path: Path, known: Iterable[str]) -> list[str]:
    folders = {entry.name for entry in path.parent.glob("ses-*")}
    return normalised(table["session_id"], "ses", {*folders, *known}, path)


def _once(ids: Sequence[str], path: Path) -> None:
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise InputError(f"{shown(path)} has {', '.join(twice)} more than once.")


def check_people(people: pd.DataFrame, names: Sequence[str], bids_dir: Path) -> list[str]:
    """Hold the people of participants.tsv against those with results.

    Returns
    -------
    list of str
        A remark, where some have no row.

    Raises
    ------
    InputError
        If none of them has.
    """
    if people.empty:
        return []
    root = study_root(bids_dir, "participants.tsv") or bids_dir
    return matched(list(people.index), names, root / "participants.tsv")


def check_sessions(
    sessions: pd.DataFrame, results: Iterable[tuple[str, str]], bids_dir: Path
) -> list[str]:
    """Hold the sessions of every sessions.tsv against those with results, as `check_people`."""
    remarks = []
    by_person: dict[str, list[str]] = {}
    for person, session in results:
        if session != "n/a":
            by_person.setdefault(person, []).append(session)
    for person, path in _session_tables(bids_dir, sorted(by_person)):
        if person in sessions.index.get_level_values(0):
            own = [str(name) for name in sessions.loc[[person]].index.get_level_values(1)]
            remarks += matched(own, sorted(set(by_person[person])), path)
    return remarks
