"""fMRIPrep's confounds: read the file, select what a recipe needs, say what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.components import components_of
from gradshift.bids.confoundnames import DVARS, FD, MOTION, UNFILTERED, modern_names
from gradshift.bids.dataset import read_json
from gradshift.bids.displacement import framewise_displacement, is_distance
from gradshift.bids.numbers import read_numbers
from gradshift.bids.opener import is_dangling
from gradshift.bids.tables import read_table
from gradshift.errors import InputError, MissingInputError
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.recipes.recipe import Recipe

_EXPANSIONS = ("_derivative1_power2", "_derivative1", "_power2")
_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Confounds:
    """The confounds of one run.

    Parameters
    ----------
    path : Path
        The file they came from.
    columns : mapping of str to (T,) array
        NaN where the file has ``n/a``.
    metadata : mapping of str to mapping
        The JSON file beside it; empty if there is none.
    """

    path: Path
    columns: Mapping[str, NDArray[np.float64]]
    metadata: Mapping[str, object]

    @property
    def n_volumes(self) -> int:
        """Number of volumes, T."""
        return len(next(iter(self.columns.values())))

    def as_measured(self, volumes: NDArray[np.intp]) -> "Confounds":
        """Return the values of some volumes, all as they were measured among the others."""
        columns = {name: values[volumes] for name, values in self.columns.items()}
        return replace(self, columns=columns)

    @cached_property
    def fd(self) -> NDArray[np.float64] | None:
        """(T,) framewise displacement in mm, the first NaN.

        Recomputed from the motion parameters where the column is missing, has gaps or values
        below 0; without these parameters the column as it is, None where there is none. What is
        no further below 0 than filters and splines put a head at rest counts as 0.
        """
        given = self.columns.get(FD)
        if given is not None and is_distance(given):
            return np.maximum(given, 0.0)
        if not set(MOTION) <= set(self.columns):
            return given
        return framewise_displacement(self.motion)

    @property
    def motion(self) -> NDArray[np.float64]:
        """(T, 6) motion parameters.

        Raises
        ------
        InputError
            If one is missing.
        """
        if missing := [name for name in MOTION if name not in self.columns]:
            raise InputError(
                f"The confounds file {self.path} has no {_some(missing)}, and --motion-filter "
                "needs all six motion parameters."
            )
        return np.column_stack([self.columns[name] for name in MOTION])

    @property
    def unfiltered_fd(self) -> NDArray[np.float64] | None:
        """(T,) displacement before `moved_by`; None where nothing was filtered."""
        return self.columns.get(UNFILTERED)

    def moved_by(self, filtered: NDArray[np.float64]) -> "Confounds":
        """Return the confounds with the displacement of filtered motion parameters, (T, 6).

        The parameters themselves stay as they are: what they do to the image, breathing included,
        is regressed out with them.
        """
        before = self.fd
        assert before is not None  # the parameters are there
        new = {FD: framewise_displacement(filtered), UNFILTERED: before}
        return replace(self, columns={**self.columns, **new})

    def at(self, volumes: NDArray[np.intp]) -> "Confounds":
        """Return the confounds of some volumes, as if the others had not been measured.

        Derivatives are left out, to be computed anew. A displacement is the way from one of these
        volumes to the next.
        """
        anew = {n for n in self.columns if "_derivative1" in n and _base(n)[0] in self.columns}
        kept = {name: values[volumes] for name, values in self.columns.items() if name not in anew}
        for name, fd in ((FD, self.fd), (UNFILTERED, self.unfiltered_fd)):
            if fd is not None:
                way = np.nancumsum(fd)[volumes]
                kept[name] = np.concatenate([np.full(min(len(way), 1), np.nan), np.diff(way)])
        return replace(self, columns=kept)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was taken otherwise than the file has it, a sentence each."""
        given = self.columns.get(FD)
        if given is None or (is_distance(given) and not (given < 0).any()):
            return ()
        if is_distance(given):
            return (
                f"Column {FD!r} of {self.path.name} has values down to {np.nanmin(given):.2g} mm; "
                "those below 0 count as 0.",
            )
        if self.fd is given:  # nothing to compute it from
            return ()
        return (
            f"Column {FD!r} of {self.path.name} has gaps or values below 0, which no distance "
            "has; it was computed from the motion parameters.",
        )

    @property
    def dvars(self) -> NDArray[np.float64] | None:
        """(T,) standardised DVARS, the first NaN; None where there is no such column."""
        return self.columns.get(DVARS)

    @cached_property
    def non_steady_state(self) -> NDArray[np.bool_]:
        """(T,) True for volumes marked as not yet steady."""
        marked = np.zeros(self.n_volumes, dtype=bool)
        for name, values in self.columns.items():
            if name.startswith("non_steady_state_outlier"):
                marked |= values > 0
        return marked


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


