"""Dates of scans as BIDS writes them, and which of two comes first."""

import re
from datetime import UTC, datetime, timedelta

from gradshift.errors import InputError

_WRITTEN = re.compile(
    r"[12]\d{3}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)

WIDEST = timedelta(hours=14)
"""How far a clock can be from UTC."""


def read_date(text: str, what: str) -> datetime:
    """Read a date, with or without time and time zone, as ISO 8601 and BIDS write it.

    Parameters
    ----------
    text : str
        Such as ``2024-05-01T10:30:00``, ``2024-05-01T08:30:00.250Z`` or ``2024-05-01``.
    what : str
        How a message calls it.

    Raises
    ------
    InputError
        If it is written otherwise: day and month of 02/01/2024 are not guessed.
    """
    try:
        if not _WRITTEN.fullmatch(text):
            raise ValueError(text)
        # Python reads six digits of a second.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise InputError(
            f"{what} is {text[:40]!r}; it must be a date and time such as 2024-05-01T10:30:00 "
            "(year, month, day), or n/a."
        ) from None


def is_before(first: str, second: str) -> bool | None:
    """Tell whether one date comes before another; None where it cannot be told.

    Where only one of them has a time zone, the clock of the other may be up to 14 hours away:
    the order is known only of dates that lie further apart. Nor is it known of a day and a time
    on that day.
    """
    one, other = read_date(first, "A date"), read_date(second, "A date")
    whole_day = len(first) == len("2024-05-01") or len(second) == len("2024-05-01")
    if whole_day and one.date() == other.date():
        return None
    apart = by_time(first) - by_time(second)
    if (one.tzinfo is None) != (other.tzinfo is None) and abs(apart) <= WIDEST:
        return None
    return apart < timedelta(0) if apart else None


def by_time(text: str) -> datetime:
    """Return what dates are sorted by; a clock without a time zone counts as UTC."""
    when = read_date(text, "A date")
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
