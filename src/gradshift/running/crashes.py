"""Which steps of a graph crashed, and why."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import format_exception
from typing import Any

from gradshift.bids.write import write_bytes

logger = logging.getLogger("gradshift")

UNFORESEEN = "unforeseen.txt"
"""File in the folder of a step that failed for a cause nobody has foreseen: where it came from."""


class Crashed(list[str]):
    """Full names of the steps that crashed; `reasons` says why, a line for each."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: dict[str, str] = {}


@contextmanager
def noting(crashed: Crashed) -> Iterator[None]:
    """Note the reason of every crash that nipype reports meanwhile."""
    from nipype.pipeline.plugins import base, linear

    report = base.report_crash

    def note(node: Any, traceback: Any = None, hostname: str | None = None) -> Any:
        lines = traceback or format_exception(*sys.exc_info())
        crashed.reasons[node.fullname] = _last_line(lines)
        return report(node, traceback=traceback, hostname=hostname)

    base.report_crash = linear.report_crash = note
    try:
        yield
    finally:
        base.report_crash = linear.report_crash = report
        for name in crashed:
            logger.error("The step %s crashed: %s", name, crashed.reasons.get(name, "unknown"))


def _last_line(traceback: str | list[str]) -> str:
    """Return what a traceback says in the end, without the name of an exception of ours."""
    text = traceback if isinstance(traceback, str) else "".join(traceback)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "unknown"
    return last.partition(": ")[2] if last.startswith("gradshift.") else last


def is_disk_full(text: str) -> bool:
    """Tell whether an error, as a text, came from a full disk, where all further steps fail."""
    return "No space left on device" in text or "Disk quota exceeded" in text


def gather(steps: Path, people: Iterable[str], folder: Path) -> list[Path]:
    """Copy the origins of what nobody has foreseen to the crash files, and say so.

    Parameters
    ----------
    steps : Path
        See `gradshift.running.workdir.intermediate`.
    people : iterable of str
        With prefix.
    folder : Path
        Of the crash files.
    """
    kept = []
    for name in people:
        for path in sorted(steps.glob(f"gradshift_*/{name.replace('-', '_')}_*/**/{UNFORESEEN}")):
            part = "-".join(path.parent.relative_to(steps).parts[1:])
            kept.append(write_bytes(folder / f"crash-{part}.txt", path.read_bytes()))
    for path in kept:
        logger.error("A step met an error that gradshift does not know: please report %s.", path)
    return kept
