"""Names of files: their entities by pybids, also in the way of fMRIPrep before version 1.2."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gradshift.bids.names import READ

CONFIG = Path(__file__).with_name("pybids.json")
"""The entities that pybids looks for; its own configuration knows no ``seg`` or ``stat``."""

OLD = {"preproc": ("bold", "preproc"), "brainmask": ("mask", "brain")}
"""Suffixes of fMRIPrep 1.0 and 1.1, and the suffix and ``desc`` of later ones."""


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file with its entities by short name, in BIDS order.

    Parameters
    ----------
    path : Path
    entities : mapping of str to str
    suffix : str
    extension : str
        With its dot.
    more : tuple of str
        Parts of the name that are no entity we know, such as ``hemi-L``.
    """

    path: Path
    entities: Mapping[str, str]
    suffix: str
    extension: str = ""
    more: tuple[str, ...] = ()


def parse(path: Path, folders: Mapping[str, str]) -> IndexedFile:
    """Take a name apart.

    Parameters
    ----------
    path : Path
    folders : mapping of str to str
        ``sub`` and ``ses`` as the folders say; they win over the name.
    """
    stem, dot, extension = path.name.partition(".")
    *parts, suffix = stem.split("_")
    given = _entities(path)
    # The folders name person and session; whoever reads a file checks that its name agrees.
    parts = [part for part in parts if part.partition("-")[0] not in folders]
    more = [part for part in parts if given.get(part.partition("-")[0]) != part.partition("-")[2]]
    if "bold" in more and "desc" not in given:
        suffix, given = _modern(suffix, given)
        more.remove("bold")
    given |= folders
    entities = {key: given[key] for key in READ if key in given}
    return IndexedFile(path, entities, suffix, dot + extension, tuple(more))


@cache
def _sought() -> tuple[Any, ...]:
    """Return the entities of our configuration that pybids looks for in a name."""
    from bids.layout.models import Config

    return tuple(Config.load(str(CONFIG)).entities.values())


def _entities(path: Path) -> dict[str, str]:
    """Let pybids find the entities in a path, by their short names."""
    from bids.layout import parse_file_entities

    values = parse_file_entities(str(path), entities=_sought())
    return {key: str(values[name]) for key, name in READ.items() if name in values}


def _modern(suffix: str, entities: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Translate ``_bold_space-X_preproc``, ``_bold_space-X_brainmask`` and ``_bold_confounds``."""
    if suffix == "confounds":
        return "regressors", {**entities, "desc": "confounds"}
    if suffix in OLD:
        suffix, desc = OLD[suffix]
        return suffix, {**entities, "desc": desc}
    return suffix, entities


_READY = re.compile(
    r".*_(space-(?!template)[a-zA-Z0-9+]+_.*desc-preproc_bold|bold_space-[a-zA-Z0-9+]+_preproc)\.nii.*"
)


def is_ready(name: str) -> bool:
    """Tell whether a file has the name that fMRIPrep gives to BOLD in a standard space."""
    return _READY.fullmatch(name) is not None
