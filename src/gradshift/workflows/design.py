"""Who is compared with what: sessions, people, atlases, recipes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.collect import SessionResult, read_participants, read_sessions
from gradshift.errors import InputError, SettingsError
from gradshift.recipes.catalogue import load_recipe
from gradshift.settings import Group, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A paired comparison of two sessions.

    Parameters
    ----------
    baseline, followup : str
        Sessions with prefix.
    atlases, recipes : tuple of str
        Names; the first of each is the primary one.
    """

    baseline: str
    followup: str
    atlases: tuple[str, ...]
    recipes: tuple[str, ...]

    @property
    def sessions(self) -> tuple[str, str]:
        """Baseline and follow-up."""
        return self.baseline, self.followup

    @property
    def contrast(self) -> str:
        """Name of the contrast, such as ``post-pre``."""
        return f"{self.followup.removeprefix('ses-')}-{self.baseline.removeprefix('ses-')}"

    def __str__(self) -> str:
        return (
            f"Paired design: {self.followup} (follow-up) against {self.baseline} (baseline) in "
            "the same people; signs of the changes are exchangeable under the null hypothesis."
        )


def find_design(
    settings: Settings,
    results: Sequence[SessionResult],
    given: Mapping[str, Any],
    recorded: Mapping[str, Any],
) -> Design:
    """Find which sessions to compare, and the order of atlases and recipes.

    Parameters
    ----------
    settings : Settings
    results : sequence of SessionResult
    given : mapping
        Options that were given.
    recorded : mapping
        Options the participant level ran with.

    Raises
    ------
    SettingsError
        If the sessions, or their order, are not clear.
    InputError
        If there are fewer than two, or no result for an atlas or recipe asked for.
    """
    there = sorted({result.session for result in results} - {"n/a"})
    people = sorted({result.participant for result in results})
    baseline, followup = _choose_sessions(settings.group, settings.bids_dir, there, people)
    atlases = {result.atlas: None for result in results}
    recipes = {result.recipe: None for result in results}
    return Design(
        baseline=baseline,
        followup=followup,
        atlases=_ordered(
            "atlas",
            list(atlases),
            asked=[load_atlas(spec).name for spec in given.get("atlas", ())],
            known=recorded.get("atlas", ()),
        ),
        recipes=_ordered(
            "recipe",
            list(recipes),
            asked=[load_recipe(spec).name for spec in given.get("denoise", ())],
            known=recorded.get("denoise", ()),
        ),
    )


def _ordered(
    what: str, there: Sequence[str], *, asked: Sequence[str], known: Sequence[str]
) -> tuple[str, ...]:
    """Put names in the order they were asked for, or else recorded in.

    Results of names that are not recorded were made with settings that no longer hold.
    """
    if absent := [name for name in asked if name not in there]:
        raise InputError(
            f"There is no result for the {what} {', '.join(absent)}; there is "
            f"{', '.join(there)}. Run the participant level with it first."
        )
    if asked:
        return tuple(asked)
    return tuple(name for name in (known or there) if name in there)


def _choose_sessions(
    group: Group, bids_dir: Path, there: Sequence[str], people: Sequence[str]
) -> tuple[str, str]:
    """Return baseline and follow-up: as given, or as two sessions' dates tell."""
    named = {"--baseline": group.baseline, "--followup": group.followup}
    given = {option: f"ses-{label}" for option, label in named.items() if label is not None}
    listed = ", ".join(session.removeprefix("ses-") for session in there) or "none"
    if absent := [f"{option} {label}" for option, label in given.items() if label not in there]:
        raise SettingsError(f"There is no session {', '.join(absent)}. Sessions there: {listed}.")
    if len(given) == 2:
        return given["--baseline"], given["--followup"]
    if len(there) < 2:
        raise InputError(
            f"A comparison needs two sessions, and there is {listed}. Run the participant level "
            "on both."
        )
    if len(there) > 2:
        raise _unclear(there, "there are more than two")
    if given:
        other = next(session for session in there if session not in given.values())
        return given.get("--baseline", other), given.get("--followup", other)
    first, second = there
    order = {
        (first, second) if when < then else (second, first) if then < when else None
        for when, then in (
            (pd.to_datetime(dates[first], utc=True), pd.to_datetime(dates[second], utc=True))
            for dates in read_sessions(bids_dir, people)
            if first in dates and second in dates
        )
    }
    told = order.pop() if len(order) == 1 else None
    if told is None:
        raise _unclear(there, "acq_time in sessions.tsv does not tell which comes first")
    return told


