"""How much memory may be used: of the machine, or of the group of processes we are in."""

from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
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
    found = [left for left in (_machine(), *_groups()) if left is not None]
    return max(min(found), 0) / 1e9 if found else None


def _machine() -> int | None:
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def _groups() -> list[int | None]:
    """Return what is left in our control group and in those above it."""
    try:
        lines = MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = CGROUPS / ("memory" if controllers else "")
        group = Path(place.lstrip("/"))
        left += [_left(top / above) for above in (group, *group.parents)]
    return left


def _left(group: Path) -> int | None:
    for limit, use in FILES:
        try:
            told = (group / limit).read_text(encoding="ascii").strip()
            used = int((group / use).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        return None if told == "max" else int(told) - used
    return None
