"""Tables with few different texts in many rows: each text once, its number in the rows."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.write import write_to
from gradshift.errors import InputError

Codes = NDArray[np.int32]


class Texts:
    """The different texts of a column, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def encode(self, cells: Iterable[str]) -> Codes:
        """Return the numbers of texts; those that are new get the next ones."""
        numbers = self._numbers
        return np.array([numbers.setdefault(cell, len(numbers)) for cell in cells], dtype=np.int32)

    def same(self, cell: str, n: int) -> Codes:
        """Return n times the number of one text, in the room of one."""
        return np.broadcast_to(self.encode([cell]), n)

    def column(self, parts: Sequence[Codes]) -> pd.Categorical:
        """Put parts of a column under each other; categories are in the order of texts."""
        texts = sorted(self._numbers)
        rank = np.empty(len(texts), dtype=_smallest(len(texts)))
        rank[[self._numbers[text] for text in texts]] = np.arange(len(texts))
        codes = np.concatenate([rank[part] for part in parts]) if parts else rank[:0]
        return pd.Categorical.from_codes(codes, pd.Index(texts, dtype=str))


def _smallest(n: int) -> type[np.signedinteger]:
    return next(kind for kind in (np.int8, np.int16, np.int32) if n <= np.iinfo(kind).max)


def numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Make categories of the texts of a table of values."""
    texts = [name for name in table.columns if name != "value"]
    words = table.astype({**dict.fromkeys(texts, str), "value": np.float64})
    return words.astype(dict.fromkeys(texts, "category"))


def tabulated(names: Sequence[str], parts: Iterable[Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """Make a table of rows that come in parts, of which one is held at a time.

    Parameters
    ----------
    names : sequence of str
        Columns; all but ``value`` are texts and become categories.
    parts : iterable of sequence of mapping
        Rows by column; may hold more than these.
    """
    texts = {name: Texts() for name in names if name != "value"}
    values: list[NDArray[np.float64]] = [np.empty(0)]
    codes: dict[str, list[Codes]] = {name: [] for name in texts}
    for rows in parts:
        values.append(np.array([row["value"] for row in rows], dtype=np.float64))
        for name, of in texts.items():
            codes[name].append(of.encode([row[name] for row in rows]))
    columns = {"value": np.concatenate(values)}
    columns |= {name: texts[name].column(codes[name]) for name in texts}
    return pd.DataFrame({name: columns[name] for name in names}, copy=False)


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables with the same columns under each other; columns of texts stay numbered."""
    first = tables[0]
    return pd.DataFrame(
        {
            name: pd.api.types.union_categoricals(
                [pd.Categorical(table[name]) for table in tables], sort_categories=True
            )
            if isinstance(first[name].dtype, pd.CategoricalDtype)
            else np.concatenate([table[name].to_numpy() for table in tables])
            for name in first.columns
        }
    )


def write_columns(path: Path, table: pd.DataFrame) -> Path:
    """Write a table as an archive of numpy arrays: texts and numbers of every column.

    Parameters
    ----------
    path : Path
        Ends in ``.npz``.
    table : DataFrame
        Of categories and numbers.
    """
    arrays: dict[str, Any] = {"columns": np.array(list(table.columns))}
    for name in table.columns:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            arrays[f"{name}.texts"] = np.array(table[name].cat.categories.tolist(), dtype=str)
            arrays[f"{name}.rows"] = table[name].cat.codes.to_numpy()
        else:
            arrays[f"{name}.rows"] = table[name].to_numpy()
    return write_to(path, lambda file: np.savez(file, **arrays))


def read_columns(path: Path) -> pd.DataFrame:
    """Read a table that `write_columns` wrote.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = arrays["columns"].tolist()
            return pd.DataFrame({name: _column(arrays, name) for name in names}, copy=False)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is missing, damaged or cut off; run the level that writes it again."
        ) from error


def _column(arrays: np.lib.npyio.NpzFile, name: str) -> pd.Series | pd.Categorical:
    rows = arrays[f"{name}.rows"]
    if f"{name}.texts" not in arrays:
        return pd.Series(rows)
    texts = pd.Index(arrays[f"{name}.texts"].tolist(), dtype=str)
    return pd.Categorical.from_codes(rows, texts)
