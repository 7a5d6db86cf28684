"""Settings files: options as TOML."""

import errno
import json
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from gradshift.errors import MissingInputError, SettingsError
from gradshift.settings.whole import options

LONGEST_FILE = 2**20
"""Bytes of a settings or plugin file, and more than a person writes."""


def read_small(path: Path) -> str:
    """Read a text that a person wrote.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file, such as a pipe that nobody writes to.
    ValueError
        If it is not UTF-8, or longer than anybody writes.
    """
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        content = file.read(LONGEST_FILE + 1)
    if len(content) > LONGEST_FILE:
        raise ValueError(f"it is longer than {LONGEST_FILE} bytes")
    return content.decode("utf-8-sig")


def read_file(path: Path) -> dict[str, object]:
    """Read options from a TOML file: their names on the command line, without dashes in front.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If it cannot be read, is not TOML, or names an option that does not exist.
    """
    try:
        content = tomllib.loads(read_small(path))
    except FileNotFoundError as error:
        raise MissingInputError(f"There is no settings file {path}.") from error
    except (ValueError, RecursionError) as error:  # such as an integer of 5000 digits
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error
    given = {key.replace("-", "_"): value for key, value in content.items()}
    known = {f.name for _, f in options()}
    if unknown := sorted(key for key in content if key.replace("-", "_") not in known):
        raise SettingsError(
            f"The settings file {path} has unknown keys: {', '.join(unknown)}. Keys are the "
            "options of the command line, such as fd-threshold."
        )
    return given


def shown(value: object) -> str:
    """Return the value of an option as a message has it."""
    if value is None:
        return "not given"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def to_toml(given: Mapping[str, object]) -> str:
    """Write options as TOML, in the form that `read_file` reads."""
    lines = []
    for name, value in given.items():
        plain = list(value) if isinstance(value, tuple) else value
        lines.append(f"{name.replace('_', '-')} = {json.dumps(plain, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
