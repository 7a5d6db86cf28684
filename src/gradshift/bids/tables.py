"""The tables of a study: one strict reader, and what it says of people and sessions."""

import csv
import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from gradshift.bids.labels import matched, normalised
from gradshift.bids.layout import study_root
from gradshift.bids.opener import read_bytes, shown
from gradshift.errors import InputError

KEYS = ("participant_id", "session_id")

logger = logging.getLogger("gradshift")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_PLAIN = bytes(sign for sign in (*b"\t\n", *range(32, 127)) if sign != ord('"'))
"""Signs that stand in a cell as they are."""

_EDGES = ("\t ", " \t", "\n ", " \n")
"""Blanks at the edge of a cell."""


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
    cells = read_cells(path, required=required, header_only=header_only)
    return pd.DataFrame({name: pd.Series(column, dtype=str) for name, column in cells.items()})


def read_cells(
    path: Path, *, required: Sequence[str] = (), header_only: bool = False
) -> dict[str, Sequence[str]]:
    """Read a table as `read_table` does; returns the cells of each column."""
    content = read_bytes(path, first_line=header_only)
    text = _text(path, content)
    lines = text.split("\n")[: 1 if header_only else None]
    if content.translate(None, _PLAIN) or any(edge in f"\n{text}\n" for edge in _EDGES):
        rows = [_cells(path, number, line) for number, line in enumerate(lines, start=1)]
    else:
        rows = [line.split("\t") for line in lines]
    width = _width(rows)
    names = rows[0][:width]
    _check_header(path, names, required)
    for number, row in enumerate(rows, start=1):
        if len(row) != width and (len(row) < width or any(row[width:])):
            raise InputError(
                f"Line {number} of {shown(path)} has {len(row)} cells, and the header has "
                f"{width}: a tab is missing or one too many."
            )
    body = zip(*(row[:width] for row in rows[1:]), strict=True) if rows[1:] else [()] * width
    return dict(zip(names, body, strict=True))


def _text(path: Path, content: bytes) -> str:
    """Decode a file; of all breaks of `splitlines` only line ends are kept, as newlines."""
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
    return text


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
    once(ids, path)
    return table.assign(participant_id=ids).set_index("participant_id").sort_index()


def once(ids: Sequence[str], path: Path) -> None:
    """Refuse a table with an id more than once."""
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
