"""Which measures the values compared are of: none of some groups, or not of everybody."""

from collections.abc import Mapping, Sequence

from gradshift.bids.collect import SessionResult
from gradshift.core.measures import left_out


def of_some_only(results: Sequence[SessionResult]) -> Mapping[str, list[str]]:
    """Return measures of BOLD that some results lack, and the people without them.

    A measure that was asked for later is in the results of those who were run again.
    """
    bold = [result for result in results if result.modality == "func"]
    every = sorted(set().union(*(result.measures for result in bold)))
    lacking = {
        name: sorted({one.participant for one in bold if name not in one.measures})
        for name in every
    }
    return {name: people for name, people in lacking.items() if people}


def as_limits(results: Sequence[SessionResult]) -> dict[str, object]:
    """Say what was not measured, as ``limits.json`` has it."""
    names = set().union(*(one.measures for one in results if one.modality == "func"))
    return {
        "NotComputed": dict(left_out(names)) if names else {},
        "OfSomeOnly": dict(of_some_only(results)),
    }
