"""Finished tables of kinetic parameters."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gradshift.bids.petcolumns import listed
from gradshift.bids.tables import read_table
from gradshift.errors import InputError


def read_finished(
    path: Path, columns: Mapping[str, str], known: Mapping[str, str]
) -> pd.DataFrame:
    """Read a finished table of kinetic parameters.

    Parameters
    ----------
    path : Path
        One row per region.
    columns : mapping of str to str
        What the user says: our name (``region``, or a model) to the column's.
    known : mapping of str to str
        Lower-case names of columns to the models of ours that they are.

    Returns
    -------
    DataFrame
        The column ``region``, and one per model, as numbers.

    Raises
    ------
    InputError
        If no column is a model of ours, or a region comes twice.
    """
    table = read_table(path)
    lower = {str(name).lower(): str(name) for name in table.columns}
    table_names(path, "table", columns)
    chosen = {"region": columns.get("region") or _region_column(table)}
    chosen |= {ours: lower[name] for name, ours in known.items() if name in lower}
    chosen |= {ours: columns[ours] for ours in known.values() if ours in columns}
    chosen = {ours: theirs for ours, theirs in chosen.items() if theirs in table.columns}
    if len(chosen) < 2:
        raise InputError(
            f"{path.name} has no column that is known: it has {listed(table.columns)}. Say which "
            "is which with --pet-columns, such as region=name vtlogan=VT."
        )
    picked = table[list(chosen.values())].set_axis(list(chosen), axis=1)
    if picked["region"].duplicated().any():
        raise InputError(
            f"{path.name} has the region {picked['region'][picked['region'].duplicated()].iloc[0]}"
            " twice."
        )
    for name in list(chosen)[1:]:
        picked[name] = pd.to_numeric(picked[name], errors="coerce")
    return picked


def _region_column(table: pd.DataFrame) -> str:
    """Find the column of regions: by its name, or else the first."""
    lower = {str(name).lower(): str(name) for name in table.columns}
    named = (lower[name] for name in ("region", "name", "roi") if name in lower)
    return next(named, str(table.columns[0]))


def table_names(path: Path, kind: str, columns: Mapping[str, str]) -> list[str]:
    """List the regions of a table of curves, or of one of finished values (``table``)."""
    table = read_table(path)
    if kind == "tacs":
        return [str(name) for name in table.columns if not str(name).startswith("frame_")]
    column = columns.get("region") or _region_column(table)
    if column not in table.columns:
        raise InputError(
            f"{path.name} has no column {column} (--pet-columns region=); it has "
            f"{listed(table.columns)}."
        )
    return [str(name) for name in table[column]]
