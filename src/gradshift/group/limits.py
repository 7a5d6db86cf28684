"""How much can be claimed: what few people, motion and the design leave open."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gradshift.bids.collect import SessionResult
from gradshift.bids.tables import people_table, sessions_table
from gradshift.bids.write import write_json
from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.core.statistics.effects import (
    detectable_change,
    detectable_difference,
    moments,
    people_needed,
    power_groups,
    power_paired,
)
from gradshift.core.statistics.signflip import signflip
from gradshift.group.contrasts import arrange, weighted
from gradshift.group.table import about
from gradshift.settings import Settings
from gradshift.study.design import PLACEBO, Design, change_of_motion
from gradshift.study.questions import Effect

EFFECTS = (0.2, 0.5, 0.8)
"""Standardised changes for which power is given: small, medium, large."""


def write_limits(
    path: Path,
    table: pd.DataFrame,
    rows: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    motion_of_edges: Sequence[Mapping[str, Any]],
    reliable: Sequence[Mapping[str, Any]],
    results: Sequence[SessionResult],
    design: Design,
    effects: Sequence[Effect],
    settings: Settings,
) -> None:
    """Write the honesty block.

    Parameters
    ----------
    path : Path
        ``group/limits.json``.
    table : DataFrame
        All values of people and sessions.
    rows : sequence of mapping
        The table of contrasts.
    people : sequence of mapping
        Who is compared, see `gradshift.study.design.find_people`.
    motion_of_edges : sequence of mapping
        QC-FC by task, atlas and recipe.
    reliable : sequence of mapping
        The table of reliability.
    results : sequence of SessionResult
    design : Design
    effects : sequence of Effect
        What was asked, the main question first.
    settings : Settings
    """
    compared = [row for row in people if row["included"]]
    limits: dict[str, Any] = {
        "Participants": _attrition(people),
        "Tests": _tests(rows, settings.group.alpha),
        "Power": _power(rows, effects[0], settings.group.alpha),
        "Motion": _motion(compared, effects[0], settings),
        "Injected": _injected(compared, results, design, settings),
        "MotionAndConnections": list(motion_of_edges),
        "BaselineDependence": _baseline(table, rows, reliable, design, effects[0], settings),
        "Limits": _words(compared, design, settings),
    }
    if not limits["Power"]["CanBeSignificant"]:
        limits["Limits"].append(
            f"With {limits['Power']['Participants']} people no result can be significant at "
            f"{settings.group.alpha:g}."
        )
    write_json(path, {**limits, **about(design, settings)})


def _attrition(people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Count who is compared, and who is not by reason; figures in reasons are left out."""
    reasons: dict[str, set[str]] = {}
    for row in people:
        for part in filter(None, (row["reason"] or "").split("; ")):
            general = re.sub(r"(?<![\w-])\d+(\.\d+)?", "N", part)
            reasons.setdefault(general, set()).add(row["participant_id"])
    everybody = {row["participant_id"] for row in people}
    compared = {row["participant_id"] for row in people if row["included"]}
    return {
        "Known": len(everybody),
        "Compared": len(compared),
        "LeftOut": sorted(everybody - compared),
        "Reasons": [
            {"Reason": reason, "Participants": sorted(who)}
            for reason, who in sorted(reasons.items())
        ],
    }


def _tests(rows: Sequence[Mapping[str, Any]], alpha: float) -> dict[str, Any]:
    """Count the tests of the table of contrasts: in all, and by family over its variants."""
    tested = [row for row in rows if np.isfinite(row["p"])]
    families: dict[str, int] = {}
    for row in tested:
        families[row["family"]] = families.get(row["family"], 0) + 1
    once = {tuple(str(row[name]) for name in row if name in _IDENTITY) for row in tested}
    return {
        "Number": len(once),
        "ByFamily": families,
        "ExpectedByChance": {"Alpha": alpha, "Number": round(alpha * len(once), 2)},
    }


