"""Reading what another program cleaned: values of regions, volumes it kept, motion, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.confoundnames import FD
from gradshift.bids.dataset import read_json
from gradshift.bids.numbers import read_numbers
from gradshift.bids.numbertable import read_header, read_values
from gradshift.bids.opener import shown
from gradshift.bids.outputs import sidecar
from gradshift.bids.regionnames import columns_of, plain
from gradshift.bids.tables import read_table
from gradshift.errors import InputError

Array = NDArray[np.float64]

FILTERED = "framewise_displacement_filtered"
"""What XCP-D computes from filtered motion parameters."""

NODES = ("Node", "name", "index", "label")
"""Columns that name the regions in tables of coverage."""

CLOSE = 1e-3
"""How far the diagonal of a correlation matrix may be from 1, as tables round."""


@dataclass(frozen=True, kw_only=True)
class Retained:
    """Which of the T volumes of a run another program kept.

    Parameters
    ----------
    kept : (T,) array of bool
    rows : (N,) array of int
        Rows of the table of series that are kept volumes.
    known : bool
        Whether the source says so; else all rows are taken for all volumes.
    """

    kept: NDArray[np.bool_]
    rows: NDArray[np.intp]
    known: bool

    def index(self, n_rows: int) -> NDArray[np.intp]:
        """Return the volume of the run that each of all rows is."""
        return np.arange(n_rows) if n_rows == len(self.kept) else np.flatnonzero(self.kept)

    def left_out(self, n_rows: int) -> NDArray[np.bool_]:
        """Return which of all rows are volumes that were left out."""
        left_out: NDArray[np.bool_] = ~self.kept[self.index(n_rows)]
        return left_out


def read_series(path: Path, regions: Sequence[str]) -> Array:
    """Read the (rows, R) series of the regions of an atlas; NaN for those that are not there."""
    return _chosen(read_values(path), columns_of(read_header(path), regions))


def read_matrix(path: Path, regions: Sequence[str]) -> Array:
    """Read the (R, R) correlations of the regions of an atlas; NaN for those that are not there.

    Raises
    ------
    InputError
        If it is no square matrix of correlations.
    """
    values, columns = read_values(path), columns_of(read_header(path), regions)
    names = values.shape[1] - len(values)
    if names not in (0, 1):
        raise InputError(
            f"{shown(path)} has {len(values)} rows and {values.shape[1]} columns: it is no square "
            "matrix."
        )
    matrix = _chosen(values, columns)
    matrix = _chosen(matrix.T, [max(place - names, -1) for place in columns])
    known = np.isfinite(matrix).any(axis=0)
    inner = matrix[np.ix_(known, known)]
    diagonal = np.diagonal(inner)
    off = inner[~np.eye(len(inner), dtype=bool)]
    if np.nanmax(np.abs(off), initial=0) > 1 + CLOSE or not np.allclose(
        inner, inner.T, atol=CLOSE, equal_nan=True
    ):
        raise InputError(
            f"{shown(path)} is no matrix of correlations: it has values beyond -1 and 1, or is "
            "not symmetric. Fisher z and partial covariances are not taken."
        )
    if np.isfinite(diagonal).any() and not set(np.round(diagonal[np.isfinite(diagonal)], 2)) <= {
        0.0,
        1.0,
    }:
        raise InputError(f"{shown(path)} is no matrix of correlations: its diagonal is not 1.")
    inner = np.clip((inner + inner.T) / 2, -1, 1)
    np.fill_diagonal(inner, 1.0)
    matrix[np.ix_(known, known)] = inner
    return matrix


def _chosen(values: Array, columns: Sequence[int]) -> Array:
    """Take columns in an order; -1 gives a column of NaN."""
    chosen = np.full((len(values), len(columns)), np.nan)
    places = np.array(columns, dtype=np.intp)
    chosen[:, places >= 0] = values[:, places[places >= 0]]
    return chosen


def retained(table: Path, n_rows: int, outliers: Path | None) -> Retained:
    """Tell which volumes the rows of a table of series are.

    A table with as many rows as the run has volumes holds values for outliers, too (XCP-D in the
    modes abcd and hbcd interpolates them): they are left out. One with as many as there are
    volumes that are no outliers (linc) holds these.

    Parameters
    ----------
    table : Path
        Of series; what gradshift wrote itself says in its JSON which volumes it kept.
    n_rows : int
    outliers : Path, optional
        Columns of 0 and 1, a row per volume of the run.

    Raises
    ------
    InputError
        If the number of rows is neither.
    """
    return _own(table, n_rows) or of_image(table.name, n_rows, outliers)


def of_image(name: str, n_rows: int, outliers: Path | None) -> Retained:
    """Tell which volumes of a run an image or table of another program holds; see `retained`."""
    if outliers is None:
        everything = np.arange(n_rows)
        return Retained(kept=np.ones(n_rows, dtype=bool), rows=everything, known=False)
    columns = _outliers(outliers)
    for flags in columns.values():
        if n_rows == len(flags):
            return Retained(kept=~flags, rows=np.flatnonzero(~flags), known=True)
        if n_rows == len(flags) - flags.sum():
            return Retained(kept=~flags, rows=np.arange(n_rows), known=True)
    counts = dict.fromkeys(len(flags) - int(flags.sum()) for flags in columns.values())
    raise InputError(
        f"{name} has {n_rows} volumes; by {outliers.name} the run has {len(columns['any'])}, of "
        f"which {', '.join(map(str, counts))} are no outliers. They do not belong together, or "
        "one is damaged."
    )


def _own(table: Path, n_rows: int) -> Retained | None:
    """Read what gradshift says of its own series of one run."""
    path = sidecar(table)
    description = read_json(path) if path.exists() else {}
    volumes, n_volumes = description.get("RetainedVolumes"), description.get("NumberOfVolumes")
    if not isinstance(volumes, list) or not isinstance(n_volumes, int) or len(volumes) != n_rows:
        return None
    if any(description.get("RetainedVolumesRun", ())):
        raise InputError(
            f"{table.name} holds several runs joined; give the dataset that it was made from, or "
            "series of single runs (--no-combine-runs)."
        )
    kept = np.zeros(n_volumes, dtype=bool)
    kept[volumes] = True
    return Retained(kept=kept, rows=np.arange(n_rows), known=True)


def _outliers(path: Path) -> dict[str, NDArray[np.bool_]]:
    """Read the volumes left out: by any column, then by each of them alone."""
    table = read_table(path)
    columns = {
        name: read_numbers(list(table[name]), f"Column {name!r} of {shown(path)}") > 0
        for name in table.columns
    }
    return {"any": np.logical_or.reduce(list(columns.values())), **columns}


def read_motion(path: Path | None, n_volumes: int) -> Array:
    """Read the (T,) framewise displacement in mm; NaN where it is not known.

    Raises
    ------
    InputError
        If there is a value for another number of volumes.
    """
    known = _displacement(path, n_volumes, (FILTERED, FD, "fd"))
    return np.full(n_volumes, np.nan) if known is None else known


def read_unfiltered(path: Path | None, n_volumes: int) -> Array | None:
    """Read the (T,) displacement before the motion parameters were filtered; None: they were not.

    XCP-D leaves out volumes by the filtered one where it filters.
    """
    if _displacement(path, n_volumes, (FILTERED,)) is None:
        return None
    return _displacement(path, n_volumes, (FD,))


def _displacement(path: Path | None, n_volumes: int, names: Sequence[str]) -> Array | None:
    """Read the first of some columns that is there."""
    if path is None:
        return None
    table = read_table(path)
    name = next((name for name in names if name in table.columns), None)
    if name is None:
        return None
    if len(table) != n_volumes:
        raise InputError(
            f"{shown(path)} has {len(table)} rows, and the run has {n_volumes} volumes; they do "
            "not belong together, or one is damaged."
        )
    return read_numbers(list(table[name]), f"Column {name!r} of {shown(path)}", low=0.0)


def read_coverage(path: Path, regions: Sequence[str]) -> Array:
    """Read the (R,) share of each region that was measured; NaN where it is not known."""
    table = read_table(path, required=["coverage"])
    nodes = next((name for name in NODES if name in table.columns), table.columns[0])
    shares = read_numbers(list(table["coverage"]), f"Column 'coverage' of {shown(path)}")
    known: Mapping[str, float] = dict(zip(map(plain, table[nodes]), shares, strict=True))
    return np.array([known.get(plain(name), np.nan) for name in regions], dtype=np.float64)
