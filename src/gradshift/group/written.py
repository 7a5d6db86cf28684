"""The tables of the group level, read back when they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gradshift.bids.collect import read_tsv
from gradshift.bids.dataset import read_json

TEXT = frozenset(
    {
        *("contrast", "effect", "family", "modality", "task", "atlas", "recipe", "choice"),
        *("measure", "level", "label", "covariates", "exact", "status"),
    }
)
"""Columns of the tables that hold words even where these look like numbers."""

Row = Mapping[str, Any]
"""A row of a table, as it was read back."""


def read_numbers(path: Path) -> list[dict[str, Any]]:
    """Read a table of the group as rows; n/a becomes NaN in columns of numbers."""
    table = read_tsv(path)
    for name in set(table.columns) - TEXT:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if not (numbers.isna() & (table[name] != "n/a")).any():
            table[name] = numbers
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


@dataclass(frozen=True)
class Written:
    """What the group level wrote.

    Parameters
    ----------
    folder : Path
        Of the group level.
    """

    folder: Path

    def rows(self, name: str) -> Sequence[Row]:
        """Read a table; no rows where it was not written."""
        path = self.folder / f"{name}.tsv"
        return read_numbers(path) if path.exists() else []

    @cached_property
    def contrasts(self) -> Sequence[Row]:
        """The rows of the table of contrasts that were tested."""
        return [row for row in self.rows("contrasts") if np.isfinite(row["p"])]

    @cached_property
    def effects(self) -> set[str]:
        """What was tested."""
        return {row["effect"] for row in self.contrasts}

    @cached_property
    def design(self) -> str:
        """Kind of the design."""
        return str(read_json(self.folder / "contrasts.json").get("DesignType", ""))

    def limits(self, part: str, key: str) -> bool:
        """Tell whether a part of the limits has a value."""
        path = self.folder / "limits.json"
        content: Sequence[Row] = read_json(path).get(part, ()) if path.exists() else ()
        return any(row.get(key) is not None for row in content)

    def finite(self, name: str, column: str, **fixed: str) -> bool:
        """Tell whether a column of a table has a value, in rows with these words."""
        return any(
            np.isfinite(row[column])
            for row in self.rows(name)
            if all(row[key] == word for key, word in fixed.items())
        )
