"""The folder of the intermediate results: read again only where it was made, by who made it."""

import logging
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from gradshift.errors import OutputError

logger = logging.getLogger("gradshift")

PRIVATE = 0o700
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def intermediate(work_dir: Path) -> Path:
    """Return the folder of the intermediate results, which only this user can write to.

    nipype keeps its results as pickles, and reading a pickle can run anything. The folder is
    named after when and where it was made: the inode and the change time of another folder
    cannot be brought along by copies, archives, downloads or git. So the name is known here
    alone, and what a dataset brings is never looked at. Processes that start at once agree on it.

    Parameters
    ----------
    work_dir : Path
        The work folder, which may hold other things. It is made if need be, for this user alone.

    Raises
    ------
    OutputError
        If it cannot be made, or if somebody else could have put something into it. Root is
        asked for no less: what it reads runs as root.
    """
    mark = work_dir / ".made_here"
    try:
        _make(work_dir)
        mark.mkdir(mode=PRIVATE, exist_ok=True)
        made = mark.lstat()  # not of what a link leads to, which may be known elsewhere
        steps = work_dir / f"steps_{made.st_ino:x}_{made.st_ctime_ns:x}"
        steps.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The work folder {work_dir} cannot be made: {error.strerror}; choose another with "
            "--work-dir."
        ) from error
    check_private(work_dir.resolve(), mark, steps)
    return steps


def _make(work_dir: Path) -> None:
    """Make the work folder; one that is ours and empty is closed to others."""
    work_dir.parent.mkdir(parents=True, exist_ok=True)
    work_dir.mkdir(mode=PRIVATE, exist_ok=True)
    status = work_dir.stat()
    open_to_others = status.st_mode & OTHERS_WRITE and not status.st_mode & stat.S_ISVTX
    if open_to_others and status.st_uid == os.geteuid() and not any(work_dir.iterdir()):
        work_dir.chmod(PRIVATE)


def check_private(*folders: Path) -> None:
    """Refuse folders of intermediate results that somebody else owns or can write to.

    Raises
    ------
    OutputError
    """
    for folder in folders:
        status = folder.lstat()
        if status.st_uid != os.geteuid():
            why = f"belongs to {_user(status.st_uid)}"
        elif not stat.S_ISLNK(status.st_mode) and _others_write(status):
            why = "can be written to by other users"
        else:
            continue
        raise OutputError(
            f"The folder of intermediate results {folder} {why}, who could have put code of "
            "theirs into what is read from it; remove it, or choose a folder of your own with "
            "--work-dir."
        )


def check_above(folder: Path) -> None:
    """Refuse a place whose folders above can be written to, and so be exchanged, by others.

    Parameters
    ----------
    folder : Path
        It need not exist.

    Raises
    ------
    OutputError
    """
    for above in _existing_above(folder.resolve()):
        status = above.stat()
        if status.st_uid not in (0, os.geteuid()):
            why = f"belongs to {_user(status.st_uid)}"
        elif _others_write(status):
            why = "can be written to by other users"
        else:
            continue
        raise OutputError(
            f"The work folder {folder} would not be safe: {above} {why}, who could exchange what "
            "lies in it for code of theirs; choose a --work-dir in a folder of your own."
        )


def _existing_above(folder: Path) -> Iterator[Path]:
    return (above for above in folder.parents if above.is_dir())


def _others_write(status: os.stat_result) -> bool:
    """Tell whether others may put something in place of what a folder holds.

    A sticky folder, such as /tmp, lets everybody have files there and nobody touch those of
    others. The group of a user alone, which many systems give to each, is nobody else.
    """
    if status.st_mode & stat.S_ISVTX:
        return False
    if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
        return True
    return bool(status.st_mode & stat.S_IWOTH)


def _is_own_group(number: int) -> bool:
    import grp

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    same = user.pw_gid == number and user.pw_name == group.gr_name
    return same and set(group.gr_mem) <= {user.pw_name}


def _user(number: int) -> str:
    try:
        return f"the user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"the user with the number {number}"


def warn_of_others(work_dir: Path) -> None:
    """Say which folders of intermediate results are not read."""
    for other in sorted(set(work_dir.glob("steps_*")) - {intermediate(work_dir)}):
        logger.warning(
            "The intermediate results in %s were not made here, or were copied or had their "
            "permissions changed: they are not read, since that could run code of others. "
            "Remove them.",
            other,
        )
