"""Which runs are joined: those of one session that differ in run or direction alone."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from gradshift.bids.measurements import JOINED
from gradshift.core.series.series import Gives


class AnyRun(Protocol):
    """What is known of a run, whatever it is read from."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def entities(self) -> Mapping[str, str]:
        """BIDS entities by short name."""

    @property
    def source(self) -> Path:
        """The file that the values come from."""

    @property
    def files(self) -> Sequence[Path]:
        """All files that are read."""

    @property
    def gives(self) -> Gives:
        """What there is of the run."""

    @property
    def label(self) -> str:
        """The run as a log line names it."""

    @property
    def problem(self) -> str:
        """Why the run cannot be used; empty if it can."""


R = TypeVar("R", bound=AnyRun)


def group_runs(runs: Sequence[R], *, combine: bool) -> list[list[R]]:
    """Group runs into units of analysis: a session's runs together, or each run alone."""

    def unit(run: R) -> tuple[tuple[str, str], ...]:
        left_out = (*JOINED, "desc") if combine else ("desc",)
        return tuple((k, v) for k, v in run.entities.items() if k not in left_out)

    ordered = sorted(runs, key=lambda run: (unit(run), run.source.name))
    return [list(members) for _, members in groupby(ordered, key=unit)]


def unit_entities(unit: Sequence[AnyRun]) -> dict[str, str]:
    """Return the entities that all runs of a unit share."""
    first, *others = (dict(run.entities) for run in unit)
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
