"""What a study says of the sessions of its people: sessions.tsv, and the times of scans.tsv."""

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from gradshift.bids.dates import read_date
from gradshift.bids.labels import matched, normalised
from gradshift.bids.layout import raw_folders, study_root
from gradshift.bids.numbers import NOTHING
from gradshift.bids.opener import shown
from gradshift.bids.scans import find_scans
from gradshift.bids.tables import KEYS, once, read_table
from gradshift.errors import InputError

logger = logging.getLogger("gradshift")


def sessions_table(
    bids_dir: Path, participants: Sequence[str], known: Iterable[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Read the sessions.tsv of participants as text, by participant and session.

    Where it tells no ``acq_time``, that of the first scan in scans.tsv stands for it.

    Parameters
    ----------
    bids_dir : Path
        As of `gradshift.bids.tables.people_table`.
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
        once(ids, path)
        tables.append(table.assign(session_id=ids, participant_id=participant))
    tables.append(pd.DataFrame(columns=[*KEYS]))
    joined = pd.concat(tables, ignore_index=True).fillna("n/a").set_index([*KEYS])
    return _with_times(joined, bids_dir, participants).sort_index()


def _with_times(table: pd.DataFrame, bids_dir: Path, participants: Sequence[str]) -> pd.DataFrame:
    """Give sessions without a time that of their first scan, and a row where they have none."""
    known: dict[str, dict[str, str]] = {person: {} for person in sorted(participants)}
    places = list(dict.fromkeys(raw_folders(bids_dir)))
    if "acq_time" in table.columns:
        for (person, session), when in table["acq_time"].items():
            if when not in NOTHING:
                known[person][session] = when
    times = {
        (person, session): when
        for person, sessions in known.items()
        for session, when in {**_first_scans(places, person, sessions), **sessions}.items()
    }
    if len(times) == sum(map(len, known.values())):
        return table
    rows = table.reindex(table.index.union(pd.MultiIndex.from_tuples(times), sort=False))
    rows["acq_time"] = [times.get(place, "n/a") for place in rows.index]
    return rows.rename_axis([*KEYS]).fillna("n/a")


def read_sessions(bids_dir: Path, participants: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Yield the acquisition time of each session of the participants, where it is known.

    Times are text as `gradshift.bids.dates` reads it: of sessions.tsv, and of the first scan in
    scans.tsv where that has none.

    Raises
    ------
    InputError
        If a time cannot be read.
    """
    paths = dict(_session_tables(bids_dir, participants))
    places = list(dict.fromkeys(raw_folders(bids_dir)))
    for participant in sorted(participants):
        known: dict[str, str] = {}
        if path := paths.get(participant):
            known = _times(path)
        first = _first_scans(places, participant, known)
        if times := {**first, **known}:
            yield times


def _times(path: Path) -> dict[str, str]:
    table = read_table(path)
    if not {"session_id", "acq_time"} <= set(table.columns):
        return {}
    times = zip(_session_ids(table, path, ()), table["acq_time"], strict=True)
    known = {session: when for session, when in times if when not in NOTHING}
    for session, when in known.items():
        read_date(when, f"acq_time of {session} in {shown(path)}")
    return known


def _first_scans(
    places: Sequence[Path], participant: str, known: Collection[str]
) -> dict[str, str]:
    """Return when the first scan of each other session began, as scans.tsv tells.

    A scans.tsv that cannot be read matters only where nothing else tells the times.
    """
    try:
        _, scans = find_scans(places, participant)
    except InputError as error:
        if not known:
            raise
        logger.warning("%s", error)
        return {}
    begun = {name: one.begun for name, one in scans.items() if name not in ("n/a", *known)}
    return {session: when for session, when in begun.items() if when}


def _session_tables(bids_dir: Path, participants: Sequence[str]) -> list[tuple[str, Path]]:
    names = {name: f"{name}/{name}_sessions.tsv" for name in sorted(participants)}
    root = study_root(bids_dir, *names.values())
    if root is None:
        return []
    return [(name, root / path) for name, path in names.items() if os.path.lexists(root / path)]


def _session_ids(table: pd.DataFrame, path: Path, known: Iterable[str]) -> list[str]:
    folders = {entry.name for entry in path.parent.glob("ses-*")}
    return normalised(table["session_id"], "ses", {*folders, *known}, path)


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
