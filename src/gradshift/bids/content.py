"""Content of images: what tells it apart, and what DataLad has not brought yet."""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from gradshift.bids.opener import is_dangling

MOST_NAMED = 20
"""Files named one by one in a command; more are named by patterns."""


GZIP_END = 8
"""Bytes at the end of a gzip file: the checksum and the size of its content."""


def content_of(path: Path) -> str:
    """Return the size of an image and, where it is compressed, the checksum at its end.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if path.suffix != ".gz":
            return f"{size}"
        file.seek(max(size - GZIP_END, 0))
        return f"{size}-{file.read().hex()}"


def absent(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the links among some paths whose content is not here."""
    return tuple(path for path in paths if os.path.islink(path) and is_dangling(path))


def get_command(root: Path, paths: Sequence[Path]) -> str:
    """Return the one command that brings the content of files.

    Parameters
    ----------
    root : Path
        The dataset.
    paths : sequence of Path
        Files in it.

    Returns
    -------
    str
        For a shell, with names below `root`; patterns where there are many files.
    """
    names = sorted({os.path.relpath(path, root) for path in paths})
    many = len(names) > MOST_NAMED
    words = _patterns(names) if many else [shlex.quote(name) for name in names]
    return f"cd {shlex.quote(str(root))} && datalad get {' '.join(words)}"


def _patterns(names: Sequence[str]) -> list[str]:
    """Put files of many people under one pattern for each kind of ending."""
    people = sorted({name.partition("/")[0] for name in names})
    chosen = people[0] if len(people) == 1 else f"{{{','.join(people)}}}"
    endings = sorted({_ending(name) for name in names})
    sessions = any("/ses-" in name for name in names)
    middle = "/ses-*/" if sessions else "/"
    return [f"{chosen}{middle}func/*{ending}" for ending in endings]


def _ending(name: str) -> str:
    """Return the part of a name that runs share: from the space on, or else from desc on."""
    starts = [place for key in ("_space-", "_desc-", "_bold") if (place := name.find(key)) > 0]
    return name[min(starts) :] if starts else name.rpartition("/")[2]