_IDENTITY = frozenset(
    {"contrast", "effect", "modality", "task", "atlas", "recipe", "measure", "level", "label",
     "covariates"}
)  # fmt: skip


def _power(rows: Sequence[Mapping[str, Any]], main: Effect, alpha: float) -> dict[str, Any]:
    """Say what the main test can find; alpha / 7 and / 28 stand for the sizes of families."""
    asked = [row for row in rows if (row["contrast"], row["effect"]) == _name(main)]
    n = max((row["n"] for row in asked), default=0)
    ones = int(sum(main.predictor.values()))
    groups = (len(main.predictor) - ones, ones) if main.kind == "groups" else None
    smallest = min((row["p_min"] for row in asked if np.isfinite(row["p_min"])), default=1.0)
    found: dict[str, Any] = {
        "Effect": str(main),
        "Test": "t test between groups" if groups else "paired t test",
        "Participants": n,
        "ParticipantsByGroup": groups,
        "Alpha": alpha,
        "SmallestP": smallest,
        "CanBeSignificant": bool(smallest <= alpha),
    }
    if groups is None:
        needed = {f"{d:g}": people_needed(d, alpha=alpha) for d in EFFECTS}
        found["PeopleNeededForPower80"] = needed
    if min(groups or (n,)) < 2:
        return found
    smaller = {"alpha": alpha, "alpha/7": alpha / 7, "alpha/28": alpha / 28}
    found["DetectableAtPower80"] = {
        name: detectable_difference(*groups, alpha=a) if groups else detectable_change(n, alpha=a)
        for name, a in smaller.items()
    }
    found["Power"] = {
        f"{d:g}": power_groups(d, *groups, alpha=alpha)
        if groups
        else power_paired(d, n, alpha=alpha)
        for d in EFFECTS
    }
    return found


def _name(effect: Effect) -> tuple[str, str]:
    return effect.contrast, effect.effect


def _motion(
    compared: Sequence[Mapping[str, Any]], effect: Effect, settings: Settings
) -> list[dict[str, Any]]:
    """Compare motion before and after, task by task."""
    found = []
    bold = [row for row in compared if row["modality"] == "func"]
    for task in sorted({row["task"] for row in bold}):
        rows = [row for row in bold if row["task"] == task]
        names = sorted({row["participant_id"] for row in rows})
        changes = change_of_motion(bold, names, task, effect.weights)[:, None]
        test = signflip(
            changes,
            n_permutations=settings.group.n_permutations,
            seed=settings.group.random_seed,
        )
        found.append(
            {
                "Task": task,
                "n": int(test.n[0]),
                "MeanFDBaseline": _mean(row["mean_fd_baseline"] for row in rows),
                "MeanFDFollowup": _mean(row["mean_fd_followup"] for row in rows),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
            }
        )
    return found


def _injected(
    compared: Sequence[Mapping[str, Any]],
    results: Sequence[SessionResult],
    design: Design,
    settings: Settings,
) -> list[dict[str, Any]]:
    """Compare what was injected before PET, before and after: a different dose is no synapse."""
    names = sorted({row["participant_id"] for row in compared if row["modality"] == "pet"})
    if not names or design.kind == "crossover":
        return []
    found = []
    for key in ("InjectedRadioactivity", "InjectedMass"):
        told = {
            (r.participant, r.session): r.about.get(key) for r in results if r.modality == "pet"
        }
        before, after = (
            np.array([told.get((name, session), np.nan) for name in names], dtype=float)
            for session in (design.baseline, design.followup)
        )
        changes = (after - before)[:, None]
        if not np.isfinite(changes).any():
            continue
        group = settings.group
        test = signflip(changes, n_permutations=group.n_permutations, seed=group.random_seed)
        there = np.isfinite(changes[:, 0])
        found.append(
            {
                "What": key,
                "Units": {"InjectedRadioactivity": "MBq", "InjectedMass": "ug"}[key],
                "n": int(test.n[0]),
                "MeanBaseline": float(before[there].mean()),
                "MeanFollowup": float(after[there].mean()),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
            }
        )
    return found


