"""Question 6: how far a result can be trusted, from what the group level says of itself."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, signed
from gradshift.report.questions import QUESTIONS


class Fact(NamedTuple):
    """Something to know before a result is believed, and the file that says it."""

    title: str
    text: str
    source: str


def facts(found: GroupResults) -> list[Fact]:
    """Collect what limits the claims: power, number of tests, motion, reliability, baseline.

    Returns
    -------
    list of Fact
        What the group level did not write is left out.
    """
    limits = found.limits
    told = [
        *_registration(limits.get("Registration")),
        *_power(limits.get("Power") or {}),
        *_balance(limits.get("Balance") or [], found.alpha),
        *_tests(limits.get("Tests") or {}),
        *_motion(limits.get("Motion") or []),
        *_connections(limits.get("MotionAndConnections") or [], found),
        *_reliability(found),
        *_baseline(limits.get("BaselineDependence") or [], found.alpha),
    ]
    return [Fact(title, text, source) for title, text, source in told]


Told = Iterator[tuple[str, str, str]]


def _known(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _registration(registration: Mapping[str, Any] | None) -> Told:
    if registration is None:
        return
    digest = str(registration["Digest"])[:12]
    text = f"This comparison follows the registration {digest}."
    if registration["Departures"]:
        text = f"It departs from the registration {digest}: {' '.join(registration['Departures'])}"
    yield "Registration", text, "limits.json"


def _power(power: Mapping[str, Any]) -> Told:
    detectable = power.get("DetectableAtPower80") or {}
    curve = power.get("Power") or {}
    needed = power.get("PeopleNeededForPower80") or {}
    parts = []
    if power.get("CanBeSignificant") and _known(detectable.get("alpha")):
        parts.append(
            f"One test of {power['Participants']} people has 80 % power for a change of "
            f"{number(detectable['alpha'])} SD, one of 28 corrected tests for "
            f"{number(detectable['alpha/28'])} SD."
        )
    if curve:
        steps = ", ".join(f"{share:.2f} at {d} SD" for d, share in curve.items())
        parts.append(f"Power of one test: {steps}.")
    if needed:
        sizes = ", ".join(f"{n} for {d} SD" for d, n in needed.items())
        parts.append(f"People needed for 80 % power: {sizes}.")
    if parts:
        yield "What could be found", " ".join(parts), "limits.json"


def _balance(rows: list[Mapping[str, Any]], alpha: float) -> Told:
    """Say whether what is missing or remarked falls evenly on sessions and groups."""
    uneven = [
        f"{row['What']}: more often at follow-up in {row['MoreAtFollowup']} people, at baseline "
        f"in {row['MoreAtBaseline']} (p = {number(row['p'])})"
        for row in rows
        if _known(row.get("p")) and row["p"] <= alpha
    ]
    marked = [row for row in rows if row["Sessions"]]
    if uneven:
        yield "What is missing falls unevenly", f"{'; '.join(uneven)}.", "limits.json"
    elif marked:
        counts = "; ".join(f"{row['What']}: {row['Sessions']} sessions" for row in marked)
        yield (
            "What is missing or remarked",
            f"{counts}. No evidence that it falls on some sessions or groups more than on others.",
            "limits.json",
        )


def _tests(tests: Mapping[str, Any]) -> Told:
    chance = tests.get("ExpectedByChance") or {}
    if tests.get("Number") and _known(chance.get("Number")):
        yield (
            "Number of tests",
            f"{tests['Number']} tests were made over all effects, recipes and atlases, those of "
            "single connections and voxels not counted. Without correction some "
            f"{chance['Number']:.0f} of them would have p of {chance['Alpha']:g} or less by "
            "chance alone.",
            "limits.json",
        )


def _motion(rows: list[Mapping[str, Any]]) -> Told:
    for row in rows:
        if row.get("n") and _known(row.get("MeanFDBaseline")):
            task = f" (task {row['Task']})" if len(rows) > 1 else ""
            p = f", p = {number(row['p'])}" if _known(row.get("p")) else ""
            yield (
                f"Motion{task}",
                f"Mean framewise displacement was {number(row['MeanFDBaseline'])} mm before and "
                f"{number(row['MeanFDFollowup'])} mm after (change {signed(row['MeanChange'])} "
                f"mm{p}).",
                "limits.json",
            )


def _connections(rows: list[Mapping[str, Any]], found: GroupResults) -> Told:
    told = [
        f"{row['recipe']}: median |r| {number(row['MedianAbsoluteR'])}, "
        f"{100 * row['ShareBelow05']:.1f} % of connections with p < .05"
        for row in rows
        if row["atlas"] == found.atlas and _known(row.get("MedianAbsoluteR"))
    ]
    if told:
        n = max(row["n"] for row in rows)
        yield (
            "Do changes go with motion? (QC-FC)",
            f"{'; '.join(told)}. By chance alone, {n} people give a median |r| of some "
            f"{number(0.6745 / math.sqrt(n - 1))} and 5 % of connections.",
            "limits.json",
        )


def _reliability(found: GroupResults) -> Told:
    asked = {asked.key: asked for q in QUESTIONS for asked in q.asked}
    told = []
    for row in found.reliability:
        key = (row.measure, row.level, row.label)
        primary = (row.atlas, row.recipe) == (found.atlas, found.recipe)
        wanted = primary and key in asked and row.session == found.sessions[0]
        if wanted and math.isfinite(row.icc_full):
            told.append(f"{asked[key].name} {row.icc_full:.2f}")
    if told:
        yield (
            "Reliability within a session",
            "Intraclass correlation of a whole session, from its halves at baseline: "
            f"{'; '.join(dict.fromkeys(told))}. This is about telling people apart; it says "
            "nothing on whether a mean change can be seen.",
            "reliability.tsv",
        )


def _baseline(rows: list[Mapping[str, Any]], alpha: float) -> Told:
    """Say whether people differ more or less afterwards: Oldham's correlation."""
    tested = [row for row in rows if _known(row.get("OldhamP"))]
    if not tested:
        return
    sentences = []
    for row in tested:
        if row["OldhamP"] <= alpha:
            less = row["OldhamR"] < 0
            low, high = row["OldhamInterval"]
            sentences.append(
                f"people differ {'less' if less else 'more'} afterwards in "
                f"{words.measure(row['Measure'])} ({words.label(row['Level'], row['Label'])}: "
                f"r = {number(row['OldhamR'])}, {number(low)} to {number(high)}, p = "
                f"{number(row['OldhamP'])})"
            )
    text = "; ".join(sentences) or "no evidence that people differ more or less afterwards"
    yield "Dependence on the baseline", f"{text[:1].upper()}{text[1:]} (Oldham).", "limits.json"
