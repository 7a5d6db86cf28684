"""A study of known truth: what was planted beside what was found."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradshift.bids.planted import CORRELATION, PERCENT
from gradshift.group.planted import Recovery
from gradshift.report import words
from gradshift.report.numbers import signed


@dataclass(frozen=True, slots=True)
class RecoveryShown:
    """One planted change in words."""

    row: Recovery
    name: str
    unit: str
    planted: str
    expected: str
    found: str
    interval: str
    inside: str
    detected: str
    reason: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The planted changes that a run asked for, and how many were found, in words."""

    summary: str
    rows: list[RecoveryShown]


def truth(rows: Sequence[Recovery]) -> Truth | None:
    """Say what became of the planted changes; None for a study where nothing is known."""
    if not rows:
        return None
    asked = [row for row in rows if math.isfinite(row.found)]
    planted = [row for row in asked if row.expected]
    with_interval = [row for row in asked if row.inside is not None]
    inside = sum(row.inside is True for row in with_interval)
    n_detected = sum(row.detected for row in planted)
    if planted:
        first = f"{n_detected} of {len(planted)} planted changes were found (family-wise p)"
    elif any(row.expected for row in rows):
        first = "No planted change is among the results of this run"
    else:
        first = f"Nothing was planted; {sum(row.detected for row in asked)} changes were found"
    held = f"{inside} of {len(with_interval)} intervals hold the expected change"
    summary = f"{first}; {held}." if asked else f"{first}."
    return Truth(
        summary=" ".join([summary, *_not_asked([row for row in rows if row not in asked])]),
        rows=[_shown(row) for row in asked],
    )


def _not_asked(rows: Sequence[Recovery]) -> Iterator[str]:
    """Say what is known of other results than those of this run."""
    if rows:
        atlases = sorted({row.atlas for row in rows} - {"n/a"})
        of = f" (known for {', '.join(atlases)})" if atlases else ""
        yield f"What to expect of {len(rows)} more{of} is not among the results of this run."


def _shown(row: Recovery) -> RecoveryShown:
    interval = "n/a"
    if math.isfinite(row.ci_low):
        interval = f"{signed(row.ci_low)} to {signed(row.ci_high)}"
    return RecoveryShown(
        row=row,
        name=_name(row),
        unit={PERCENT: "%", CORRELATION: "Spearman ρ", "1": ""}.get(row.unit, row.unit),
        planted=signed(row.planted),
        expected=signed(row.expected),
        found=signed(row.found),
        interval=interval,
        inside={True: "yes", False: "no", None: "n/a"}[row.inside],
        detected="yes" if row.detected else "no",
        reason=row.reason or "",
    )


def _name(row: Recovery) -> str:
    if row.unit == CORRELATION:
        sides = (side.split(":") for side in row.measure.split("~"))
        return " with ".join(f"{words.measure(m)}, {words.label('set', at)}" for m, at in sides)
    return f"{words.measure(row.measure)}, {words.label(row.level, row.label)}"


def as_text(known: Truth) -> str:
    """Write the planted changes as a table for the log."""
    head = ("planted", "expected", "found", "95 % interval", "inside", "detected", "")
    lines = [
        (one.planted, one.expected, one.found, one.interval, one.inside, one.detected,
         " ".join(filter(None, (one.name, f"({one.unit})" if one.unit else ""))))
        for one in known.rows
    ]  # fmt: skip
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head) - 1)]
    table = [
        "  ".join([*(cell.rjust(w) for cell, w in zip(line, widths, strict=False)), line[-1]])
        for line in (head, *lines)
    ]
    missed = [f"{one.name}: {one.reason}." for one in known.rows if one.reason]
    return "\n".join([known.summary, *table, *missed])