def _unclear(there: Sequence[str], why: str) -> SettingsError:
    bare = [session.removeprefix("ses-") for session in there]
    return SettingsError(
        f"It is not clear which sessions to compare: {why}. Sessions there: {', '.join(bare)}. "
        "Name the one before the drug and the one after it: --baseline LABEL --followup LABEL."
    )


def find_people(
    results: Sequence[SessionResult],
    design: Design,
    bids_dir: Path,
    asked: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Say of every participant and task whether both sessions can be used, or why not.

    The primary atlas and recipe decide; what differs in another recipe is a remark.
    Those asked for, or else named in participants.tsv, are listed even without a result.
    """
    by_key: dict[tuple[str, ...], SessionResult] = {}
    for result in results:
        key = (result.participant, result.session, result.task, result.recipe, result.atlas)
        if key not in by_key or by_key[key].excluded:
            by_key[key] = result
    named = [f"sub-{label}" for label in asked] or read_participants(bids_dir)
    everybody = sorted({*(result.participant for result in results), *named})
    rows = []
    for person, task in product(everybody, sorted({result.task for result in results})):
        found = {
            recipe: [
                by_key.get((person, session, task, recipe, design.atlases[0]))
                for session in design.sessions
            ]
            for recipe in design.recipes
        }
        reasons = {recipe: _reason(pair, design) for recipe, pair in found.items()}
        reason = reasons[design.recipes[0]]
        before, after = (r.about if r else {} for r in found[design.recipes[0]])
        remarks = [f"{name}: {text}" for name, text in reasons.items() if text != reason]
        rows.append(
            {
                "participant_id": person,
                "task": task,
                "included": not reason,
                "reason": reason or None,
                "mean_fd_baseline": before.get("MeanFramewiseDisplacement"),
                "mean_fd_followup": after.get("MeanFramewiseDisplacement"),
                "minutes_baseline": before.get("MinutesRetained"),
                "minutes_followup": after.get("MinutesRetained"),
                "remarks": "; ".join(remarks) or None,
            }
        )
    return rows


def _reason(pair: Sequence[SessionResult | None], design: Design) -> str:
    """Say why a person is left out; empty if both sessions can be used."""
    reasons = []
    for session, result in zip(design.sessions, pair, strict=True):
        if result is None:
            reasons.append(f"no result for {session}")
        elif result.excluded:
            reasons.append(f"{session}: {result.excluded}")
    return "; ".join(reasons)


def change_of_motion(
    people: Sequence[Mapping[str, Any]], names: Sequence[str], task: str
) -> NDArray[np.float64]:
    """Return the change of mean framewise displacement in mm, by participant.

    Parameters
    ----------
    people : sequence of mapping
        See `find_people`.
    names : sequence of str, length n
        Participants, in the order wanted.
    task : str

    Returns
    -------
    (n,) array
        NaN where one of the sessions cannot be used.
    """
    known = {
        row["participant_id"]: row["mean_fd_followup"] - row["mean_fd_baseline"]
        for row in people
        if row["task"] == task
        and row["mean_fd_baseline"] is not None
        and row["mean_fd_followup"] is not None
    }
    return np.array([known.get(name, np.nan) for name in names], dtype=np.float64)
