"""Where the acquisitions of sessions or people differ."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from gradshift.bids.acquired import read_acquisition
from gradshift.bids.acquisition import Acquisition
from gradshift.bids.dataset import describe, find_bold
from gradshift.bids.layout import raw_folders
from gradshift.bids.makers import makers
from gradshift.bids.run import Run
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")

Acquired = tuple[Mapping[str, str], Acquisition]
"""A run: its entities, and how it was acquired."""

BEARING = frozenset({"repetition_time", "voxel_size", "resolution", "space"})
"""What bears on numbers: a difference within a person belongs into their ``status``."""

UNITS = {"repetition_time": "s", "echo_time": "ms", "voxel_size": "mm", "field_strength": "T"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which runs differ.

    Parameters
    ----------
    scope : {'person', 'study'}
        Whether sessions of people differ, or people do.
    participants : tuple of str
        Whose sessions differ alike, with prefix; of the study empty.
    task : str
    what : str
        Name of a field of `Acquisition`.
    values : mapping of str to tuple of str
        Sessions (of the study: participants), by the value they have; ``n/a`` where nothing
        tells.
    """

    scope: str
    task: str
    what: str
    values: Mapping[str, tuple[str, ...]]
    participants: tuple[str, ...] = ()

    @property
    def bears_on_numbers(self) -> bool:
        """Whether a measure may change because of it."""
        return self.what in BEARING

    @property
    def differing(self) -> str:
        """What differs, and how."""
        return f"{self.what.replace('_', ' ')} of task-{self.task} ({self.listed})"

    @property
    def listed(self) -> str:
        """Every value, and which sessions or people have it."""
        return "; ".join(f"{value}: {_some(names)}" for value, names in self.values.items())

    @property
    def sentence(self) -> str:
        """The difference in words."""
        who = "People" if self.scope == "study" else f"Sessions of {_some(self.participants)}"
        return f"{who} differ in {self.differing}."


def audit(runs: Sequence[Run], settings: Settings) -> list[Acquired]:
    """Read how the runs of a study were acquired.

    Parameters
    ----------
    runs : sequence of Run
        Those with a problem are left out.
    settings : Settings
        Where the preprocessed dataset lies.
    """
    inputs = settings.inputs
    good = [run for run in runs if not run.problem]
    if not good:
        return []
    root = find_bold(
        settings.bids_dir, inputs.derivatives, validate=not inputs.skip_bids_validation
    )
    version = ", ".join(makers(describe(root))) or None
    raw = [folder for folder in dict.fromkeys(raw_folders(root)) if folder != root]
    remarks: set[str] = set()
    acquired = [(run.entities, read_acquisition(run, root, raw, version, remarks)) for run in good]
    for remark in sorted(remarks):
        logger.warning("How runs were acquired is not known in full: %s", remark)
    return acquired


def differences(acquired: Sequence[Acquired]) -> list[Difference]:
    """Find what differs within people and over the study.

    Parameters
    ----------
    acquired : sequence of Acquired
        Runs are compared within their task. In phase encoding, runs of one session may differ;
        the sets of directions of the sessions are compared.

    Returns
    -------
    list of Difference
        Those of people first, then those of the study: things in which no person differs, but
        people do.
    """
    differing: list[Difference] = []
    tasks = sorted({entities.get("task", "n/a") for entities, _ in acquired})
    for task in tasks:
        rows = [(e, a) for e, a in acquired if e.get("task", "n/a") == task]
        for what in (f.name for f in fields(Acquisition)):
            inside = _alike(_of_people(rows, what, task))
            differing += inside or _of_study(rows, what, task)
    return sorted(differing, key=lambda row: (row.scope, row.participants, row.task))


def gathered(rows: Sequence[Difference]) -> list[list[Difference]]:
    """Put differences in the same thing together, whatever the values."""
    things: dict[tuple[str, str, str], list[Difference]] = {}
    for row in rows:
        things.setdefault((row.scope, row.task, row.what), []).append(row)
    return list(things.values())


def summed(rows: Sequence[Difference]) -> str:
    """Say in one sentence how people differ in one thing, whatever the values."""
    if len(rows) == 1:
        return rows[0].sentence
    people = {name for row in rows for name in row.participants}
    what = f"{rows[0].what.replace('_', ' ')} of task-{rows[0].task}"
    return (
        f"Sessions of {len(people)} people differ in {what}, in {len(rows)} ways; for example in "
        f"{_some(rows[0].participants)} ({rows[0].listed})."
    )


def _of_people(rows: Sequence[Acquired], what: str, task: str) -> Iterable[Difference]:
    people: dict[str, list[Acquired]] = {}
    for entities, how in rows:
        people.setdefault(f"sub-{entities['sub']}", []).append((entities, how))
    for person, own in sorted(people.items()):
        values = _by_value(own, what, lambda entities: f"ses-{entities.get('ses', 'n/a')}")
        if len(values) > 1:
            yield Difference(
                scope="person", participants=(person,), task=task, what=what, values=values
            )


def _alike(rows: Iterable[Difference]) -> list[Difference]:
    """Put people together whose sessions differ in the same way."""
    same: dict[tuple[object, ...], list[Difference]] = {}
    for row in rows:
        same.setdefault(tuple(row.values.items()), []).append(row)
    return [
        replace(first, participants=tuple(p for row in (first, *others) for p in row.participants))
        for first, *others in same.values()
    ]


def _of_study(rows: Sequence[Acquired], what: str, task: str) -> list[Difference]:
    values = _by_value(rows, what, lambda entities: f"sub-{entities['sub']}")
    if len(values) < 2:
        return []
    return [Difference(scope="study", task=task, what=what, values=values)]


def _by_value(
    rows: Sequence[Acquired], what: str, place: Callable[[Mapping[str, str]], str]
) -> dict[str, tuple[str, ...]]:
    """Group sessions, or people, by what their runs have in common."""
    had: dict[str, set[str]] = {}
    for entities, how in rows:
        had.setdefault(place(entities), set()).add(_text(getattr(how, what), what))
    values: dict[str, list[str]] = {}
    for name, texts in sorted(had.items()):
        values.setdefault(" and ".join(sorted(texts)), []).append(name)
    return {text: tuple(names) for text, names in sorted(values.items())}


def _text(value: object, what: str) -> str:
    if value is None:
        return "n/a"
    number = f"{value:g}" if isinstance(value, float) else f"{value}"
    return f"{number} {UNITS[what]}" if what in UNITS else number


def _some(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
