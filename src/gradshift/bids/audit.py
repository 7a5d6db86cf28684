"""How runs were acquired, and where sessions or people differ in that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from gradshift.bids.acquired import read_acquisition
from gradshift.bids.acquisition import Acquisition
from gradshift.bids.dataset import describe, find_bold
from gradshift.bids.inputs import Run
from gradshift.bids.makers import makers
from gradshift.settings import Settings

BEARING = frozenset({"repetition_time", "voxel_size", "resolution", "space"})
"""What bears on numbers: a difference within a person belongs into their ``status``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which runs differ.

    Parameters
    ----------
    scope : {'person', 'study'}
        Whether sessions of one person differ, or people do.
    participant : str
        With prefix; ``n/a`` for the study.
    task : str
    what : str
        Name of a field of `Acquisition`.
    values : mapping of str to tuple of str
        Runs (of the study: participants), by the value they have; ``n/a`` where nothing tells.
    bears_on_numbers : bool
        Whether a measure may change because of it.
    """

    scope: str
    participant: str
    task: str
    what: str
    values: Mapping[str, tuple[str, ...]]
    bears_on_numbers: bool

    @property
    def sentence(self) -> str:
        """The difference in words."""
        who = "People" if self.scope == "study" else f"Sessions of {self.participant}"
        values = "; ".join(f"{value}: {_some(runs)}" for value, runs in self.values.items())
        return f"{who} differ in {self.what.replace('_', ' ')} of task-{self.task} ({values})."


def audit(runs: Sequence[Run], settings: Settings) -> list[Difference]:
    """Find what differs in how the runs of a study were acquired; see `differences`.

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
    return differences([(run, read_acquisition(run, root, version)) for run in good])


def differences(acquired: Sequence[tuple[Run, Acquisition]]) -> list[Difference]:
    """Find what differs within people and over the study.

    Parameters
    ----------
    acquired : sequence of (Run, Acquisition)
        Runs without a problem; runs are compared within their task. In phase encoding, runs of
        one session may differ; the sets of directions of the sessions are compared.

    Returns
    -------
    list of Difference
        Those of people first, then those of the study: things in which no person differs, but
        people do.
    """
    differing = []
    tasks = sorted({run.entities.get("task", "n/a") for run, _ in acquired})
    for task in tasks:
        rows = [(r, a) for r, a in acquired if r.entities.get("task", "n/a") == task]
        for what in (f.name for f in fields(Acquisition)):
            inside = list(_of_people(rows, what, task))
            differing += inside or _of_study(rows, what, task)
    return sorted(differing, key=lambda row: (row.scope, row.participant, row.task))


def _of_people(
    rows: Sequence[tuple[Run, Acquisition]], what: str, task: str
) -> Iterable[Difference]:
    for person in sorted({run.entities["sub"] for run, _ in rows}):
        own = [(run, how) for run, how in rows if run.entities["sub"] == person]
        values = _by_value(own, what, lambda run: f"ses-{run.entities.get('ses', 'n/a')}")
        if len(values) > 1:
            yield Difference(
                scope="person", participant=f"sub-{person}", task=task, what=what, values=values,
                bears_on_numbers=what in BEARING,
            )  # fmt: skip


def _of_study(rows: Sequence[tuple[Run, Acquisition]], what: str, task: str) -> list[Difference]:
    values = _by_value(rows, what, lambda run: f"sub-{run.entities['sub']}")
    if len(values) < 2:
        return []
    return [
        Difference(
            scope="study",
            participant="n/a",
            task=task,
            what=what,
            values=values,
            bears_on_numbers=what in BEARING,
        )
    ]


def _by_value(
    rows: Sequence[tuple[Run, Acquisition]], what: str, place: Callable[[Run], str]
) -> dict[str, tuple[str, ...]]:
    """Group sessions, or people, by what their runs have in common."""
    had: dict[str, set[str]] = {}
    for run, how in rows:
        value = getattr(how, what)
        had.setdefault(place(run), set()).add("n/a" if value is None else f"{value}")
    values: dict[str, list[str]] = {}
    for name, texts in sorted(had.items()):
        values.setdefault(" and ".join(sorted(texts)), []).append(name)
    return {text: tuple(names) for text, names in sorted(values.items())}


def _some(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
