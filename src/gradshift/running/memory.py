"""How much memory may be used: of the machine, or of the group of processes we are in."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradshift.errors import StorageError
from gradshift.running.groups import groups, read_number

LEAST = 0.5
"""Gigabytes that a run of the smallest study takes, with its libraries."""

MEMINFO = Path("/proc/meminfo")

FILES = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)
"""Limit and use, in the second and in the first version of control groups."""


def available() -> float | None:
    """Return how much memory is free, in GB; None where the system does not tell.

    A container or a job of a scheduler has a limit of its own, set by a control group: more
    than that is not to be had, however much the machine has.
    """
    free = _machine()
    amounts = [group.left for group in _groups()] + ([] if free is None else [free])
    return max(min(amounts), 0) / 1e9 if amounts else None


def limit() -> float | None:
    """Return how much memory this process may use in all, in GB; None where nobody tells."""
    limits = [group.limit for group in _groups()]
    with suppress(OSError, ValueError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits) / 1e9 if limits else None


def check_enough() -> None:
    """Refuse to start where the system would stop the process without a word.

    Raises
    ------
    StorageError
    """
    most = limit()
    if most is not None and most < LEAST:
        raise StorageError(
            f"gradshift needs {LEAST:g} GB of memory at least, and may use {most:.2g} GB here; "
            "give the container, the job or the machine more."
        )


def _machine() -> int | None:
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def _groups() -> list["_Group"]:
    """Return our control group and those above it, as far as they have a limit."""
    return [numbers for group in groups("memory") if (numbers := _read_group(group)) is not None]


@dataclass(frozen=True)
class _Group:
    """A control group: its limit, and what is left of it, in bytes."""

    limit: int
    left: int


def _read_group(group: Path) -> _Group | None:
    for limit_file, use_file in FILES:
        most, used = read_number(group / limit_file), read_number(group / use_file)
        if most is not None and used is not None:
            return _Group(most, most - used + _given_back(group))
    return None


def _given_back(group: Path) -> int:
    """Return what a group uses for files that were read, which it gives back when asked."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    pairs = dict(line.split(maxsplit=1) for line in lines if " " in line)
    return int(pairs.get("total_inactive_file", pairs.get("inactive_file", 0)))
