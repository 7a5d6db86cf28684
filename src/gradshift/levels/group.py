"""The group level: the sessions of everybody compared. Reads what the participants wrote."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gradshift.bids.collect import SessionResult, find_results, read_measures
from gradshift.bids.write import TEMPORARY, write_json, write_table
from gradshift.core.cortex.options import Options
from gradshift.errors import InputError
from gradshift.group.alignment import align
from gradshift.group.contrasts import CONTRASTS, contrasts
from gradshift.group.coupling import write_multimodal
from gradshift.group.edges import NBS, motion_of_edges, read_edges, write_edges
from gradshift.group.limits import write_limits
from gradshift.group.reliability import RELIABILITY, reliability
from gradshift.group.robustness import (
    ROBUSTNESS,
    VARIANTS,
    Key,
    Variant,
    changes_of,
    each_variant,
    robustness,
)
from gradshift.group.table import about, write_described
from gradshift.group.variants import variants
from gradshift.group.voxels import write_voxels
from gradshift.levels.pages import write_group_page
from gradshift.output import record
from gradshift.output.lock import locked
from gradshift.running.workers import workers
from gradshift.settings import Settings
from gradshift.study.design import Design, find_people
from gradshift.study.find import find_design
from gradshift.study.model import read_families
from gradshift.study.questions import Effect, find_effects

logger = logging.getLogger("gradshift")

PARTICIPANTS = {
    "participant_id": "Participant",
    "modality": "func, pet or mrs",
    "task": "Task",
    "included": "true if both sessions can be used (primary atlas and recipe of the modality)",
    "reason": "Why a participant is left out",
    "mean_fd_baseline": "Mean framewise displacement (mm) at baseline, all volumes",
    "mean_fd_followup": "Mean framewise displacement (mm) at follow-up, all volumes",
    "minutes_baseline": "Minutes retained at baseline",
    "minutes_followup": "Minutes retained at follow-up",
    "remarks": "What differs in another recipe",
}


def group(settings: Settings, given: Mapping[str, Any]) -> int:
    """Run the group level.

    Parameters
    ----------
    settings : Settings
    given : mapping
        The options that were given; others are as they were at the participant level.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    InputError
        If nobody has both sessions.
    SettingsError
        If it is not clear which sessions to compare, or settings differ from the record.
    """
    recorded = record.participant_level(settings.output_dir, given)
    results = _asked_for(find_results(settings.output_dir), settings)
    record.check_same(results)
    design = find_design(settings, results, given, recorded)
    record.check(settings)
    people = find_people(results, design, settings.bids_dir, settings.inputs.participant_label)
    effects = find_effects(design, people)
    if settings.group.families:
        read_families(Path(settings.group.families))
    logger.info("%s", design)
    logger.info("Tested: %s.", "; ".join(map(str, effects)))
    if not any(row["included"] for row in people):
        reasons = "; ".join(f"{row['participant_id']}: {row['reason']}" for row in people[:3])
        raise InputError(
            f"Nobody has usable data in all sessions that count. {design} "
            f"({reasons}{' ...' if len(people) > 3 else ''})."
        )
    if settings.running.dry_run:
        print("\n".join(_who(people)))
        return 0
    with locked(settings.output_dir / "logs", ["group"]):
        with record.shared(settings.output_dir):
            record.keep(settings, {})
        for left in settings.output_dir.glob(f"{TEMPORARY}group*"):  # by a process killed
            shutil.rmtree(left)
        made = settings.output_dir / f"{TEMPORARY}group"
        try:
            options = Options(
                kernel=recorded.get("kernel", Options.kernel),
                densities=tuple(recorded.get("densities", Options.densities)),
            )
            rows = _write(made, results, people, design, effects, settings, options)
            _replace(settings.output_dir / "group", made)
            write_group_page(settings.output_dir)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    _report(rows, people, design, effects[0], settings)
    return 0


def _asked_for(results: Sequence[SessionResult], settings: Settings) -> list[SessionResult]:
    """Keep the participants and tasks asked for."""
    people = {f"sub-{label}" for label in settings.inputs.participant_label}
    tasks = set(settings.inputs.task_id)
    kept = [
        result
        for result in results
        if (not people or result.participant in people) and (not tasks or result.task in tasks)
    ]
    if not kept:
        raise InputError(
            f"No result in {settings.output_dir} is for the participants and tasks asked for. "
            f"Participants there: {', '.join(sorted({r.participant for r in results}))}; tasks: "
            f"{', '.join(sorted({r.task for r in results}))}."
        )
    return kept


def _write(
    folder: Path,
    results: Sequence[SessionResult],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    effects: Sequence[Effect],
    settings: Settings,
    options: Options,
) -> list[dict[str, Any]]:
    """Compute and write everything; return the rows of the table of contrasts."""
    table = align(read_measures(results), results, people, design, settings.output_dir, options)
    apply = workers(settings)
    rows: list[dict[str, Any]] = []
    motion: list[dict[str, Any]] = []
    components: list[dict[str, Any]] = []
    changes: dict[Variant, dict[Key, pd.Series[float]]] = {}
    for atlas, recipe, task in product(
        design.atlases, design.recipes, sorted({result.task for result in results})
    ):
        fixed = {"task": task, "atlas": atlas, "recipe": recipe}
        part = table[(table[list(fixed)] == pd.Series(fixed)).all(axis=1)]
        for modality, found in part.groupby("modality", sort=True):
            place = {**fixed, "modality": str(modality)}
            rows += contrasts(found, place, design, effects, people, settings.group)
            own = changes_of(found, design, effects[0])
            changes.setdefault((atlas, recipe, ""), {}).update(own)
        used = [
            r
            for r in results
            if r.modality == "func" and (r.task, r.atlas, r.recipe) == (task, atlas, recipe)
        ]
        if edges := read_edges(used, design, effects[0], settings.output_dir):
            components += write_edges(folder, edges, design, effects[0], settings, apply)
            motion.append(motion_of_edges(folder, edges, people, design, effects[0], settings))
        write_voxels(folder, used, design, effects[0], settings, apply)
    write_multimodal(folder, table, results, people, design, settings, apply)
    write_described(folder / "contrasts.tsv", CONTRASTS, rows, about(design, settings))
    write_described(folder / "participants.tsv", PARTICIPANTS, people, about(design, settings))
    write_described(folder / "nbs.tsv", NBS, components, about(design, settings))
    reliable = reliability(
        results, people, design, effects[0], settings.output_dir, options, apply
    )
    write_described(folder / "reliability.tsv", RELIABILITY, reliable, about(design, settings))
    others = variants(table, results, people, design, settings.output_dir, options, apply)
    plain = [effect for effect in effects if not effect.covariates]
    more: list[dict[str, Any]] = []
    for key, found in others.groupby(["task", "atlas", "recipe", "choice"], sort=False):
        task, atlas, recipe, choice = map(str, key)
        fixed = {"task": task, "atlas": atlas, "recipe": recipe, "modality": "func"}
        asked = contrasts(found, fixed, design, plain, people, settings.group)
        more += [{**row, "choice": choice} for row in asked]
        own = changes_of(found, design, effects[0])
        changes.setdefault((atlas, recipe, choice), {}).update(own)
    every = each_variant([*rows, *more])
    write_described(folder / "variants.tsv", VARIANTS, every, about(design, settings))
    robust = robustness(every, changes, design, effects[0], settings.group)
    write_described(folder / "robustness.tsv", ROBUSTNESS, robust, about(design, settings))
    limits = folder / "limits.json"
    write_limits(limits, table, rows, people, motion, reliable, results, design, effects, settings)
    columns = [table[name].tolist() for name in table.columns]
    write_table(folder / "measures.tsv", list(table.columns), zip(*columns, strict=True))
    described = {k: v for result in results for k, v in result.about["Measures"].items()}
    write_json(folder / "measures.json", {"Measures": described, **about(design, settings)})
    return rows


def _replace(target: Path, made: Path) -> None:
    """Put a finished folder in the place of an earlier one."""
    old = target.with_name(f"{TEMPORARY}group-old")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _who(people: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say who is in, and who is not and why."""
    lines = []
    kinds = list(dict.fromkeys((row["modality"], row["task"]) for row in people))
    for modality, task in kinds:
        mine = [row for row in people if (row["modality"], row["task"]) == (modality, task)]
        n, told = sum(row["included"] for row in mine), f" ({modality})" if len(kinds) > 1 else ""
        lines.append(f"{n} of {len(mine)} participants are compared{told}.")
        lines += [
            f"Left out{told}: {r['participant_id']} ({r['reason']})." for r in mine if r["reason"]
        ]
    return lines


