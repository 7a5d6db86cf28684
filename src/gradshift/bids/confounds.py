"""fMRIPrep's confounds: read the file, select what a recipe needs, say what is missing."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError, MissingInputError
from gradshift.recipes.catalogue import Recipe, available, load_recipe

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
"""Three translations (mm) and three rotations (radians)."""

HEAD_RADIUS = 50.0
"""Radius (mm) of the sphere on which rotations become displacements."""

FD = "framewise_displacement"
DVARS = "std_dvars"

_NOT_AVAILABLE = {"n/a", "N/A", "NA", "NaN", "nan", ""}
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
    metadata: Mapping[str, Any]

    @property
    def n_volumes(self) -> int:
        """Number of volumes, T."""
        return len(next(iter(self.columns.values())))

    @cached_property
    def fd(self) -> NDArray[np.float64] | None:
        """(T,) framewise displacement in mm, the first NaN.

        Recomputed from the motion parameters where the column is missing; None without these.
        """
        if FD in self.columns and np.isfinite(self.columns[FD]).any():
            return self.columns[FD]
        if not set(MOTION) <= set(self.columns):
            return None
        return framewise_displacement(np.column_stack([self.columns[name] for name in MOTION]))

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
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    notes: tuple[str, ...]


def framewise_displacement(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the absolute changes of the six motion parameters from volume to volume.

    Parameters
    ----------
    motion : (T, 6) array
        Three translations in mm, three rotations in radians.

    Returns
    -------
    (T,) array
        Millimetres, with rotations taken as arcs on a sphere of 50 mm radius; the first is
        NaN.

    References
    ----------
    Power et al. (2012), NeuroImage 59:2142.
    """
    with np.errstate(all="ignore"):  # infinite parameters give a NaN, which the caller refuses
        steps = np.abs(np.diff(motion, axis=0))
        moved = steps[:, :3].sum(axis=1) + HEAD_RADIUS * steps[:, 3:].sum(axis=1)
    return np.concatenate([np.full(min(len(motion), 1), np.nan), moved])


def read_confounds(path: Path, n_volumes: int | None = None) -> Confounds:
    """Read a confounds file and the JSON file beside it.

    Parameters
    ----------
    path : Path
        Tab-separated, with a header; byte order mark and any line ends are fine.
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
    lines = _decode(path, _read_bytes(path))
    names = _header(path, lines[0])
    rows = [line.split("\t") for line in lines[1:]]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise InputError(
                f"Line {number} of the confounds file {path} has {len(row)} cells, and the "
                f"header has {len(names)}; the file may be damaged."
            )
    if not rows:
        raise InputError(f"The confounds file {path} has a header but no rows.")
    if n_volumes is not None and len(rows) != n_volumes:
        raise InputError(
            f"The confounds file {path} has {len(rows)} rows, and the run has {n_volumes} "
            "volumes; they do not belong together, or one is damaged."
        )
    columns = {
        name: _numbers(path, name, cells)
        for name, cells in zip(names, zip(*rows, strict=True), strict=True)
    }
    return Confounds(path=path, columns=columns, metadata=_read_metadata(path))


def missing_columns(path: Path, recipe: Recipe) -> tuple[str, ...]:
    """Return what a recipe needs and a confounds file does not have, from its header alone.

    Parameters
    ----------
    path : Path
        The confounds file; of its rows nothing is read.
    recipe : Recipe

    Returns
    -------
    tuple of str
        Names of columns, patterns, and aCompCor components in words; empty if all is there.

    Raises
    ------
    MissingInputError, InputError
        If the header cannot be read.
    """
    return _missing(*_read_header(Path(path)), recipe)


def check_header(path: Path, recipe: Recipe) -> None:
    """Check by its header that a confounds file has what a recipe needs.

    Raises
    ------
    InputError
        The same that `select` raises for missing columns.
    MissingInputError
        If there is no such file.
    """
    _require(Path(path), *_read_header(Path(path)), recipe)


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
    _require(path, confounds.columns, confounds.metadata, recipe)
    _check_scrubbing(confounds, recipe)
    names = _matches(confounds.columns, recipe)
    for mask, count in recipe.acompcor.items():
        names += _components(confounds.columns, confounds.metadata, mask)[:count]
    filled = {name: _fill(path, name, confounds.columns[name]) for name in names}
    constant = [name for name, values in filled.items() if values.min() == values.max()]
    used = {name: values for name, values in filled.items() if name not in constant}
    notes = [f"Constant confounds were left out ({path}): {_some(constant)}."] if constant else []
    values = np.empty((confounds.n_volumes, len(used)))
    for position, column in enumerate(used.values()):
        values[:, position] = column
    return Regressors(tuple(used), values, tuple(notes))


def _read_bytes(path: Path, header_only: bool = False) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline() if header_only else file.read()
    except FileNotFoundError:
        if path.is_symlink():
            raise MissingInputError(
                f"The confounds file {path} is a link to content that is not here; get it "
                "first (with DataLad: datalad get)."
            ) from None
        raise MissingInputError(f"There is no confounds file {path}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"The confounds file {path} cannot be read: {error}.") from None


def _decode(path: Path, content: bytes) -> list[str]:
    """Split text into lines; only line ends count, not the other breaks of `splitlines`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"The confounds file {path} is not text in UTF-8.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if not text.strip():
        raise InputError(f"The confounds file {path} is empty.")
    return text.split("\n")


