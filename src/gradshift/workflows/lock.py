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
                json.dump(owner, file)
            return
        except FileExistsError:
            holder = _holder(path)
            if not _stale(holder):
                break
            path.unlink(missing_ok=True)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(holder.get("time", 0))))
    raise OutputError(
        f"{name} is being worked on by process {holder.get('pid')} on {holder.get('host')} "
        f"since {when}; wait for it, or remove {path} if that process is gone."
    )


def _holder(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _stale(holder: dict[str, Any]) -> bool:
    """Tell whether the holder of a lock lived on this machine and lives no more."""
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
