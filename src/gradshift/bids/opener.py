"""The one way to open an input: regular files of a sensible size, nothing that hangs."""

import os
import stat
import unicodedata
from pathlib import Path

from gradshift.errors import InputError, MissingInputError

MOST = 256 * 2**20
"""Bytes: no table or description of a study is larger."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def missing(path: Path) -> str:
    """Say that a file is not there; for a dangling link, how to get it."""
    if is_dangling(path):
        return (
            f"{shown(path)} is a link whose content is not here; in a DataLad dataset, "
            f"'datalad get {shown(path.name)}' in its folder brings it."
        )
    return f"There is no file {shown(path)}."


def is_dangling(path: Path) -> bool:
    """Tell whether a path is a link to content that is not here, as DataLad leaves it."""
    try:
        return path.is_symlink() and not path.exists()
    except OSError:  # a link to itself
        return True


def shown(text: object) -> str:
    """Return text as a message may show it: control characters and broken bytes escaped."""
    return "".join(
        ascii(letter)[1:-1] if unicodedata.category(letter) in ("Cc", "Cs", "Cf") else letter
        for letter in str(text)
    )


def check_file(path: Path, *, most: int | None = None) -> None:
    """Check that a path is a regular file with content.

    Parameters
    ----------
    path : Path
    most : int, optional
        Bytes that it may have.

    Raises
    ------
    MissingInputError
        If it is not there, or is a link whose content is not.
    InputError
        If it is a folder, pipe or device, holds nothing, or more than it may.
    """
    try:
        _check(path, os.stat(path), most)
    except FileNotFoundError as error:
        raise MissingInputError(missing(path)) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def read_bytes(path: Path, *, most: int = MOST, first_line: bool = False) -> bytes:
    """Read a whole file; what is no regular file is refused before it can block.

    Parameters
    ----------
    path : Path
    most : int
        Bytes that it may have.
    first_line : bool
        Whether its first line will do.

    Raises
    ------
    MissingInputError, InputError
        As `check_file`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check(path, os.fstat(handle), most, empty=True)
        except BaseException:  # handed on: only the file must be closed
            os.close(handle)
            raise
        with os.fdopen(handle, "rb") as file:
            return file.readline() if first_line else file.read()
    except FileNotFoundError as error:
        raise MissingInputError(missing(path)) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _check(path: Path, status: os.stat_result, most: int | None, *, empty: bool = False) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise InputError(f"{shown(path)} is {kind}, where a regular file is needed; remove it.")
    if not status.st_size and not empty:
        raise InputError(f"{shown(path)} is empty (0 bytes); copy or make it again.")
    if most is not None and status.st_size > most:
        raise InputError(
            f"{shown(path)} has {status.st_size / 2**20:.0f} MB, and at most {most / 2**20:.0f} "
            "MB make sense for it; the file may be damaged, or another one under this name."
        )


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"{shown(path)} cannot be read: {reason}.")
