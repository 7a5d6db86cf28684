"""One measurement, one value: what may be joined as runs, and what may not."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradshift.bids.names import ENTITIES

JOINED = ("run", "dir")
"""Entities of the runs of one measurement."""

DIFFERENT = ("acq", "ce", "rec", "echo", "part")
"""Entities that make another measurement of the same task: what differs here is never joined."""


class Several(NamedTuple):
    """A task that was measured in several ways in one session, and what there is to say of it."""

    task: str
    sentence: str


def several_measurements(runs: Iterable[Mapping[str, str]]) -> list[Several]:
    """Name the sessions with several measurements of one task.

    Parameters
    ----------
    runs : iterable of mapping
        Entities of runs, or of results.

    Returns
    -------
    list of Several
        One for each set of measurements that sessions have.
    """
    sessions: dict[tuple[str, str, str], set[tuple[tuple[str, str], ...]]] = {}
    for entities in runs:
        place = (entities.get("sub", ""), entities.get("ses", ""), entities.get("task", ""))
        kind = tuple((key, entities[key]) for key in DIFFERENT if key in entities)
        sessions.setdefault(place, set()).add(kind)
    alike: dict[tuple[str, ...], list[str]] = {}
    for (sub, ses, task), kinds in sorted(sessions.items()):
        if len(kinds) > 1:
            ways = (task, *sorted(_text(kind) for kind in kinds))
            alike.setdefault(ways, []).append(f"sub-{sub}" + (f" ses-{ses}" if ses else ""))
    return [Several(ways[0], _sentence(ways, places)) for ways, places in alike.items()]


def _text(kind: tuple[tuple[str, str], ...]) -> str:
    return "_".join(f"{key}-{value}" for key, value in kind) or "no label"


def _sentence(ways: tuple[str, ...], places: list[str]) -> str:
    task, *kinds = ways
    key, _, value = next(kind for kind in kinds if "-" in kind).partition("_")[0].partition("-")
    example = f'{{"bold": {{"{ENTITIES[key]}": "{value}"}}}}'
    listed = ", ".join(places[:6]) + (f" and {len(places) - 6} more" if len(places) > 6 else "")
    what = f"task-{task}" if task else "a task"
    return (
        f"{what} was measured in several ways in one session ({', '.join(kinds)}): {listed}. They "
        "are not runs of one measurement, and their mean is of none; choose one with "
        f"--bids-filter-file, such as {example}."
    )
