"""The table of an atlas: one row for each region."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gradshift.errors import InputError, MissingInputError
from gradshift.settings import read_small

COLUMNS = ("index", "name", "hemisphere", "network", "x", "y", "z")
NONE = ("", "n/a")

LONGEST_INDEX = 9
"""Digits: images hold whole numbers of 32 bits."""


@dataclass(frozen=True)
class Row:
    """One region in a label table.

    Parameters
    ----------
    index : int
        The label in the images.
    name : str
    hemisphere : str
        ``L``, ``R`` or empty.
    network : str
        Empty for a region that belongs to no network.
    centroid : tuple of three float, optional
        Millimetres.
    """

    index: int
    name: str
    hemisphere: str = ""
    network: str = ""
    centroid: tuple[float, float, float] | None = None


def read_table(path: Path) -> tuple[Row, ...]:
    """Read a label table.

    Parameters
    ----------
    path : Path
        Tab-separated, with the columns index and name, and maybe hemisphere (L, R, n/a), network
        and x, y, z (mm); other columns are left alone.

    Returns
    -------
    tuple of Row
        In the order of the table. Centroids are None unless every region has one.

    Raises
    ------
    MissingInputError
        If there is no file.
    InputError
        If a column or value is missing, makes no sense or comes twice.
    """
    if not path.is_file():
        raise MissingInputError(f"No label table at {path}; check `labels` in the atlas's JSON.")
    try:
        reader = csv.DictReader(
            io.StringIO(read_small(path), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE
        )
        header = tuple(reader.fieldnames or ())
        entries = list(reader)
    except UnicodeDecodeError as error:
        raise InputError(f"The label table {path} is not UTF-8 text; save it as UTF-8.") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"The label table {path} cannot be read: {error}.") from error
    except OSError as error:
        raise InputError(f"The label table {path} cannot be read: {error.strerror}.") from error
    if absent := [column for column in COLUMNS[:2] if column not in header]:
        raise InputError(
            f"The label table {path} lacks {listed(absent)}; it needs tab-separated columns "
            f"`index` and `name`, and its header is {listed(header)}."
        )
    rows = tuple(_row(entry, line, path) for line, entry in enumerate(entries, start=2))
    _check_rows(rows, path)
    if any(row.centroid is None for row in rows):
        rows = tuple(replace(row, centroid=None) for row in rows)
    return rows


def _row(entry: Mapping[str, str | None], line: int, path: Path) -> Row:
    """Return one line of a label table."""
    text = {column: (entry.get(column) or "").strip() for column in COLUMNS}
    digits = text["index"].isdecimal() and len(text["index"]) <= LONGEST_INDEX
    if not digits or int(text["index"]) < 1:
        raise InputError(
            f"The label table {path} has the index {text['index'][:20]!r} in line {line}; an "
            "index is a whole number from 1 on."
        )
    if text["name"] in NONE:
        raise InputError(
            f"The label table {path} has no name in line {line}; give the region one."
        )
    if text["hemisphere"] not in ("L", "R", *NONE):
        raise InputError(
            f"The label table {path} has the hemisphere {text['hemisphere']!r} in line {line}; "
            "it must be L, R or n/a."
        )
    return Row(
        index=int(text["index"]),
        name=text["name"],
        hemisphere="" if text["hemisphere"] in NONE else text["hemisphere"],
        network="" if text["network"] in NONE else text["network"],
        centroid=_centroid([text[axis] for axis in "xyz"], line, path),
    )


def _centroid(texts: list[str], line: int, path: Path) -> tuple[float, float, float] | None:
    if any(text in NONE for text in texts):
        return None
    try:
        x, y, z = (float(text) for text in texts)
    except ValueError:
        x = y = z = float("nan")
    if not np.isfinite([x, y, z]).all():
        raise InputError(
            f"The label table {path} has the place {', '.join(texts)} in line {line}; x, y and z "
            "are millimetres, or n/a."
        )
    return x, y, z


def _check_rows(rows: tuple[Row, ...], path: Path) -> None:
    """Raise InputError for an empty table, or an index or name that comes twice."""
    if not rows:
        raise InputError(f"The label table {path} has no rows; give each label of the image one.")
    columns: dict[str, list[object]] = {
        "index": [row.index for row in rows],
        "name": [row.name for row in rows],
    }
    for column, values in columns.items():
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            raise InputError(
                f"The label table {path} has the same {column} in several rows: {listed(twice)}; "
                "each region needs its own."
            )


def listed(values: Iterable[object]) -> str:
    """Write values one after the other, or that there are none."""
    return ", ".join(map(str, values)) or "nothing"
