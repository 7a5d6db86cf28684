"""Space and resolution: one for all runs of a study."""

import logging
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from gradshift.bids.diagnosis import NATIVE, STANDARD
from gradshift.bids.opener import check_file
from gradshift.bids.parse import IndexedFile
from gradshift.errors import GradshiftError, InputError, NothingSelectedError
from gradshift.images.grayordinates import SURFACE_SPACES
from gradshift.images.header import read_header

PREFERRED_SPACES = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")

GRID = ("space", "cohort", "res", "den")
"""Entities that tell the grids of one acquisition apart."""

T = TypeVar("T", bound=Hashable)

Key = tuple[tuple[str, str], ...]

logger = logging.getLogger("gradshift")


def acquired(entities: Mapping[str, str]) -> Key:
    """Return what tells one acquisition from another: no grid, no desc."""
    return tuple((k, v) for k, v in entities.items() if k not in (*GRID, "desc"))


def grid_of(entities: Mapping[str, str]) -> Key:
    """Return what tells the grid of a file."""
    return tuple((k, v) for k, v in entities.items() if k in GRID)


def choose_grid(
    files: Sequence[IndexedFile], asked: str | None, atlas_spaces: Mapping[str, Sequence[str]]
) -> Key:
    """Choose the grid of a study.

    The space is one that every atlas comes in (or the one asked for), that most acquisitions
    have, and of equals the one fMRIPrep prefers; the resolution one that most acquisitions have
    in it, and of equals the finest.

    Parameters
    ----------
    files : sequence of IndexedFile
        BOLD images of the study.
    asked : str or None
        The space to use.
    atlas_spaces : mapping of str to sequence of str
        The spaces every atlas comes in, by atlas name.

    Raises
    ------
    NothingSelectedError
        If the space asked for is not there.
    InputError
        If no atlas comes in any of the spaces.
    """
    spaces = _counted((file.entities["space"], acquired(file.entities)) for file in files)
    if asked is not None and asked not in spaces:
        raise NothingSelectedError(
            f"No preprocessed BOLD file in space {asked}. Spaces there: {_listed(spaces)}."
        )
    possible = [asked] if asked is not None else _possible(list(spaces), atlas_spaces)
    space = min(possible, key=lambda name: (-spaces[name], _preference(name), name))
    if len(spaces) > 1:
        logger.info("Spaces there: %s. Using %s.", _listed(spaces), space)
    inside = [file for file in files if file.entities["space"] == space]
    grids = _counted((grid_of(file.entities), acquired(file.entities)) for file in inside)
    most = [grid for grid in grids if grids[grid] == max(grids.values())]
    chosen = min(most, key=lambda grid: (_voxel_volume(inside, grid), grid))
    if len(grids) > 1:
        logger.info(
            "Resolutions there: %s. Using the finest that most runs have: %s.",
            _listed(map(grid_text, grids)), grid_text(chosen),
        )  # fmt: skip
    return chosen


def grid_text(grid: Key) -> str:
    """Write a grid as a name has it, without its space."""
    return "_".join(f"{key}-{value}" for key, value in grid if key != "space") or "no res"


def _counted(pairs: Iterable[tuple[T, Key]]) -> dict[T, int]:
    """Count the acquisitions that each space or grid has."""
    had: dict[T, set[Key]] = {}
    for key, acquisition in pairs:
        had.setdefault(key, set()).add(acquisition)
    return {key: len(acquisitions) for key, acquisitions in had.items()}


def _possible(offered: Sequence[str], atlas_spaces: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the spaces that may be used: those of every atlas, or those that may be fetched."""
    fitting = [s for s in offered if all(s in spaces for spaces in atlas_spaces.values())]
    if possible := fitting or [s for s in PREFERRED_SPACES if s in offered]:
        return possible
    volumes = {
        name: [space for space in spaces if space not in SURFACE_SPACES]
        for name, spaces in atlas_spaces.items()
    }
    comes = "; ".join(f"{name} in {', '.join(spaces)}" for name, spaces in volumes.items())
    kind = "of each person only" if set(offered) <= set(NATIVE) else "of no atlas asked for"
    raise InputError(
        f"BOLD files are in a space {kind} ({_listed(offered)}), and the atlases come in others "
        f"({comes}): run fMRIPrep again on the same output with --output-spaces {STANDARD}, or "
        "give an atlas of your own in that space."
    )


def _preference(space: str) -> int:
    known = space in PREFERRED_SPACES
    return PREFERRED_SPACES.index(space) if known else len(PREFERRED_SPACES)


def _voxel_volume(files: Sequence[IndexedFile], grid: Key) -> float:
    """Return the volume (mm^3) of the voxels of a grid; infinite where no header can be read."""
    for file in files:
        if grid_of(file.entities) == grid:
            try:
                check_file(file.path)
                x, y, z = read_header(file.path).zooms
            except GradshiftError:
                continue
            return float(x * y * z)
    return float("inf")


def _listed(names: Iterable[str], most: int = 20) -> str:
    ordered = sorted(set(names))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more