def read_confounds(path: Path, n_volumes: int | None = None) -> Confounds:
    """Read a confounds file and the JSON file beside it.

    Parameters
    ----------
    path : Path
        As `gradshift.bids.tables.read_table` takes it; the names of fMRIPrep 1.0 are translated.
    n_volumes : int, optional
        Number of volumes of the run; there must be as many rows.

    Returns
    -------
    Confounds

    Raises
    ------
    MissingInputError
        If the file is not there.
    InputError
        If it is not a table of numbers, or has another number of rows.
    """
    path = Path(path)
    table = read_table(path)
    if table.empty:
        raise InputError(f"The confounds file {path} has a header but no rows.")
    if n_volumes is not None and len(table) != n_volumes:
        raise InputError(
            f"The confounds file {path} has {len(table)} rows, and the run has {n_volumes} "
            "volumes; they do not belong together, or one is damaged."
        )
    names = modern_names(path, table.columns)
    columns = {
        name: read_numbers(
            list(table.iloc[:, place]),
            f"Column {name[:60]!r} of the confounds file {path}",
        )
        for place, name in enumerate(names)
    }
    return Confounds(path=path, columns=columns, metadata=_read_metadata(path))


def check_header(path: Path, recipe: Recipe) -> None:
    """Check by its header that a confounds file has what a recipe needs.

    Raises
    ------
    InputError
        The same that `select` raises for missing columns.
    MissingInputError
        If there is no such file.
    """
    read_header(path).insist(recipe)


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
    _require(path, columns, metadata, recipe)
    _check_scrubbing(confounds, recipe)
    names = _matches(columns, recipe)
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
    notes = [f"Constant confounds were left out ({path}): {_some(constant)}."] if constant else []
    notes += [
        f"{used[mask]} aCompCor components of {mask} were regressed out: there are no more, and "
        f"{recipe.name} takes up to {count}."
        for mask, count in recipe.acompcor.items()
        if used[mask] < count
    ]
    return tuple(notes)


class Header(NamedTuple):
    """The columns of a confounds file and the JSON file beside it; none of the rows.

    Parameters
    ----------
    path : Path
    names : list of str
    metadata : mapping of str to mapping
    """

    path: Path
    names: list[str]
    metadata: Mapping[str, object]

    def missing(self, recipe: Recipe) -> tuple[str, ...]:
        """Return what a recipe needs and the file does not have."""
        return _missing(self.names, self.metadata, recipe)

    def components(self, recipe: Recipe) -> dict[str, int]:
        """Return how many aCompCor components a recipe finds, by mask."""
        return {
            mask: min(count, len(components_of(self.names, self.metadata, mask)))
            for mask, count in recipe.acompcor.items()
        }

    def n_regressors(self, recipe: Recipe) -> int:
        """Return how many columns a recipe takes."""
        columns = dict.fromkeys(_matches(self.names, recipe))
        return len(columns) + sum(self.components(recipe).values())

    def working(self) -> tuple[str, ...]:
        """Name the shipped recipes for which all columns are there."""
        return _working(self.names, self.metadata)

    def insist(self, recipe: Recipe) -> None:
        """Refuse a recipe that needs what is not there, as `select` does."""
        _require(self.path, self.names, self.metadata, recipe)


