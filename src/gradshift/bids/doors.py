"""Doors: the words of ``--derivatives``, and what a dataset named there holds."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gradshift.errors import MissingInputError, SettingsError

SERIES = ("xcp_d", "series")
"""Doors to region series and matrices that another program made."""

DENOISED = "denoised"
"""The door to BOLD images that another program denoised."""

DENOISED_DESCS = (
    "denoised",
    "residual",
    "optcomDenoised",
    "optcomMIRDenoised",
    "nonaggrDenoised",
    "aggrDenoised",
    "orthaggrDenoised",
    "smoothAROMAnonaggr",
)
"""The ``desc`` of denoised images: of XCP-D, tedana, fMRIPost and fMRIPrep up to 22."""

RAPIDTIDE = "rapidtide"
"""A dataset of fMRIPost-rapidtide, whose maps are read wherever it is named."""

DOORS = ("fmriprep", "petprep", "kinetics", *SERIES, DENOISED)
"""What may stand before ``=PATH``; other names are those of datasets that recipes name."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class Door(NamedTuple):
    """A dataset that takes the place of fMRIPrep's BOLD."""

    name: str
    folder: Path


def given(derivatives: Sequence[str]) -> dict[str, str]:
    """Split NAME=PATH words.

    Raises
    ------
    SettingsError
        If a word is none.
    """
    named = {}
    for word in derivatives:
        name, equals, path = word.partition("=")
        if not equals or not _NAME.fullmatch(name) or not path:
            raise SettingsError(
                f"--derivatives takes NAME=PATH, such as {DOORS[0]}=PATH; got {word!r}. Names are "
                f"{', '.join(DOORS)}, and those of datasets that a recipe takes columns from."
            )
        named[name] = path
    return named


def folder_of(derivatives: Sequence[str], name: str) -> Path | None:
    """Return the folder that a word names, None where there is no such word.

    Raises
    ------
    MissingInputError
        If there is no such folder.
    """
    words = given(derivatives)
    if name not in words:
        return None
    folder = Path(words[name]).resolve()
    if not folder.is_dir():
        raise MissingInputError(f"There is no folder {folder} (--derivatives {name}=).")
    return folder


def ready_made(derivatives: Sequence[str]) -> Door | None:
    """Return the door to what another program cleaned; None where BOLD is cleaned here.

    Raises
    ------
    SettingsError
        If there are two.
    MissingInputError
        If there is no such folder.
    """
    words = given(derivatives)
    named = [name for name in (*SERIES, DENOISED) if name in words]
    if len(named) > 1 or (named and "fmriprep" in words):
        both = [name for name in DOORS if name in words and (name in named or name == "fmriprep")]
        raise SettingsError(
            f"--derivatives names {' and '.join(both)}: the BOLD of a study comes from one of "
            "them; run each into an OUTPUT_DIR of its own."
        )
    if not named:
        return None
    folder = folder_of(derivatives, named[0])
    assert folder is not None
    return Door(named[0], folder)


def others(derivatives: Sequence[str]) -> list[str]:
    """Return the names that are no door: those of datasets that recipes name."""
    return [name for name in given(derivatives) if name not in DOORS]