def _report(
    rows: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    effect: Effect,
    settings: Settings,
) -> None:
    """Close with who was compared and what the confirmatory family shows."""
    for line in _who(people):
        logger.info("%s", line)
    for row in rows:
        primary = (row["atlas"], row["recipe"]) == (design.atlases[0], design.recipes[0])
        asked = (row["contrast"], row["effect"], row["covariates"])
        main = primary and asked == (effect.contrast, effect.effect, None)
        if row["family"] == "confirmatory" and main:
            logger.info("%s", sentence(row, settings.group.alpha))
    logger.info("Results are in %s.", settings.output_dir / "group")


def sentence(row: Mapping[str, Any], alpha: float) -> str:
    """Say what one result shows, no stronger than its statistics allow.

    Parameters
    ----------
    row : mapping
        A row of the table of contrasts.
    alpha : float
        Level of significance.
    """
    what = f"{row['measure']} {row['label']}"
    if not np.isfinite(row["p_fwe"]):
        return f"{what}: no test ({row['status']})."
    size = (
        f"{what}: change {row['mean_change']:+.3g}, g {row['hedges_g']:.2f} "
        f"[{row['ci_low']:.2f}, {row['ci_high']:.2f}], n {row['n']}, p_fwe {row['p_fwe']:.3g}"
    )
    if row["p_min"] > alpha:
        return (
            f"{size}: with so few people no result can be significant (p_min {row['p_min']:.3g})."
        )
    verdict = "a change" if row["p_fwe"] <= alpha else "no evidence of a change"
    return f"{size}: {verdict} at alpha {alpha:g}."