def read_header(path: Path) -> Header:
    """Read the columns of a confounds file and the JSON file beside it.

    Raises
    ------
    MissingInputError, InputError
        If the header cannot be read.
    """
    path = Path(path)
    names = modern_names(path, read_table(path, header_only=True).columns)
    return Header(path, names, _read_metadata(path))


def _read_metadata(path: Path) -> Mapping[str, object]:
    sidecar = path.with_suffix(".json")
    try:
        return read_json(sidecar)
    except MissingInputError:
        return {}


def _expanded(columns: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    """Return a column; a derivative or square that is not there is computed from its base.

    fMRIPrep before 1.4 wrote none: a derivative is the change since the volume before, the first
    not known, as later versions have it.
    """
    if name in columns:
        return columns[name]
    base, suffix = _base(name)
    values = columns[base]
    if "_derivative1" in suffix:
        values = np.concatenate([np.full(min(len(values), 1), np.nan), np.diff(values)])
    return values**2 if suffix.endswith("_power2") else values


def _base(name: str) -> tuple[str, str]:
    """Split a name into that of the column it is computed from, and what is done to that."""
    suffix = next((end for end in _EXPANSIONS if name.endswith(end)), "")
    return name.removesuffix(suffix), suffix


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _matches(columns: Iterable[str], recipe: Recipe) -> list[str]:
    names = list(columns)
    matching: list[str] = []
    for wanted in recipe.columns:
        if _is_pattern(wanted):
            matching += [name for name in names if fnmatchcase(name, wanted)]
        else:
            matching.append(wanted)
    return matching


def _missing(
    columns: Iterable[str], metadata: Mapping[str, object], recipe: Recipe
) -> tuple[str, ...]:
    names = list(columns)
    missing = [
        wanted
        for wanted in recipe.columns
        if wanted not in names
        and not (_base(wanted)[1] and _base(wanted)[0] in names)
        and not (_is_pattern(wanted) and any(fnmatchcase(name, wanted) for name in names))
    ]
    for mask, count in recipe.acompcor.items():
        if not components_of(names, metadata, mask):
            missing.append(f"aCompCor components of {mask} (up to {count}, none there)")
    if recipe.scrub is not None:
        if recipe.scrub.fd_threshold is not None and FD not in names:
            missing += [FD] if not set(MOTION) <= set(names) else []
        if recipe.scrub.dvars_threshold is not None and DVARS not in names:
            missing.append(DVARS)
    return tuple(missing)


def _require(
    path: Path, columns: Iterable[str], metadata: Mapping[str, object], recipe: Recipe
) -> None:
    names = list(columns)
    missing = _missing(names, metadata, recipe)
    if not missing:
        return
    lacking = ""
    if recipe.acompcor and not metadata:
        sidecar = path.with_suffix(".json")
        state = "a link without content" if is_dangling(sidecar) else "missing or empty"
        lacking = f" ({sidecar.name}, which tells the masks of aCompCor, is {state})"
    raise InputError(
        f"The recipe {recipe.name!r} needs what the confounds file {path} does not have: "
        f"{_some(missing)}{lacking}; {_advice(names, metadata)}."
    )


def _working(names: Sequence[str], metadata: Mapping[str, object]) -> tuple[str, ...]:
    shipped = [load_recipe(name) for name in available()]
    # A recipe that needs nothing always works, but is no remedy.
    return tuple(
        recipe.name
        for recipe in shipped
        if (recipe.columns or recipe.acompcor)
        and not recipe.elsewhere
        and not _missing(names, metadata, recipe)
    )


def _advice(names: Sequence[str], metadata: Mapping[str, object]) -> str:
    working = _working(names, metadata)
    if working:
        return f"shipped recipes that would work: {', '.join(working)} (--denoise)"
    return (
        "of the shipped recipes only 'none' would work, which does nothing; write a recipe of "
        f"your own with the columns that are there ({_some(names)}) and give its path to "
        "--denoise"
    )


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


def _some(names: Sequence[str]) -> str:
    """Join names, only the first few where there are many."""
    if len(names) <= _SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
