"""What a recipe needs of a confounds file, as its header and its JSON file tell."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from gradshift.bids.components import components_of
from gradshift.bids.confoundnames import DVARS, FD, MOTION, modern_names
from gradshift.bids.dataset import read_json
from gradshift.bids.opener import is_dangling
from gradshift.bids.tables import read_table
from gradshift.errors import InputError, MissingInputError
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.recipes.recipe import Recipe

_EXPANSIONS = ("_derivative1_power2", "_derivative1", "_power2")
_SHOWN = 6


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
        columns = dict.fromkeys(matching(self.names, recipe))
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
    return Header(path, names, read_metadata(path))


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


def read_metadata(path: Path) -> Mapping[str, object]:
    """Read the JSON file beside a confounds file; empty where there is none."""
    sidecar = path.with_suffix(".json")
    try:
        return read_json(sidecar)
    except MissingInputError:
        return {}


def base_of(name: str) -> tuple[str, str]:
    """Split a name into that of the column it is computed from, and what is done to that."""
    suffix = next((end for end in _EXPANSIONS if name.endswith(end)), "")
    return name.removesuffix(suffix), suffix


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def matching(columns: Iterable[str], recipe: Recipe) -> list[str]:
    """Return the columns that a recipe names, by themselves or by a pattern."""
    names = list(columns)
    chosen: list[str] = []
    for wanted in recipe.columns:
        if _is_pattern(wanted):
            chosen += [name for name in names if fnmatchcase(name, wanted)]
        else:
            chosen.append(wanted)
    return chosen


def _missing(
    columns: Iterable[str], metadata: Mapping[str, object], recipe: Recipe
) -> tuple[str, ...]:
    names = list(columns)
    missing = [
        wanted
        for wanted in recipe.columns
        if wanted not in names
        and not (base_of(wanted)[1] and base_of(wanted)[0] in names)
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
        f"{some(missing)}{lacking}; {_advice(names, metadata)}."
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
        f"your own with the columns that are there ({some(names)}) and give its path to "
        "--denoise"
    )


def some(names: Sequence[str]) -> str:
    """Join names, only the first few where there are many."""
    if len(names) <= _SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
