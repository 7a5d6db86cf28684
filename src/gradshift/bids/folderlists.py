"""Lists of what lies in folders, kept from one run to the next."""

import hashlib
import json
import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from gradshift.bids.opener import shown
from gradshift.bids.write import write_text
from gradshift.errors import OutputError

logger = logging.getLogger("gradshift")

FRESH = 2_000_000_000
"""Nanoseconds: a folder that changed this short ago may change again within the same tick."""


@dataclass
class FolderLists:
    """The names in folders, kept from one run to the next where that is wanted.

    Parameters
    ----------
    root : Path
    kept : Path, optional
        The file they are kept in.
    known : dict
        Names by folder, with the time of the last change of the folder (ns).
    """

    root: Path
    kept: Path | None = None
    known: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def load(cls, root: Path, database_dir: str | None) -> "FolderLists":
        """Load what was kept of a dataset; what cannot be used is made anew."""
        if database_dir is None:
            return cls(root)
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        kept = Path(database_dir).resolve() / f"gradshift-{name}.json"
        try:
            stored = json.loads(kept.read_text(encoding="utf-8"))["folders"]
            known = {
                str(k): (int(when), list(map(str, names))) for k, (when, names) in stored.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            known = {}
        return cls(root, kept, known)

    def names(self, folder: Path) -> list[str]:
        """List what lies in a folder, in alphabetical order; nothing of one that is closed."""
        key = str(folder)[len(str(self.root)) :]
        try:
            changed = os.stat(folder).st_mtime_ns if self.kept else 0
            if self.kept and key in self.known and self.known[key][0] == changed:
                return self.known[key][1]
            listed = sorted(filter(_is_text, os.listdir(folder)))
        except OSError:
            return []
        if self.kept:
            self.known[key], self.changed = (changed, listed), True
        return listed

    def keep(self) -> None:
        """Write the lists, complete or not at all, but for folders that are still changing."""
        if self.kept is None or not self.changed:
            return
        settled = time.time_ns() - FRESH
        known = {key: value for key, value in self.known.items() if value[0] < settled}
        try:
            write_text(self.kept, json.dumps({"dataset": str(self.root), "folders": known}))
        except OSError as error:
            raise OutputError(
                f"The index cannot be kept in {self.kept.parent}: {error.strerror}."
            ) from error


def _is_text(name: str) -> bool:
    """Leave out a name that is not UTF-8: no BIDS name is like that."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        logger.warning("A file is left out: its name, %s, is not UTF-8.", shown(name))
        return False
    return True
