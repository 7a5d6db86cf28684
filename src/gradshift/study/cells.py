"""Conditions as they are looked for in the tables of a study: sessions, or treatments."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradshift.study.design import is_placebo
from gradshift.study.kind import Request, session_label
from gradshift.study.observations import Observation, treatments
from gradshift.study.order import one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A condition as it is looked for: a session, or a treatment at a time point.

    Parameters
    ----------
    name : str
    session : str
        With prefix; empty where the tables tell it of each person.
    treatment, point : str
        Empty: any.
    """

    name: str
    session: str = ""
    treatment: str = ""
    point: str = ""

    def of(self, own: Sequence[Observation]) -> Observation | None:
        """Return the observation of one person; None without one."""
        if self.session:
            return next((one for one in own if one.session == self.session), None)
        matching = [
            one
            for one in own
            if one.treatment == self.treatment and self.point in ("", one.timepoint)
        ]
        return one_of(matching, self.name)


def treated_sessions(request: Request) -> list[Observation]:
    """Return the sessions with a treatment, where people have several treatments."""
    measured = request.tables.measured
    several = any(len(set(names)) > 1 for names in treatments(measured).values())
    return [one for one in measured if one.treatment] if several else []


def groups_differ(request: Request) -> bool:
    """Tell whether people differ in their one treatment."""
    return (
        len({name for names in treatments(request.tables.measured).values() for name in names}) > 1
    )


def all_after(treated: Sequence[Observation]) -> bool:
    """Tell whether all sessions are known to come after a dose."""
    return all(one.days > 0 for one in treated)


def points_before(treated: Sequence[Observation]) -> set[str]:
    """Return the time points that are never after a dose, where others always are."""
    after = {one.timepoint for one in treated if one.days > 0}
    before = {one.timepoint for one in treated if not one.days > 0}
    return before - after if after and not before & after else set()


def several_after(treated: Sequence[Observation]) -> bool:
    """Tell whether each treatment has one time point before and several after the dose."""
    points = {one.timepoint for one in treated}
    return len(points_before(treated)) == 1 and len(points) > 2 and "" not in points


def placebo_pair(request: Request) -> tuple[str, str] | None:
    """Return two sessions of which one is called a placebo, the placebo first; None without."""
    present = request.tables.sessions
    group = request.group
    named = [session_label(name) for name in (group.baseline, group.followup) if name]
    if len(named) == 1 and len(present) == 2:
        others = [session for session in present if session not in named]
        named = named + others if group.baseline else others + named
    two = named if request.named else list(present)
    if len(two) != 2 or not set(two) <= set(present):
        return None
    placebo = [session for session in two if is_placebo(treatment_of(request, session))]
    if len(placebo) != 1:
        return None
    if request.named:  # the order that was asked for
        return (two[0], two[1])
    other = next(session for session in two if session != placebo[0])
    return placebo[0], other


def treatment_of(request: Request, session: str) -> str:
    """Return the treatment that everybody had in a session, or else its name."""
    names = {one.treatment for one in request.tables.measured if one.session == session}
    return names.pop() if len(names) == 1 and names != {""} else session.removeprefix("ses-")
