"""Confounds of a run that lie in another dataset, such as the components of tedana or AROMA."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.doors import folder_of
from gradshift.bids.index import index
from gradshift.bids.numbers import read_numbers
from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile
from gradshift.bids.tables import read_table
from gradshift.errors import GradshiftError, InputError, SettingsError
from gradshift.recipes.elsewhere import Elsewhere
from gradshift.recipes.recipe import Recipe

Array = NDArray[np.float64]

ACQUIRED = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run")
"""Entities that a table must share with the run."""

TABLES = ("timeseries", "mixing", "regressors")
"""Suffixes of tables with a row per volume."""

REJECTED, ACCEPTED = "rejected", "accepted"

PRINCIPAL = "PCA"
"""The ``desc`` of tedana's metrics of principal components, beside those of its ICA."""


@dataclass(frozen=True)
class Located:
    """Where the columns of a run lie: the table, and its metrics where classes are needed."""

    table: Path
    metrics: Path | None = None

    @property
    def paths(self) -> list[str]:
        """Both as text, the table first."""
        return [str(path) for path in (self.table, self.metrics) if path is not None]


def locate(
    entities: Mapping[str, str], recipe: Recipe, derivatives: Sequence[str]
) -> list[Located]:
    """Find the tables of a run that a recipe takes columns from, in the order of its sources.

    Raises
    ------
    SettingsError
        If a dataset is not named.
    MissingInputError, InputError
        If it is not there, or has no such table of the run, or several.
    """
    return [_locate(entities, source, recipe, derivatives) for source in recipe.elsewhere]


def _locate(
    entities: Mapping[str, str], source: Elsewhere, recipe: Recipe, derivatives: Sequence[str]
) -> Located:
    folder = folder_of(derivatives, source.dataset)
    if folder is None:
        raise SettingsError(
            f"The recipe {recipe.name!r} takes columns of the dataset {source.dataset!r}; say "
            f"where it lies with --derivatives {source.dataset}=PATH."
        )
    files = [f for f in index(folder, [entities["sub"]], None) if _is_of(f, entities)]
    tables = [file for file in files if file.suffix in TABLES and _has(file, source)]
    if len(tables) != 1:
        present = ", ".join(file.path.name for file in tables) or "none"
        raise InputError(
            f"The recipe {recipe.name!r} takes {', '.join(source.columns)} of the dataset "
            f"{source.dataset!r}; of this run there must be one table with them in "
            f"{shown(folder)}, and there is {present}. With several, name the desc of one in the "
            "recipe."
        )
    if not source.rejected:
        return Located(tables[0].path)
    classed = [file for file in files if file.suffix == "metrics"]
    metrics = [file.path for file in classed if file.entities.get("desc") != PRINCIPAL]
    if len(metrics) != 1:
        raise InputError(
            f"The recipe {recipe.name!r} takes rejected components of {tables[0].path.name}; "
            f"which these are says a table *_metrics.tsv beside it, and there are {len(metrics)}."
        )
    return Located(tables[0].path, metrics[0])


def _is_of(file: IndexedFile, entities: Mapping[str, str]) -> bool:
    """Tell whether a table is of a run; a number of the run may have zeros in front."""
    if file.extension != ".tsv":
        return False
    return all(
        file.entities.get(key, "").lstrip("0") == entities.get(key, "").lstrip("0")
        for key in ACQUIRED
    )


def _has(file: IndexedFile, source: Elsewhere) -> bool:
    if source.desc and file.entities.get("desc") != source.desc:
        return False
    try:
        names = list(read_table(file.path, header_only=True).columns)
    except GradshiftError:
        return False
    return all(_matching(names, [wanted]) for wanted in source.columns)


def _matching(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [name for name in names if any(fnmatchcase(name, one) for one in wanted)]


def read(source: Elsewhere, located: Located, n_volumes: int) -> tuple[tuple[str, ...], Array]:
    """Read the columns of a run.

    Parameters
    ----------
    source : Elsewhere
    located : Located
    n_volumes : int
        T.

    Returns
    -------
    names : tuple of str, length K
        With the name of the dataset in front.
    values : (T, K) array

    Raises
    ------
    InputError
        If there are more or fewer rows, or a cell has no number, or a class is not known.
    """
    table = read_table(located.table)
    if len(table) != n_volumes:
        raise InputError(
            f"{shown(located.table)} has {len(table)} rows, and the run has {n_volumes} volumes; "
            "they do not belong together, or one is damaged."
        )
    chosen = _matching(list(table.columns), source.columns)
    values = np.column_stack([_column(located.table, name, list(table[name])) for name in chosen])
    if located.metrics is None:
        return _named(source, chosen), values
    classes = _classes(located.metrics, chosen)
    bad = np.array([classes[name] == REJECTED for name in chosen])
    good = np.array([classes[name] == ACCEPTED for name in chosen])
    taken = values[:, bad]
    if source.orthogonalise:
        taken = without(taken, values[:, good])
    names = [name for name, out in zip(chosen, bad, strict=True) if out]
    return _named(source, names), taken


def without(values: Array, others: Array) -> Array:
    """Return what is left of columns when others, and their mean, are regressed out.

    Parameters
    ----------
    values : (T, K) array
    others : (T, L) array

    Returns
    -------
    (T, K) array
        Orthogonal to every column of `others`.
    """
    design = np.column_stack([np.ones(len(values)), others])
    fitted: Array = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return values - fitted


def _named(source: Elsewhere, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{source.dataset}:{name}" for name in names)


def _column(path: Path, name: str, cells: list[str]) -> Array:
    values = read_numbers(cells, f"Column {name!r} of {shown(path)}")
    if len(values) > 1 and np.isnan(values[0]):  # as a derivative begins
        values[0] = values[1]
    if not np.isfinite(values).all():
        raise InputError(f"Column {name!r} of {shown(path)} has a volume without a number.")
    return values


def _classes(path: Path, components: Sequence[str]) -> dict[str, str]:
    """Read the class of every component, by name or else by order."""
    table = read_table(path, required=["classification"])
    kinds = list(table["classification"].str.lower())
    named = next((name for name in table.columns if name.lower() == "component"), None)
    names = list(components) if named is None else list(table[named])
    classes = dict(zip(names, kinds, strict=False))
    if len(names) != len(kinds) or (lacking := [n for n in components if n not in classes]):
        if len(kinds) == len(components):
            return dict(zip(components, kinds, strict=True))
        lacking = [name for name in components if name not in classes] or ["a component"]
        raise InputError(f"{shown(path)} does not say the class of {', '.join(lacking[:4])}.")
    return classes