def _header(path: Path, line: str) -> list[str]:
    names = [name.strip() for name in line.split("\t")]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise InputError(
            f"The confounds file {path} has more than one column with the name "
            f"{repeated[0][:60]!r}."
        )
    return names


def _read_header(path: Path) -> tuple[list[str], Mapping[str, Any]]:
    first = _decode(path, _read_bytes(path, header_only=True))[0]
    return _header(path, first), _read_metadata(path)


def _numbers(path: Path, name: str, cells: Sequence[str]) -> NDArray[np.float64]:
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        text = cell.strip()
        try:
            values[row] = np.nan if text in _NOT_AVAILABLE else float(text)
        except ValueError:
            raise InputError(
                f"Column {name[:60]!r} of the confounds file {path} has {text[:40]!r} in line "
                f"{row + 2}, where a number or n/a should be."
            ) from None
    return values


def _read_metadata(path: Path) -> Mapping[str, Any]:
    sidecar = path.with_suffix(".json")
    try:
        content = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"The file {sidecar} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"The file {sidecar} is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise InputError(f"The file {sidecar} must hold a JSON object, with a key per column.")
    return content


def _components(columns: Iterable[str], metadata: Mapping[str, Any], mask: str) -> list[str]:
    """Return the retained aCompCor columns of a mask, first component first."""
    present = set(columns)
    found = [
        name
        for name, about in metadata.items()
        if isinstance(about, dict)
        and about.get("Method") == "aCompCor"
        and about.get("Mask") == mask
        and about.get("Retained", True) is True
        and name in present
    ]
    return sorted(found, key=_by_number)


def _by_number(name: str) -> tuple[int, str]:
    number = re.search("[0-9]+$", name)
    # A few digits only: a name is not to be trusted with the length of an integer.
    return (int(number.group()[-9:]) if number else 0), name


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _matches(columns: Iterable[str], recipe: Recipe) -> list[str]:
    names = list(columns)
    found: list[str] = []
    for wanted in recipe.columns:
        if _is_pattern(wanted):
            found += [name for name in names if fnmatchcase(name, wanted)]
        else:
            found.append(wanted)
    return found


def _missing(
    columns: Iterable[str], metadata: Mapping[str, Any], recipe: Recipe
) -> tuple[str, ...]:
    names = list(columns)
    missing = [
        wanted
        for wanted in recipe.columns
        if wanted not in names
        and not (_is_pattern(wanted) and any(fnmatchcase(name, wanted) for name in names))
    ]
    for mask, count in recipe.acompcor.items():
        there = len(_components(names, metadata, mask))
        if there < count:
            missing.append(f"{count} aCompCor components of {mask} ({there} there)")
    if recipe.scrub is not None:
        if recipe.scrub.fd_threshold is not None and FD not in names:
            missing += [FD] if not set(MOTION) <= set(names) else []
        if recipe.scrub.dvars_threshold is not None and DVARS not in names:
            missing.append(DVARS)
    return tuple(missing)


def _require(
    path: Path, columns: Iterable[str], metadata: Mapping[str, Any], recipe: Recipe
) -> None:
    names = list(columns)
    missing = _missing(names, metadata, recipe)
    if not missing:
        return
    lacking = ""
    if recipe.acompcor and not metadata:
        sidecar = path.with_suffix(".json").name
        lacking = f" ({sidecar}, which tells the masks of aCompCor, is missing or empty)"
    raise InputError(
        f"The recipe {recipe.name!r} needs what the confounds file {path} does not have: "
        f"{_some(missing)}{lacking}; {_advice(names, metadata)}."
    )


def _advice(names: Sequence[str], metadata: Mapping[str, Any]) -> str:
    shipped = [load_recipe(name) for name in available()]
    # A recipe that needs nothing always works, but is no remedy.
    working = [
        recipe.name
        for recipe in shipped
        if (recipe.columns or recipe.acompcor) and not _missing(names, metadata, recipe)
    ]
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
