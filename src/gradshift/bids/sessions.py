"""Which runs are joined: those of one session that differ in run or direction alone."""

from collections.abc import Sequence
from itertools import groupby

from gradshift.bids.inputs import Run
from gradshift.bids.measurements import JOINED


def group_runs(runs: Sequence[Run], *, combine: bool) -> list[list[Run]]:
    """Group runs into units of analysis: a session's runs together, or each run alone."""

    def unit(run: Run) -> tuple[tuple[str, str], ...]:
        left_out = (*JOINED, "desc") if combine else ("desc",)
        return tuple((k, v) for k, v in run.entities.items() if k not in left_out)

    ordered = sorted(runs, key=lambda run: (unit(run), run.bold.name))
    return [list(members) for _, members in groupby(ordered, key=unit)]


def unit_entities(unit: Sequence[Run]) -> dict[str, str]:
    """Return the entities that all runs of a unit share."""
    first, *others = (dict(run.entities) for run in unit)
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
