"""Every person: who changed beyond the own noise, and beyond what days differ by."""

from collections.abc import Sequence

import numpy as np

from gradshift.bids.rows import read_rows
from gradshift.group.personrows import Person
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, p_value, signed
from gradshift.report.section import Builder, Section

Key = tuple[str, str, str, str]
"""Task, measure, level and label."""


def build(results: GroupResults) -> Section | None:
    """Show the changes of every person in the confirmatory values."""
    rows = read_rows(results.folder / "persons.tsv", Person)
    by_value: dict[Key, list[Person]] = {}
    for row in rows:
        by_value.setdefault((row.task, row.measure, row.level, row.label), []).append(row)
    shown = {key: of for key, of in by_value.items() if any(np.isfinite(r.change) for r in of)}
    if not shown:
        return None
    people = list(dict.fromkeys(row.participant_id for row in rows))
    several = len({task for task, *_ in shown}) > 1
    heads = [_head(key, several) for key in shown]
    return Section(
        title="Changes of every person",
        table="persons.tsv",
        lead=_lead(shown, heads, results.alpha),
        heads=["participant", *heads],
        rows=[[name, *(_cell(of, name) for of in shown.values())] for name in people],
        note=(
            "Change ± its standard error by the noise within sessions. One star: beyond that "
            "noise; two stars: beyond what days without the drug differ by. Not corrected for the "
            "number of people."
        ),
    )


def _head(key: Key, several: bool) -> str:
    task, measure, level, label = key
    name = "distance of connectivity" if measure == "fcchange" else words.measure(measure)
    where = "" if label == "whole" else f", {words.label(level, label)}"
    return f"{name}{where}{f' ({task})' if several else ''}"


def _cell(rows: Sequence[Person], name: str) -> str:
    """Write the change of one person."""
    row = next((row for row in rows if row.participant_id == name), None)
    if row is None or not np.isfinite(row.change):
        return "n/a"
    if row.measure == "fcchange":
        return f"{number(row.change)} times{' **' if row.beyond_days else ''}"
    stars = " **" if row.beyond_days else " *" if row.beyond_noise else ""
    return f"{signed(row.change)} ± {number(row.se)}{stars}"


def _lead(shown: dict[Key, list[Person]], heads: Sequence[str], alpha: float) -> list[str]:
    """Say how many people changed beyond their noise, and what that cannot tell."""
    counted = []
    for head, rows in zip(heads, shown.values(), strict=True):
        known = [row.beyond_noise for row in rows if row.beyond_noise is not None]
        if known:
            counted.append(f"{sum(known)} of {len(known)} ({head})")
    n = max(len(rows) for rows in shown.values())
    lead = [
        f"People whose change exceeded the noise within their own sessions: "
        f"{', '.join(counted)}; about {number(alpha * n)} of {n} are expected by chance."
    ] if counted else []  # fmt: skip
    lead += _exchanged(shown, heads, alpha)
    days = [row for rows in shown.values() for row in rows if row.beyond_days is not None]
    if not days:
        return [
            *lead,
            "With a single session without the drug per person, the variation between days is not "
            "known: a change that exceeds the noise within sessions need not be due to the drug.",
        ]
    beyond = {row.participant_id for row in days if row.beyond_days and row.measure != "fcchange"}
    return [
        *lead,
        f"The change of {len(beyond)} people exceeded the variation between days without the drug "
        "in at least one value.",
    ]


def _exchanged(shown: dict[Key, list[Person]], heads: Sequence[str], alpha: float) -> list[str]:
    """Say what exchanging the sessions within people shows, where they have many."""
    texts = []
    for head, rows in zip(heads, shown.values(), strict=True):
        known = [row.p_sessions for row in rows if np.isfinite(row.p_sessions)]
        together = rows[0].p_people
        if known or np.isfinite(together):
            each = f"{sum(p <= alpha for p in known)} of {len(known)} people, " if known else ""
            texts.append(f"{each}together p = {p_value(together, alpha)} ({head})")
    if not texts:
        return []
    return [
        f"Sessions exchanged within people, p of at most {alpha:g}: {'; '.join(texts)}. This "
        "holds for these people, and for nobody else."
    ]


SECTION = Builder(name="persons", rank=10, build=build)
