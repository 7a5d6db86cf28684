"""Question 6: how far a result can be trusted, from what the group level says of itself."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gradshift.report import wording, words
from gradshift.report.grouped import GroupResults
from gradshift.report.wording import number, signed


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
        *_power(limits.get("Power") or {}),
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


def _power(power: Mapping[str, Any]) -> Told:
    detectable = power.get("DetectableAtPower80") or {}
    needed = power.get("PeopleNeededForPower80") or {}
    text = ""
    if power.get("CanBeSignificant") and _known(detectable.get("alpha/28")):
        text = (
            f"One of 28 tests that are corrected together, as of the networks, finds a change of "
            f"{number(detectable['alpha/28'])} standard deviations in four studies of five."
        )
    if needed:
        sizes = ", ".join(f"{n} for {d}" for d, n in needed.items())
        text += f" People that one test needs for a change in standard deviations: {sizes}."
    if text:
        yield "What could be found", text.strip(), "limits.json"


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
    asked = {asked.key: asked for q in wording.QUESTIONS for asked in q.asked}
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
            f"{'; '.join(dict.fromkeys(told))}. What is not steady within a session can hardly "
            "show a change between two.",
            "reliability.tsv",
        )


def _baseline(rows: list[Mapping[str, Any]], alpha: float) -> Told:
    tested = [row for row in rows if _known(row.get("OldhamP"))]
    told = []
    for row in tested:
        if row["OldhamP"] <= alpha:
            where = words.label(row["Level"], row["Label"])
            told.append(
                f"{words.measure(row['Measure'])} ({where}): r = {number(row['OldhamR'])}, "
                f"p = {number(row['OldhamP'])}"
            )
    if told:
        text = f"The change depends on the baseline: {'; '.join(told)} (Oldham's method)."
    elif tested:
        text = (
            "No evidence that changes of the confirmatory values depend on the baseline "
            "(Oldham's method)."
        )
    else:
        return
    yield "Regression to the mean", text, "limits.json"
