"""Locks: two processes may share an output, but not a participant."""

import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradshift.errors import OutputError


@contextmanager
def locked(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Hold the locks of some names, such as participants.

    Parameters
    ----------
    folder : Path
        Where the lock files lie.
    names : sequence of str

    Raises
    ------
    OutputError
        If another process that still lives holds one of them.
    """
    held: list[Path] = []
    try:
        for name in names:
            path = folder / f"{name}.lock"
            _take(path, name)
            held.append(path)
        yield
    finally:
        for path in held:
            path.unlink(missing_ok=True)


def _take(path: Path, name: str) -> None:
    """Create a lock file exclusively; a stale one is removed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "time": time.time()}
    for _ in range(2):
        try:
            with path.open("x") as file:
                try:
                    json.dump(owner, file)
                    file.flush()
                except BaseException:  # such as a full disk: nobody would own what is left
                    path.unlink(missing_ok=True)
                    raise
            return
        except FileExistsError:
            holder = _holder(path)
            if not _stale(holder):
                break
            path.unlink(missing_ok=True)
    who = "a process that did not say which"
    if holder:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(holder["time"]))
        who = f"process {holder['pid']} on {holder['host']} since {when}"
    raise OutputError(
        f"{name} is being worked on by {who}; wait for it, or remove {path} if that process is "
        "gone."
    )


def _holder(path: Path) -> dict[str, Any]:
    """Read who holds a lock; empty if the file does not say."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    kinds = {"host": str, "pid": int, "time": float}
    told = isinstance(found, dict) and all(isinstance(found.get(k), t) for k, t in kinds.items())
    return found if told else {}


def _stale(holder: dict[str, Any]) -> bool:
    """Tell whether the holder of a lock lived on this machine and lives no more."""
    if holder.get("host") != socket.gethostname():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