def _mean(values: Any) -> float:
    known = sorted(value for value in values if value is not None)
    return float(np.mean(known)) if known else np.nan


def _baseline(
    table: pd.DataFrame,
    rows: Sequence[Mapping[str, Any]],
    reliable: Sequence[Mapping[str, Any]],
    design: Design,
    effect: Effect,
    settings: Settings,
) -> list[dict[str, Any]]:
    """Ask of the confirmatory measures whether the change depends on the baseline."""
    if design.kind == "crossover":
        return []
    confirmatory = {
        (row["measure"], row["level"], row["label"])
        for row in rows
        if row["family"] == "confirmatory"
    }
    primary = table[
        (table["atlas"] == design.atlases[0])
        & (table["recipe"] == design.recipes[0])
        & table["measure"].isin({measure for measure, _, _ in confirmatory})
    ]
    known = {
        (row["task"], row["measure"], row["level"], row["label"]): row["icc_full"]
        for row in reliable
        if row["session"] == design.baseline
    }
    found = []
    for task, part in primary.groupby("task", sort=True):
        _, values, columns = arrange(part, design)
        baseline, followup = weighted(values, effect.minus), weighted(values, effect.plus)
        for i, column in enumerate(columns):
            if column in confirmatory:
                one = baseline_dependence(
                    baseline[:, i],
                    followup[:, i],
                    reliability=known.get((task, *column), np.nan),
                    n_permutations=settings.group.n_permutations,
                    seed=settings.group.random_seed,
                )
                found.append(
                    {
                        "Task": task,
                        **dict(zip(("Measure", "Level", "Label"), column, strict=True)),
                        "n": one.n,
                        "OldhamR": one.oldham_r,
                        "OldhamP": one.oldham_p,
                        "Reliability": known.get((task, *column), np.nan),
                        "BlomqvistSlope": one.blomqvist_slope,
                    }
                )
    return found


def _words(compared: Sequence[Mapping[str, Any]], design: Design, settings: Settings) -> list[str]:
    """Say in words what the design leaves open, as far as the data tell."""
    names = sorted({row["participant_id"] for row in compared})
    people = people_table(settings.bids_dir).reindex(names)
    sessions = sessions_table(settings.bids_dir, names)
    said = []
    if not _placebo(people, sessions):
        said.append(
            "No placebo: the effects of the drug, of time, of repeated scanning and of "
            "expectation cannot be told apart."
        )
    if (sexes := _values(people, "sex")) and len(sexes) == 1:
        said.append(f"One sex only ({sexes[0]}): nothing is known of others.")
    elif not sexes:
        said.append("participants.tsv does not tell the sex of the participants.")
    later = {
        (person, session)
        for person in names
        for session in design.sessions_of(person)
        if not design.is_baseline(person, session)
    }
    followups = sessions[[key in later for key in sessions.index]]
    days = pd.to_numeric(pd.Series(_values(followups, "days_since_dose")), errors="coerce")
    if len(days) > 1 and design.kind != "repeated":
        said.append(
            f"Mixed delays: the follow-up was {days.min():g} to {days.max():g} days after the "
            "dose; the change is an average over them."
        )
    elif not len(days):
        said.append("sessions.tsv does not tell the days from the dose to the follow-up.")
    return said


def _placebo(people: pd.DataFrame, sessions: pd.DataFrame) -> bool:
    """Look for a placebo among the groups and treatments of those compared."""
    named = [
        value
        for table, column in ((people, "group"), (people, "treatment"), (sessions, "treatment"))
        for value in _values(table, column)
    ]
    return any(value.lower() in PLACEBO for value in named)


def _values(table: pd.DataFrame, column: str) -> list[str]:
    """List the different values of a column that are known."""
    if column not in table.columns:
        return []
    return sorted(set(table[column].dropna()) - {"n/a", ""})
