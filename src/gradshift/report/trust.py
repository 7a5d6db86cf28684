"""Question 6: how far a result can be trusted, from what the group level says of itself."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.limits import (
    Acquisition,
    AcquisitionEffect,
    Connections,
    Dependence,
    Marked,
    Measured,
    Motion,
    Power,
    Rate,
    Registration,
    Tests,
)
from gradshift.report.numbers import number, signed
from gradshift.report.questions import QUESTIONS
from gradshift.study.compared import Compared


class Fact(NamedTuple):
    """Something to know before a result is believed, and the file that says it."""

    title: str
    text: str
    source: str = "limits.json"


@dataclass(frozen=True, slots=True)
class Sides:
    """What the two sides of the main question are called in a sentence."""

    before: str
    after: str

    @classmethod
    def of(cls, compared: Compared) -> "Sides":
        """Name conditions, or else the baseline and the follow-up."""
        if compared.way == "conditions":
            return cls(compared.reference, compared.against)
        return cls("at baseline", "at follow-up")


def facts(results: GroupResults) -> list[Fact]:
    """Collect what limits the claims: power, number of tests, motion, reliability, baseline.

    Returns
    -------
    list of Fact
        What the group level did not write is left out.
    """
    limits, names = results.limits, Sides.of(results.compared)
    return [
        *_registration(limits.registration),
        *_power(limits.power),
        *_balance(limits.balance, results.alpha, names),
        *_tests(limits.tests),
        *_measured(limits.measured),
        *_motion(limits.motion, names),
        *_physiology(limits.physiology, names),
        *_acquisition(limits.acquisition),
        *_acquisition_effect(limits.acquisition_effect),
        *_connections(limits.connections, results.atlas),
        *_reliability(results, names),
        *_baseline(limits.dependence, results.alpha, names),
    ]


def _registration(registration: Registration | None) -> Iterator[Fact]:
    if registration is None:
        return
    digest = registration.digest[:12]
    text = f"This comparison follows the registration {digest}."
    if registration.departures:
        text = f"It departs from the registration {digest}: {' '.join(registration.departures)}"
    yield Fact("Registration", text)


def _power(power: Power) -> Iterator[Fact]:
    parts = []
    if power.can_be_significant and math.isfinite(power.single):
        parts.append(
            f"One test of {power.n} people has 80 % power for a change of "
            f"{number(power.single)} SD, one of 28 corrected tests for "
            f"{number(power.corrected)} SD."
        )
    if power.curve:
        steps = ", ".join(f"{share:.2f} at {d} SD" for d, share in power.curve.items())
        parts.append(f"Power of one test: {steps}.")
    if power.needed:
        sizes = ", ".join(f"{n} for {d} SD" for d, n in power.needed.items())
        parts.append(f"People needed for 80 % power: {sizes}.")
    if parts:
        yield Fact("Statistical power", " ".join(parts))


def _balance(rows: list[Marked], alpha: float, names: Sides) -> Iterator[Fact]:
    """Say whether what is missing or remarked falls evenly on sessions and groups."""
    uneven = [
        f"{row.what}: more often {names.after} in {row.more_at_followup} people, {names.before} "
        f"in {row.more_at_baseline} (p = {number(row.p)})"
        for row in rows
        if row.p <= alpha
    ]
    marked = [row for row in rows if row.sessions]
    if uneven:
        yield Fact("What is missing falls unevenly", f"{'; '.join(uneven)}.")
    elif marked:
        counts = "; ".join(f"{row.what}: {row.sessions} sessions" for row in marked)
        yield Fact(
            "What is missing or remarked",
            f"{counts}. No evidence that it falls on some sessions or groups more than on others.",
        )


def _tests(tests: Tests) -> Iterator[Fact]:
    if tests.number and math.isfinite(tests.by_chance):
        yield Fact(
            "Number of tests",
            f"{tests.number} tests were made over all effects, recipes and atlases, those of "
            "single connections and voxels not counted. Without correction some "
            f"{tests.by_chance:.0f} of them would have p of {tests.alpha:g} or less by "
            "chance alone.",
        )


def _measured(measured: Measured) -> Iterator[Fact]:
    """Say which measures were not searched, and which are not of everybody."""
    if names := [name for members in measured.not_computed.values() for name in members]:
        shown = words.listed([f"{words.measure(name)} ({name})" for name in names])
        yield Fact(
            "Measures not computed",
            f"Not computed, and so not searched for results: {shown}. These are computed only if "
            "asked for (--measures, of the participant level).",
        )
    for name, people in measured.of_some_only.items():
        yield Fact(
            f"Measure of some people only: {name}",
            f"{words.measure(name)[:1].upper()}{words.measure(name)[1:]} was not computed for "
            f"{words.listed(list(people))}, and is compared without them.",
        )


def _motion(rows: list[Motion], names: Sides) -> Iterator[Fact]:
    for row in rows:
        if row.n and math.isfinite(row.baseline):
            task = f" (task {row.task})" if len(rows) > 1 else ""
            p = f", p = {number(row.p)}" if math.isfinite(row.p) else ""
            how = f" Motion parameters went through a {row.filter}." if row.filter else ""
            yield Fact(
                f"Motion{task}",
                f"Mean framewise displacement was {number(row.baseline)} mm {names.before} and "
                f"{number(row.followup)} mm {names.after} (difference "
                f"{signed(row.change)} mm{p}).{how}",
            )


RATES = {
    "BreathsPerMinuteFromMotion": ("Breathing, from the motion parameters", "breaths per minute "),
    "BreathsPerMinute": ("Breathing, from the belt", "breaths per minute "),
    "BeatsPerMinute": ("Heart rate", "beats per minute "),
    "DelaySpreadSeconds": ("Delays of the systemic signal (interquartile range of voxels)", "s "),
    "SystemicSignalStrength": ("Systemic signal (median correlation of voxels with it)", ""),
}
"""What changes BOLD without a neuron, by key: title and unit."""


def _physiology(rows: list[Rate], names: Sides) -> Iterator[Fact]:
    for row in rows:
        title, unit = RATES[row.what]
        p = f", p = {number(row.p)}" if math.isfinite(row.p) else ""
        yield Fact(
            f"{title} (task {row.task})",
            f"{number(row.baseline)} {unit}{names.before} and {number(row.followup)} "
            f"{names.after} (difference {signed(row.change)}{p}, {row.n} people). Breathing, "
            "heart rate and blood flow change BOLD by themselves; this is descriptive, in no "
            "family of results.",
        )


def _acquisition(rows: list[Acquisition]) -> Iterator[Fact]:
    """Say what differs within people first: the drug and the scanner cannot be told apart."""
    within = [row for row in rows if not row.of_people]
    if bearing := [row for row in within if row.bears_on_numbers]:
        text = "; ".join(
            f"{row.what} ({_listed(row.values)}) in {len(row.participants)} people"
            for row in bearing
        )
        yield Fact(
            "Sessions were acquired differently",
            f"Sessions of the same people differ in {text}. Where the difference goes with the "
            "treatment or with time, the effect of neither can be told from it.",
        )
    if others := [row for row in within if not row.bears_on_numbers]:
        people: dict[str, set[str]] = {}
        for row in others:
            people.setdefault(row.what, set()).update(row.participants)
        text = "; ".join(f"{what} in {len(names)} people" for what, names in people.items())
        yield Fact("Further differences between sessions", f"{text[:1].upper()}{text[1:]}.")
    if between := [row for row in rows if row.of_people]:
        text = "; ".join(f"{row.what} ({_counted(row.values)})" for row in between)
        yield Fact("Differences between people", f"{text[:1].upper()}{text[1:]}.")


def _listed(values: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{value}: {', '.join(names)}" for value, names in values.items())


def _counted(values: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{value}: {len(names)} people" for value, names in values.items())


def _acquisition_effect(rows: list[AcquisitionEffect]) -> Iterator[Fact]:
    texts = [
        f"{words.measure(row.measure)} ({words.label(row.level, row.label)}): "
        f"{signed(row.change)} as acquired, {signed(row.resampled)} resampled"
        for row in rows
        if math.isfinite(row.resampled)
    ]
    if texts:
        yield Fact(
            "How large the effect of the acquisition could be",
            f"The finer sessions of {max(row.n for row in rows)} people were resampled to the "
            "repetition time and voxel size of the coarser ones, and measured again. Mean "
            f"changes: {'; '.join(texts)}.",
        )


def _connections(rows: list[Connections], atlas: str) -> Iterator[Fact]:
    of_recipes = [
        f"{row.recipe}: median |r| {number(row.median_r)}, "
        f"{100 * row.share:.1f} % of connections with p < .05"
        for row in rows
        if row.atlas == atlas and math.isfinite(row.median_r)
    ]
    if of_recipes:
        n = max(row.n for row in rows)
        yield Fact(
            "Do changes go with motion? (QC-FC)",
            f"{'; '.join(of_recipes)}. By chance alone, {n} people give a median |r| of some "
            f"{number(0.6745 / math.sqrt(n - 1))} and 5 % of connections.",
        )


def _reliability(results: GroupResults, names: Sides) -> Iterator[Fact]:
    asked = {asked.key: asked for q in QUESTIONS for asked in q.asked}
    values = []
    for row in results.reliability:
        key = (row.measure, row.level, row.label)
        primary = (row.atlas, row.recipe) == (results.atlas, results.recipe)
        wanted = primary and key in asked and row.session == results.sessions[0]
        if wanted and math.isfinite(row.icc_full):
            values.append(f"{asked[key].name} {row.icc_full:.2f}")
    if values:
        yield Fact(
            "Reliability within a session",
            f"Intraclass correlation of a whole session, from its halves {names.before}: "
            f"{'; '.join(dict.fromkeys(values))}. This is about telling people apart; it says "
            "nothing on whether a mean change can be seen.",
            "reliability.tsv",
        )


def _baseline(rows: list[Dependence], alpha: float, names: Sides) -> Iterator[Fact]:
    """Say whether people differ more or less afterwards: Oldham's correlation."""
    if not rows:
        return
    sentences = [
        f"people differ {'less' if row.r < 0 else 'more'} {names.after} in "
        f"{words.measure(row.measure)} ({words.label(row.level, row.label)}: "
        f"r = {number(row.r)}, {number(row.low)} to {number(row.high)}, p = {number(row.p)})"
        for row in rows
        if row.p <= alpha
    ]
    text = "; ".join(sentences) or f"no evidence that people differ more or less {names.after}"
    yield Fact(
        f"Dependence on the value {names.before}", f"{text[:1].upper()}{text[1:]} (Oldham)."
    )
