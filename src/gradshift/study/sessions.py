"""Which of two sessions comes before the drug: as named, or as dates tell."""

from collections.abc import Sequence

from gradshift.bids.dates import is_before
from gradshift.bids.sessiontable import read_sessions
from gradshift.errors import InputError, SettingsError
from gradshift.study.kind import Request, insist, session_label


def choose_sessions(request: Request) -> tuple[str, str]:
    """Return baseline and follow-up, with prefix.

    Raises
    ------
    SettingsError
        If a session that is named is not there, or nothing tells the order.
    InputError
        If there are fewer than two.
    """
    present = request.tables.sessions
    if (model := request.model) is not None:
        named = session_label(model.baseline), session_label(model.followup)
        insist(named, present)
        return named
    options = {"--baseline": request.group.baseline, "--followup": request.group.followup}
    given = {option: f"ses-{label}" for option, label in options.items() if label is not None}
    listed = ", ".join(session.removeprefix("ses-") for session in present) or "none"
    if absent := [f"{option} {label}" for option, label in given.items() if label not in present]:
        raise SettingsError(f"There is no session {', '.join(absent)}. Sessions there: {listed}.")
    if len(given) == 2:
        return given["--baseline"], given["--followup"]
    if len(present) < 2:
        raise InputError(
            f"A comparison needs two sessions, and there is {listed}. Run the participant level "
            "on both."
        )
    if len(present) > 2:
        raise _unclear(present, "there are more than two")
    if given:
        other = next(session for session in present if session not in given.values())
        return given.get("--baseline", other), given.get("--followup", other)
    if request.tables.order:
        return request.tables.order[0], request.tables.order[1]
    return _by_dates(request, present[0], present[1])


def _by_dates(request: Request, first: str, second: str) -> tuple[str, str]:
    """Return two sessions in the order in which everybody had them."""
    earlier = {
        is_before(dates[first], dates[second])
        for dates in read_sessions(request.bids_dir, request.tables.names)
        if first in dates and second in dates
    }
    if len(earlier) != 1 or None in earlier:
        raise _unclear((first, second), "acq_time in sessions.tsv does not tell which comes first")
    return (first, second) if True in earlier else (second, first)


def _unclear(present: Sequence[str], why: str) -> SettingsError:
    bare = [session.removeprefix("ses-") for session in present]
    return SettingsError(
        f"It is not clear which sessions to compare: {why}. Sessions there: {', '.join(bare)}. "
        "Name the one before the drug and the one after it: --baseline LABEL --followup LABEL."
    )
