"""Writing files so that each is there whole or not at all."""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from gradshift.bids import atlascopies

TEMPORARY = ".tmp-"
"""How the names of unfinished files and folders start."""


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file under a temporary name in the same folder, then rename it.

    A file that holds the same bytes is left as it is. Content and name have reached the disk
    before this returns: a power cut leaves the file as it was, or whole.

    Raises
    ------
    OSError
        With the name of the file.
    """
    with suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return path
    return write_parts(path, [content])


def write_parts(path: Path, parts: Iterable[bytes]) -> Path:
    """Write a file as `write_bytes` does, from parts of which one is held at a time."""
    return write_to(path, lambda file: file.writelines(parts))


def write_to(path: Path, write: Callable[[IO[bytes]], None]) -> Path:
    """Write a file as `write_bytes` does, by what writes to an open one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException as error:  # handed on: only the half-written file must go
        os.unlink(temporary)
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = str(path)
        raise
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk, where the file system can say so of a folder."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def remove_temporary(root: Path, folders: Sequence[str]) -> None:
    """Remove what killed processes left unfinished.

    Parameters
    ----------
    root : Path
        Top folder of an output.
    folders : sequence of str
        Folders below it that nobody else writes to now; files at the top, and in what all
        processes share, are removed, too.
    """
    remove_unfinished(root, folders)
    shared = [path for name in (".", "logs") for path in (root / name).glob(f"{TEMPORARY}*")]
    shared += [path for path in atlascopies.files(root) if path.name.startswith(TEMPORARY)]
    for path in shared:
        if path.is_file():
            path.unlink(missing_ok=True)


def remove_unfinished(root: Path, folders: Sequence[str]) -> None:
    """Remove what killed processes left unfinished in folders that nobody else writes to now."""
    for name in folders:
        for path in (root / name).rglob(f"{TEMPORARY}*"):
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write a text file in UTF-8."""
    return write_bytes(path, text.encode())


def write_json(path: Path, content: Mapping[str, object]) -> Path:
    """Write a JSON file; NaN becomes null, arrays become lists."""
    return write_text(path, json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
