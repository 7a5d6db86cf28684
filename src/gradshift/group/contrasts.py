"""Values of people and sessions become rows of the table of contrasts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.tables import KEYS
from gradshift.core.contrasts import (
    Comparison,
    compare,
    compare_groups,
    compare_number,
    compare_sessions,
)
from gradshift.core.inference.families import FIRST, families
from gradshift.core.inference.resampling import Scheme
from gradshift.core.statistics.association import permuted
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import flipped
from gradshift.settings import Group
from gradshift.study.design import Design, change_of_motion
from gradshift.study.model import read_families
from gradshift.study.questions import MOTION, Effect, asked_of

CONTRASTS = {
    "contrast": (
        "What is held against what: sessions (follow-up minus baseline), groups or treatments; "
        "with a colon, in this group only"
    ),
    "effect": (
        "What is tested: the mean within-person change; whether it differs between groups "
        "(group-by-time), drug and placebo (drug-by-time), early and late follow-up (delay); "
        "whether it goes with days since the dose (days); in a crossover, whether it differs "
        "between periods (period) and orders (order)"
    ),
    "family": "Results that are corrected together; a result in two families has a row in each",
    "modality": "func, pet or mrs",
    "task": "Task of the runs",
    "atlas": "Atlas, as named on the command line",
    "recipe": "Denoising recipe",
    "measure": "Measure; see the sidecar of measures.tsv",
    "level": "What the value belongs to: region, network, network-pair, set or whole",
    "label": "The region, network, pair of networks or set",
    "covariates": (
        "Covariates that were held constant; deltafd is the change of mean motion in the same "
        "runs, where it was measured"
    ),
    "n": "People with a value in all sessions that count",
    "mean_baseline": (
        "Mean at baseline over these people, in the unit of the measure; where groups or "
        "treatments are compared, mean change in the reference (for delay: the early follow-up)"
    ),
    "mean_followup": "Mean at follow-up; mean change in what is held against the reference",
    "mean_change": (
        "Mean of the within-person changes; difference between groups; slope per day by least "
        "squares"
    ),
    "sd_change": "Standard deviation of the changes (pooled, or around the slope)",
    "se": "Standard error of mean_change",
    "dz": "mean_change in standard deviations of the change; n/a for slopes",
    "hedges_g": "dz without its small-sample bias",
    "ci_low": "Lower end of the 95 % interval of the standardised change (non-central t)",
    "ci_high": "Upper end of that interval",
    "t": (
        "t statistic of mean_change; of days since the dose, where people differ in them, that of "
        "Spearman's rank correlation: rho = t / sqrt(t^2 + n - 2)"
    ),
    "p": "Two-sided p: of sign flips, or of permutations of people or of sessions within people",
    "p_fwe": "p corrected for the family (maximal |t| over the same rearrangements)",
    "q_fdr": "Benjamini-Hochberg q over the family",
    "n_permutations": "Sign patterns or permutations that were used",
    "exact": "true if these are all there are",
    "p_min": "Smallest p that can be had with this many people",
    "status": "ok, or what limits the result",
}


def contrasts(
    found: pd.DataFrame,
    fixed: Mapping[str, str],
    design: Design,
    effects: Sequence[Effect],
    people: Sequence[Mapping[str, Any]],
    group: Group,
) -> list[dict[str, Any]]:
    """Put every question to every family, for one modality, task, atlas and recipe.

    Parameters
    ----------
    found : DataFrame
        Values of people and sessions.
    fixed : mapping of str to str
        The modality, task, atlas and recipe.
    design : Design
    effects : sequence of Effect
        Questions, see `gradshift.study.questions.find_effects`.
    people : sequence of mapping
        See `gradshift.study.design.find_people`.
    group : Group
        Settings.

    Returns
    -------
    list of dict
        Rows of the table of contrasts.
    """
    names, values, columns = arrange(found, design)
    own = read_families(Path(group.families)) if group.families else {}
    members: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        for family in families(fixed["modality"], *column, own):
            members.setdefault(family, []).append(position)
    remarks = _remarks(found, design)
    first = [family for family in (*own, *FIRST) if family in members]
    kind = (fixed["modality"], fixed["task"])
    mine = [row for row in people if (row["modality"], row["task"]) == kind]
    rows = []
    for effect in asked_of(effects, mine):
        covariates = held_constant(effect, names, mine, design, fixed["task"])
        for family in dict.fromkeys([*first, *members]):
            few = family in first or fixed["modality"] != "func"
            if not (effect.everywhere or few):
                continue
            positions = members[family]
            result = answer(effect, names, values[:, :, positions], covariates, group)
            named = [columns[position] for position in positions]
            shared = {
                **fixed,
                "family": family,
                "contrast": effect.contrast,
                "effect": effect.effect,
                "covariates": " ".join(effect.covariates) or None,
            }
            rows += _rows(result, named, shared, remarks, group.alpha)
    return rows


def held_constant(
    effect: Effect,
    names: Sequence[str],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    task: str,
) -> NDArray[np.float64] | None:
    """Return the (n, k) covariates of an effect, None if it has none."""
    if not effect.covariates:
        return None
    columns = [
        change_of_motion(people, names, task, effect.weights)
        if name == MOTION
        else np.array([design.covariates[name].get(person, np.nan) for person in names])
        for name in effect.covariates
    ]
    return np.column_stack(columns)


def answer(
    effect: Effect,
    names: Sequence[str],
    values: NDArray[np.float64],
    covariates: NDArray[np.float64] | None,
    group: Group,
) -> Comparison:
    """Answer one question for one family.

    Parameters
    ----------
    effect : Effect
    names : sequence of str, length n
        People, sorted.
    values : (n, S, m) array
        By the roles of sessions; NaN where there is none.
    covariates : (n, k) array, optional
    group : Group
        Settings.
    """
    chance: Any = {"n_permutations": group.n_permutations, "seed": group.random_seed}
    if effect.people is not None:
        asked = np.array([name in effect.people for name in names])
        values = np.where(asked[:, None, None], values, np.nan)
    if effect.kind == "sessions":
        none = (np.nan,) * values.shape[1]
        number = np.array([effect.by_session.get(name, none) for name in names], dtype=float)
        number[np.isnan(values).all(axis=2)] = np.nan
        return compare_sessions(values, number, **chance)
    before, after = weighted(values, effect.minus), weighted(values, effect.plus)
    if effect.kind == "change":
        found = compare(before, after, covariates=covariates, **chance)
        return _described_only(found, effect.least) if effect.least > 2 else found
    number = effect.number(names)
    if effect.kind == "groups":
        return compare_groups(before, after, number, covariates=covariates, **chance)
    return compare_number(before, after, number, **chance)


def scheme_of(
    effect: Effect,
    names: Sequence[str],
    changes: NDArray[np.float64],
    group: Group,
    **limits: int,
) -> tuple[Scheme, NDArray[np.float64]]:
    """Prepare the test of the main question on changes of many values.

    Parameters
    ----------
    effect : Effect
        Of kind change or groups.
    names : sequence of str, length n
        People, sorted.
    changes : (n, m) array
    group : Group
        Settings.
    **limits : int
        ``max_exact``, see `gradshift.core.statistics.signflip.flipped`.

    Returns
    -------
    scheme : Scheme
    mean : (m,) array
        Mean change, or its difference between groups.
    """
    chance: Any = {"n_permutations": group.n_permutations, "seed": group.random_seed, **limits}
    if effect.kind != "groups":
        return flipped(changes, **chance), moments(changes)[1]
    number = effect.number(names)
    one, other = (moments(changes[number == code])[1] for code in (0, 1))
    return permuted(changes, number, **chance), other - one


def weighted(values: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """Add the sessions of people up by weight; sessions of weight 0 may be missing."""
    total = np.zeros((len(values), values.shape[2]))
    for role, weight in enumerate(weights):
        if weight:
            total += weight * values[:, role]
    return total


def _described_only(found: Comparison, least: int) -> Comparison:
    """Take the tests away from columns with few people."""
    few = found.n < least
    kept: dict[str, Any] = {
        name: np.where(few, np.nan, getattr(found, name))
        for name in ("p", "p_fwe", "q_fdr", "p_min")
    }
    status = tuple(
        f"{n} people in a subgroup, {least} needed for a test" if small else text
        for n, small, text in zip(found.n, few, found.status, strict=True)
    )
    return replace(found, status=status, **kept)


def arrange(
    found: pd.DataFrame, design: Design
) -> tuple[list[str], NDArray[np.float64], list[tuple[str, str, str]]]:
    """Arrange values as people x sessions x columns; runs are averaged.

    Parameters
    ----------
    found : DataFrame
        Rows of one modality, task, atlas and recipe.
    design : Design

    Returns
    -------
    people : list of str, length n
        In the order of their identifiers.
    values : (n, S, m) array
        Sessions in the order of their roles. Values marked unreliable are NaN.
    columns : list of (measure, level, label), length m
    """
    reliable = ~found["status"].str.startswith("unreliable")
    usable = found.assign(value=found["value"].where(reliable))
    names = ["measure", "level", "label"]
    columns = list(dict.fromkeys(usable[names].itertuples(index=False, name=None)))
    means = usable.groupby([*KEYS, *names])["value"].mean()
    wide = means.unstack(names).reindex(columns=pd.MultiIndex.from_tuples(columns))
    people = sorted(set(found["participant_id"]))
    keys = [(person, session) for person in people for session in design.sessions_of(person)]
    values = wide.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(dtype=np.float64)
    return people, values.reshape(len(people), design.roles, len(columns)), columns


def _remarks(found: pd.DataFrame, design: Design) -> dict[tuple[str, str, str], str]:
    """Collect what the values of a column are marked with, other than ok."""
    compared = [
        session in design.sessions_of(person)
        for person, session in zip(found["participant_id"], found["session_id"], strict=True)
    ]
    marked = found[
        np.array(compared)
        & (found["status"] != "ok")
        & (found["value"].notna() | found["status"].str.startswith("unreliable"))
    ]
    texts: dict[tuple[str, str, str], dict[str, int]] = {}
    for measure, level, label, status in marked[
        ["measure", "level", "label", "status"]
    ].itertuples(index=False):
        counts = texts.setdefault((measure, level, label), {})
        counts[status] = counts.get(status, 0) + 1
    return {
        key: "; ".join(f"{n} values: {text}" for text, n in sorted(counts.items()))
        for key, counts in texts.items()
    }


def _rows(
    result: Comparison,
    columns: Sequence[tuple[str, str, str]],
    shared: Mapping[str, str | None],
    remarks: Mapping[tuple[str, str, str], str],
    alpha: float,
) -> list[dict[str, Any]]:
    """Turn the comparison of one family into rows of the table."""
    rows = []
    for i, (measure, level, label) in enumerate(columns):
        row: dict[str, Any] = {
            **shared, "measure": measure, "level": level, "label": label
        }  # fmt: skip
        for name in CONTRASTS:
            if name not in row:
                value = getattr(result, name)
                row[name] = value if isinstance(value, bool | int) else value[i]
        limits = [row["status"]] if row["status"] != "ok" else []
        if not limits and row["p_min"] > alpha:
            limits.append(f"cannot be significant: p_min {row['p_min']:.3g} > {alpha:g}")
        if (measure, level, label) in remarks:
            limits.append(remarks[measure, level, label])
        row["status"] = "; ".join(limits) or "ok"
        rows.append(row)
    return rows
