"""How far the work is, and how long the rest may take: a bar on a terminal, lines elsewhere."""

import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

logger = logging.getLogger("gradshift")

Advance = Callable[[float], None]
"""Called with the weight of a step that is done."""

TENTHS = 10
"""Lines of a run whose progress is not shown on a terminal."""

SILENT_SECONDS = 300.0
"""A line is shown after this time, even if less than a tenth was done meanwhile."""

RECENT = 2 / 3
"""Share of the time so far after which the pace is measured: steps that were done in an earlier
run pass at once, and say nothing of those to come."""

ENOUGH_SECONDS = 5.0
"""Time before which nothing is said of the rest."""


class Pace:
    """What is done of the work, and how fast.

    Parameters
    ----------
    weights : sequence of float
        Of all steps: about the seconds that a step of its kind takes.
    clock : callable
        Returns seconds.
    """

    def __init__(self, weights: Sequence[float], clock: Callable[[], float] = time.monotonic):
        self.steps = len(weights)
        self.total = sum(weights) or 1.0
        self.steps_done = 0
        self.done = 0.0
        self._clock = clock
        self._begun = clock()
        self._past = deque([(0.0, 0.0)])  # seconds since the start, weight done until then

    def advance(self, weight: float) -> None:
        """Note that a step of this weight is done."""
        self.steps_done += 1
        self.done = min(self.done + weight, self.total)
        self._past.append((self.elapsed, self.done))

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._begun

    @property
    def share(self) -> float:
        """What is done, between 0 and 1."""
        return self.done / self.total

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the rest takes at the present pace; None while too little is known."""
        now = self.elapsed
        while len(self._past) > 1 and self._past[1][0] <= RECENT * now:
            self._past.popleft()
        then, done_then = self._past[0]
        gained = self.done - done_then
        if now < ENOUGH_SECONDS or gained <= 0:
            return None
        return (self.total - self.done) * (now - then) / gained

    def __str__(self) -> str:
        left = self.seconds_left
        rest = f", {duration(left)} left" if left is not None and self.share < 1 else ""
        return f"{self.steps_done} of {self.steps} steps done{rest}"


def duration(seconds: float) -> str:
    """Return a time as it is worth knowing: to the minute, the half hour above three hours."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 180:
        return f"about {minutes:.0f} min"
    return f"about {round(minutes / 30) / 2:g} h"


@contextmanager
def progress(weights: Sequence[float], *, quiet: bool = False) -> Iterator[Advance]:
    """Show the progress of steps.

    Parameters
    ----------
    weights : sequence of float
        Of all steps: about the seconds that a step of its kind takes.
    quiet : bool
        Whether nothing is shown.

    Yields
    ------
    callable
        To be called with the weight of every step that is done.
    """
    pace = Pace(weights)
    if quiet:
        yield pace.advance
    elif sys.stderr.isatty():
        with _bar(pace) as advance:
            yield advance
    else:
        yield _lines(pace)


@contextmanager
def _bar(pace: Pace) -> Iterator[Advance]:
    """Draw a bar; it is gone once all is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    terminal = getattr(sys.stderr, "file", sys.stderr)  # a bar is made of control characters
    columns = BarColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=Console(file=terminal), transient=True) as bar:
        task = bar.add_task(str(pace), total=pace.total)

        def advance(weight: float) -> None:
            pace.advance(weight)
            bar.update(task, completed=pace.done, description=str(pace))

        yield advance


def _lines(pace: Pace) -> Advance:
    """Log a line for every tenth of the work, and when nothing was said for long."""
    tenth, last = 0, 0.0

    def advance(weight: float) -> None:
        nonlocal tenth, last
        pace.advance(weight)
        reached = int(pace.share * TENTHS + 1e-9)
        if reached > tenth or pace.elapsed - last > SILENT_SECONDS:
            tenth, last = reached, pace.elapsed
            logger.info("%s.", str(pace))

    return advance
