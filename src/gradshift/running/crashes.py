"""Which steps of a graph crashed, and why."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exception
from typing import Any

logger = logging.getLogger("gradshift")


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
