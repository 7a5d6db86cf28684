"""How many processes may run at once."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

from gradshift.errors import StorageError
from gradshift.running.groups import groups, read_number
from gradshift.settings import Running

logger = logging.getLogger("gradshift")

MOST_PER_PROCESSOR = 4
"""Processes for each processor there is, above which more of them only take memory."""


def processes(running: Running) -> int:
    """Return how many processes are used: what was asked for, within what there is."""
    most = MOST_PER_PROCESSOR * len(_processors())
    if running.processes > most:
        logger.warning(
            "--nprocs asks for %d processes; %d are used, since there are %d processors.",
            running.processes, most, len(_processors()),
        )  # fmt: skip
    return min(running.processes, most)


def _processors() -> Collection[int]:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)


NEEDED = 5
"""Processes and threads that one more process at work takes: itself, one that reads ahead, and
three that watch over it and hand it its work."""

NEEDED_ALONE = 2
"""Threads that are started where all is done in one process, to read ahead."""


def check_room(running: Running) -> None:
    """Refuse more processes than the container or the job may have, before anything is written.

    Raises
    ------
    StorageError
    """
    n = min(running.processes, MOST_PER_PROCESSOR * len(_processors()))
    if running.use_plugin is not None:
        return
    needed = NEEDED * n if n > 1 else NEEDED_ALONE
    left = [most - now for most, now in map(_read_group, groups("pids")) if most is not None]
    if left and min(left) < needed:
        what = f"{n} processes at once take" if n > 1 else "One process takes"
        do = "give --nprocs 1, or raise that limit" if n > 1 else "raise that limit"
        raise StorageError(
            f"{what} {needed} processes and threads more, and the container or job may start "
            f"{max(min(left), 0)}; {do}."
        )


def _read_group(group: Path) -> tuple[int | None, int]:
    """Return how many processes and threads a control group may have, and has."""
    return read_number(group / "pids.max"), read_number(group / "pids.current") or 0
