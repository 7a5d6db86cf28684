"""The regressors that a recipe takes from the confounds of one run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.components import components_of
from gradshift.bids.confoundheader import Header, base_of, matching, some
from gradshift.bids.confoundnames import DVARS, FD
from gradshift.bids.confounds import Confounds
from gradshift.errors import InputError
from gradshift.recipes.recipe import Recipe


class Regressors(NamedTuple):
    """What a recipe takes from the confounds of one run.

    Parameters
    ----------
    names : tuple of str, length K
    values : (T, K) array
        Finite.
    notes : tuple of str
        What the log should say, a sentence each.
    components : mapping of str to int
        Number of aCompCor components used, by mask.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    notes: tuple[str, ...]
    components: Mapping[str, int] = {}


def select(confounds: Confounds, recipe: Recipe) -> Regressors:
    """Select the regressors of a recipe.

    An ``n/a`` in the first row (derivatives have one) is replaced by the value of the second,
    as nilearn does. A column that never changes is left out, with a note.

    Parameters
    ----------
    confounds : Confounds
    recipe : Recipe

    Returns
    -------
    Regressors

    Raises
    ------
    InputError
        If a column that the recipe needs, for regression or for scrubbing, is missing, has no
        number, or has an ``n/a`` after the first row.
    """
    path = confounds.path
    columns, metadata = confounds.columns, confounds.metadata
    Header(path, list(columns), metadata).insist(recipe)
    _check_scrubbing(confounds, recipe)
    names = matching(columns, recipe)
    used: dict[str, int] = {}
    for mask, count in recipe.acompcor.items():
        taken = components_of(columns, metadata, mask)[:count]
        used[mask] = len(taken)
        names += taken
    filled = {name: _fill(path, name, _expanded(columns, name)) for name in names}
    constant = [name for name, values in filled.items() if values.min() == values.max()]
    kept = {name: values for name, values in filled.items() if name not in constant}
    values = np.empty((confounds.n_volumes, len(kept)))
    for position, column in enumerate(kept.values()):
        values[:, position] = column
    notes = (*confounds.remarks, *_notes(path, constant, used, recipe))
    return Regressors(tuple(kept), values, notes, used)


def _notes(
    path: Path, constant: Sequence[str], used: Mapping[str, int], recipe: Recipe
) -> tuple[str, ...]:
    """Say what was taken otherwise than the recipe has it."""
    notes = [f"Constant confounds were left out ({path}): {some(constant)}."] if constant else []
    notes += [
        f"{used[mask]} aCompCor components of {mask} were regressed out: there are no more, and "
        f"{recipe.name} takes up to {count}."
        for mask, count in recipe.acompcor.items()
        if used[mask] < count
    ]
    return tuple(notes)


def _expanded(columns: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    """Return a column; a derivative or square that is not there is computed from its base.

    fMRIPrep before 1.4 wrote none: a derivative is the change since the volume before, the first
    not known, as later versions have it.
    """
    if name in columns:
        return columns[name]
    base, suffix = base_of(name)
    values = columns[base]
    if "_derivative1" in suffix:
        values = np.concatenate([np.full(min(len(values), 1), np.nan), np.diff(values)])
    return values**2 if suffix.endswith("_power2") else values


def _check_scrubbing(confounds: Confounds, recipe: Recipe) -> None:
    """Refuse to scrub by a measure that is not known for every volume but the first."""
    if recipe.scrub is None:
        return
    needed = {}
    if recipe.scrub.fd_threshold is not None:
        needed[FD] = confounds.fd
    if recipe.scrub.dvars_threshold is not None:
        needed[DVARS] = confounds.dvars
    for name, values in needed.items():
        if values is None or np.isnan(values[1:]).any():
            raise InputError(
                f"The recipe {recipe.name!r} censors by {name!r}, which the confounds file "
                f"{confounds.path} does not give for every volume after the first."
            )
        if (values[1:] < 0).any():
            raise InputError(
                f"The recipe {recipe.name!r} censors by {name!r}, which is below 0 in the "
                f"confounds file {confounds.path}; that cannot be."
            )


def _fill(path: Path, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(values).any():
        raise InputError(f"Column {name!r} of the confounds file {path} has no number at all.")
    filled = values.copy()
    if len(filled) > 1 and np.isnan(filled[0]):
        filled[0] = filled[1]
    wrong = np.flatnonzero(~np.isfinite(filled))
    if len(wrong):
        raise InputError(
            f"Column {name!r} of the confounds file {path} has no number in line "
            f"{wrong[-1] + 2}; only the first row may have n/a in a column that is regressed "
            "out."
        )
    return filled
