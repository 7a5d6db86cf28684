"""Locks: two processes may share an output, but not a participant.

A lock is a file that says who made it. Whether that process still lives is asked of the kernel
where it is the same kernel: containers have process ids and host names of their own, so those
tell nothing there. They are all there is on a file system without locks.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from gradshift.errors import OutputError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Names the running kernel, in containers as well; Linux only."""

PAUSE = 0.05
"""Seconds between looks at a lock that is waited for."""

MOMENT = 1.0
"""Seconds after which a lock without an owner is one that its maker did not live to name."""

TAKEOVER = 60.0
"""Seconds after which taking over a lock, which takes an instant, was not lived to finish."""

_open: set[TextIO] = set()
"""Files whose kernel locks this process holds."""


@contextmanager
def locked(folder: Path, names: Sequence[str], *, patience: float = 0.0) -> Iterator[None]:
    """Hold the locks of some names, such as participants.

    Parameters
    ----------
    folder : Path
        Where the lock files lie.
    names : sequence of str
    patience : float
        Seconds to wait for a lock that another process holds.

    Raises
    ------
    OutputError
        If another process that still lives holds one of them.
    """
    held: list[tuple[Path, TextIO]] = []
    until = time.monotonic() + patience
    try:
        for name in names:
            path = folder / f"{name}.lock"
            while (file := _take(path)) is None:
                if time.monotonic() >= until:
                    raise OutputError(_told(path, name))
                time.sleep(PAUSE)
            held.append((path, file))
        yield
    finally:
        for path, file in held:
            _give_back(path, file)


def _take(path: Path) -> TextIO | None:
    """Create a lock file exclusively; a stale one is removed first. None if it is held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        with suppress(FileExistsError):
            return _own(path)
        if not _remove_stale(path):
            break
    return None


def _told(path: Path, name: str) -> str:
    """Say who holds a lock."""
    holder = _holder(path)
    who = "a process that did not say which"
    if holder:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(holder["time"]))
        who = f"process {holder['pid']} on {holder['host']} since {when}"
    return (
        f"{name} is being worked on by {who}; wait for it, or remove {path} if that process is "
        "gone."
    )


def _own(path: Path) -> TextIO:
    """Make a lock file; its owner is named in it once the kernel holds the lock, not before."""
    file = path.open("x", encoding="utf-8")
    _open.add(file)
    try:
        owner = {
            "host": socket.gethostname(),
            "boot": _boot(),
            "kernel": _lock(file),
            "pid": os.getpid(),
            "time": time.time(),
        }
        json.dump(owner, file)
        file.flush()
    except BaseException:  # such as a full disk: nobody would own what is left
        _give_back(path, file)
        raise
    return file


def _give_back(path: Path, file: TextIO) -> None:
    """Remove a lock of ours; its file is closed last, so that nobody takes it for left behind."""
    path.unlink(missing_ok=True)
    _open.discard(file)
    with suppress(OSError):  # what a full disk had no room for
        file.close()


def _remove_stale(path: Path) -> bool:
    """Remove a lock whose holder is no more; tell whether the lock is free now."""
    holder = _holder(path)
    try:
        file = path.open("r+")
    except OSError:
        return not path.exists()
    with file:
        if not holder:
            return _is_abandoned(file) and _remove(path, file)
        same_host = holder["host"] == socket.gethostname()
        if holder.get("kernel") and _boot() and holder.get("boot") == _boot():
            gone = _lock(file)
        elif "boot" in holder and holder["boot"] != _boot():
            gone = same_host  # it has been started again since
        else:
            gone = same_host and not _lives(holder["pid"])
        return gone and _remove(path, file)


def _is_abandoned(file: TextIO) -> bool:
    """Tell whether a lock was left before its owner was named in it, which takes a moment."""
    age = time.time() - os.fstat(file.fileno()).st_mtime
    time.sleep(min(max(MOMENT - age, 0.0), MOMENT))
    return os.fstat(file.fileno()).st_size == 0 and _lock(file)


def _remove(path: Path, file: TextIO) -> bool:
    """Remove a lock that its holder left; one process at a time, and no other's new lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here: a file stands for one
        return _remove_without_locks(path, file)
    _unlink(path, file)
    return True


def _remove_without_locks(path: Path, file: TextIO) -> bool:
    takeover = path.with_name(f"{path.name}.takeover")
    with suppress(FileNotFoundError):
        if time.time() - takeover.stat().st_mtime > TAKEOVER:
            takeover.unlink()
    try:
        takeover.open("x").close()
    except FileExistsError:
        return False
    try:
        _unlink(path, file)
    finally:
        takeover.unlink(missing_ok=True)
    return True


def _unlink(path: Path, file: TextIO) -> None:
    """Remove an open file, unless its name is another's by now."""
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            path.unlink()


def _lock(file: TextIO) -> bool:
    """Ask the kernel for the lock of a file; not given if it is held, or where there is none."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _let_go() -> None:
    """Let a child have no part in the locks, so that they end with their holder."""
    for file in _open:
        file.close()
    _open.clear()


os.register_at_fork(after_in_child=_let_go)


def _boot() -> str:
    """Return the name of the running kernel, empty if it has none."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _holder(path: Path) -> dict[str, Any]:
    """Read who holds a lock; empty if the file does not say."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    kinds = {"host": str, "pid": int, "time": float}
    told = isinstance(found, dict) and all(isinstance(found.get(k), t) for k, t in kinds.items())
    return found if told else {}


def _lives(pid: int) -> bool:
    """Tell whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
