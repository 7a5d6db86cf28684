"""Locks: two processes may share an output, but not a participant.

A lock is a file that says who made it. Its holder has one more file, of which the kernel keeps
the lock as long as the process lives: whether it does is asked of the kernel where it is the same
kernel. Containers have process ids and host names of their own, so those tell nothing across
them. They are all there is on a file system without locks.
"""

import fcntl
import json
import os
import random
import secrets
import socket
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TextIO

from gradshift.errors import OutputError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Names the running kernel, in containers as well; Linux only."""

PROCESS_IDS = Path("/proc/self/ns/pid")
"""Names the processes that this one can see by their ids; Linux only."""

MACHINE = "pid:[4026531836]"
"""That name outside of containers, on every machine."""

PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between looks at a lock that is waited for; they grow, and differ between processes."""

MOMENT = 1.0
"""Seconds after which a lock without an owner is one that its maker did not live to name."""

TAKEOVER = 60.0
"""Seconds after which taking over a lock, which takes an instant, was not lived to finish."""

LONGEST = 4096
"""Bytes of a lock file, and more than it has."""

HOLDER = ".holder-"
"""How the name of the file begins that a process keeps open while it has locks."""

_open: set[TextIO] = set()
"""Files whose kernel locks this process holds."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who made a lock.

    Parameters
    ----------
    host, boot, ids : str
        Host, running kernel, and the name of the processes seen there; empty where not told.
    holder : str
        Name of the file that the holder keeps open, whose lock the kernel keeps; empty where
        the file system has no locks.
    pid : int
    time : float
        Seconds since 1970.
    """

    host: str
    boot: str
    ids: str
    holder: str
    pid: int
    time: float


@contextmanager
def locked(
    folder: Path,
    names: Sequence[str],
    *,
    patience: float = 0.0,
    is_done: Callable[[], bool] = lambda: False,
) -> Iterator[bool]:
    """Hold the locks of some names, such as participants.

    However many they are, one file is open for all of them.

    Parameters
    ----------
    folder : Path
        Where the lock files lie.
    names : sequence of str
    patience : float
        Seconds to wait for a lock that another process holds.
    is_done : callable
        Whether another process has done meanwhile what the locks are for, which ends the wait.

    Yields
    ------
    bool
        Whether it is still to be done: the locks are held then.

    Raises
    ------
    OutputError
        If another process that still lives holds one of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held: list[Path] = []
    until = time.monotonic() + patience
    with _holding(folder) as owner:
        try:
            for name in names:
                pause, path = PAUSE, folder / f"{name}.lock"
                while not _take(path, owner):
                    if is_done():
                        yield False
                        return
                    if time.monotonic() >= until:
                        raise OutputError(_told(path, name))
                    time.sleep(pause * random.uniform(0.5, 1.5))  # nosec B311
                    pause = min(2 * pause, LONGEST_PAUSE)
                held.append(path)
            yield not is_done()
        finally:
            for path in held:
                path.unlink(missing_ok=True)


@contextmanager
def _holding(folder: Path) -> Iterator[Owner]:
    """Keep a file open that tells others that this process lives, and say who it is."""
    for left in folder.glob(f"{HOLDER}*"):
        with suppress(FileNotFoundError):
            if time.time() - left.lstat().st_mtime > TAKEOVER:
                _is_free(left)
    path = folder / f"{HOLDER}{secrets.token_hex(8)}"
    file = path.open("x", encoding="utf-8")
    _open.add(file)
    try:
        yield Owner(
            host=socket.gethostname(),
            boot=_boot(),
            ids=_ids(),
            holder=path.name if _lock(file) else "",
            pid=os.getpid(),
            time=time.time(),
        )
    finally:
        path.unlink(missing_ok=True)
        _open.discard(file)
        file.close()


def _take(path: Path, owner: Owner) -> bool:
    """Create a lock file exclusively; a stale one is removed first. Tell whether it is ours."""
    for _ in range(2):
        with suppress(FileExistsError):
            _own(path, owner)
            return True
        if not _remove_stale(path):
            break
    return False


def _own(path: Path, owner: Owner) -> None:
    """Make a lock file; the kernel holds it until its owner is named in it."""
    with path.open("x", encoding="utf-8") as file:
        try:
            _lock(file)
            json.dump(asdict(owner), file)
            file.flush()
        except BaseException:  # such as a full disk: nobody would own what is left
            path.unlink(missing_ok=True)
            with suppress(OSError):
                file.close()
            raise


def _told(path: Path, name: str) -> str:
    """Say who holds a lock."""
    owner = _owner(path)
    who = "a process that did not say which"
    if owner is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(owner.time))
        who = f"process {owner.pid} on {owner.host} since {when}"
    return (
        f"{name} is being worked on by {who}; wait for it, or remove {path} if that process is "
        "gone."
    )


def _remove_stale(path: Path) -> bool:
    """Remove a lock whose holder is no more; tell whether the lock is free now."""
    owner = _owner(path)
    try:
        file = _open_regular(path, os.O_RDWR)
    except OSError:
        return not os.path.lexists(path)
    if file is None:
        return False
    with file:
        gone = _is_abandoned(file) if owner is None else _is_gone(path.parent, owner)
        return gone and _remove(path, file)


def _is_gone(folder: Path, owner: Owner) -> bool:
    """Tell whether the holder of a lock is certainly no more.

    Where that cannot be told, as of a container on a file system without locks, it is not.
    """
    same_host = owner.host == socket.gethostname()
    if owner.boot != _boot():
        # A machine that was started again. Containers may share their host name with others.
        return same_host and owner.ids == _ids() == MACHINE
    if owner.holder and _boot():
        return _is_free(folder / owner.holder)
    return same_host and owner.ids == _ids() and not _lives(owner.pid)


def _is_free(holder: Path) -> bool:
    """Tell whether nobody keeps a holder's file open any more, and remove it then."""
    try:
        file = _open_regular(holder, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if file is None:
        return False
    with file:
        if not _lock(file):
            return False
        holder.unlink(missing_ok=True)
    return True


def _open_regular(path: Path, how: int) -> TextIO | None:
    """Open a file; None for what is no regular file, such as a pipe that nobody writes to."""
    number = os.open(path, how | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        return None
    return os.fdopen(number, "r" if how == os.O_RDONLY else "r+", encoding="utf-8")


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


def _ids() -> str:
    """Return the name of the processes that this one sees, empty if it has none."""
    try:
        return str(PROCESS_IDS.readlink())
    except OSError:
        return ""


def _owner(path: Path) -> Owner | None:
    """Read who holds a lock; None if the file does not say."""
    try:
        file = _open_regular(path, os.O_RDONLY)
        if file is None:
            return None
        with file:
            content = json.loads(file.read(LONGEST))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or set(content) != {field.name for field in fields(Owner)}:
        return None
    texts = all(isinstance(content[name], str) for name in ("host", "boot", "ids", "holder"))
    numbers = all(isinstance(content[name], int | float) for name in ("pid", "time"))
    if not texts or not numbers or not _is_possible(content["pid"], content["time"]):
        return None
    if os.path.basename(content["holder"]) != content["holder"]:
        return None
    return Owner(**content)


def _is_possible(pid: float, when: float) -> bool:
    """Tell whether numbers are a process id and a time of this century."""
    return isinstance(pid, int) and 0 < pid < 2**31 and 0 <= when < 2**32


def _lives(pid: int) -> bool:
    """Tell whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
