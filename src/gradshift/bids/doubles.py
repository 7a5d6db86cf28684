"""Runs that cannot be told apart: the same names, or the same image."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradshift.bids.content import content_of
from gradshift.bids.run import Run
from gradshift.errors import reason


def told_apart(runs: Sequence[Run]) -> list[Run]:
    """Refuse files that say they are the same run: none can be preferred."""

    def said(run: Run) -> tuple[tuple[str, str], ...]:
        number = {"run": run.entities["run"].lstrip("0")} if "run" in run.entities else {}
        return tuple({**run.entities, **number}.items())

    return _refused(
        runs,
        said,
        "{this} and {other} are the same run by their names; take one away, or leave it out with "
        "--exclude.",
    )


def not_twice(runs: Sequence[Run]) -> list[Run]:
    """Refuse the same image under two names: one of the names is wrong, or both."""
    return _refused(
        runs,
        lambda run: content_of(run.bold) if run.bold.suffix == ".gz" else None,
        "{this} is the same image as {other} (same size and checksum): one of them lies under a "
        "wrong name.",
    )


def _refused(runs: Sequence[Run], key: Callable[[Run], Any], text: str) -> list[Run]:
    """Mark the runs that share a key; None is shared with nobody."""
    by_key: dict[Any, list[Run]] = {}
    marked: dict[Path, str] = {}
    for run in runs:
        try:
            if not run.problem and (shared := key(run)) is not None:
                by_key.setdefault(shared, []).append(run)
        except OSError as error:
            marked[run.bold] = reason(error)
    for same in (same for same in by_key.values() if len(same) > 1):
        for run in same:
            other = next(other for other in same if other is not run)
            marked[run.bold] = text.format(this=run.bold.name, other=other.bold.name)
    return [replace(run, problem=marked.get(run.bold, run.problem)) for run in runs]
