"""Control groups: the limits of a container, or of a job of a scheduler, on Linux."""

from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def groups(controller: str) -> Iterator[Path]:
    """Yield the folders of our control group and of those above it; none where there are none.

    Parameters
    ----------
    controller : {'memory', 'pids'}
        In the first version of control groups each has a tree of its own.
    """
    try:
        lines = MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = CGROUPS / (controller if controllers else "")
        group = Path(place.lstrip("/"))
        yield from (top / above for above in (group, *group.parents))


def read_number(path: Path) -> int | None:
    """Read a number that the system tells; None where it tells none, or says there is no limit."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
