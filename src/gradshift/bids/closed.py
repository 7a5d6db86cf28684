"""Folders of a dataset that this process may not enter."""

import os
from collections.abc import Sequence
from pathlib import Path

from gradshift.bids.dataset import may
from gradshift.bids.folderlists import FolderLists


def closed_folders(root: Path, participants: Sequence[str]) -> list[Path]:
    """List the folders of participants, all if none is named, that may not be read."""
    lists = FolderLists(root)
    closed = []
    for label in participants or [path.name[4:] for path in sorted(root.glob("sub-*"))]:
        person = root / f"sub-{label}"
        sessions = [person / name for name in lists.names(person) if name.startswith("ses-")]
        places = [person, *sessions]
        places += [place / name for place in places for name in ("func", "pet")]
        closed += [place for place in places if place.is_dir() and not _may_enter(place)]
    return closed


def _may_enter(folder: Path) -> bool:
    return may(folder, os.R_OK | os.X_OK)
