"""The group level: the sessions of everybody compared. Reads what the participants wrote."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.collect import KEYS, SessionResult, find_results, read_matrix, read_measures
from gradshift.bids.write import write_json, write_matrix, write_table
from gradshift.core.connectivity import fisher_z
from gradshift.core.contrasts import Comparison, compare
from gradshift.core.families import FIRST, families
from gradshift.core.measures import measures
from gradshift.core.options import Options
from gradshift.core.statistics import statistics
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.errors import InputError
from gradshift.settings import Group, Settings
from gradshift.workflows import record
from gradshift.workflows.alignment import align
from gradshift.workflows.design import Design, find_design, find_people
from gradshift.workflows.lock import locked
from gradshift.workflows.pages import write_group_page

logger = logging.getLogger("gradshift")

CONTRASTS = {
    "contrast": "Follow-up minus baseline, by the names of the sessions",
    "effect": "What is tested: change is the mean within-person change",
    "family": "Results that are corrected together; a result in two families has a row in each",
    "modality": "func, pet or mrs",
    "task": "Task of the runs",
    "atlas": "Atlas, as named on the command line",
    "recipe": "Denoising recipe",
    "measure": "Measure; see the sidecar of measures.tsv",
    "level": "What the value belongs to: region, network, network-pair, set or whole",
    "label": "The region, network, pair of networks or set",
    "covariates": "Covariates that were held constant",
    "n": "People with a value in both sessions",
    "mean_baseline": "Mean at baseline over these people, in the unit of the measure",
    "mean_followup": "Mean at follow-up",
    "mean_change": "Mean of the within-person changes",
    "sd_change": "Standard deviation of the changes (n - 1)",
    "se": "Standard error of the mean change",
    "dz": "Mean change in standard deviations of the change",
    "hedges_g": "dz without its small-sample bias",
    "ci_low": "Lower end of the 95 % interval of the standardised change (non-central t)",
    "ci_high": "Upper end of that interval",
    "t": "Paired t statistic",
    "p": "Two-sided p of the sign-flip test",
    "p_fwe": "p corrected for the family (maximal |t| over the same sign flips)",
    "q_fdr": "Benjamini-Hochberg q over the family",
    "n_permutations": "Sign patterns that were used",
    "exact": "true if these are all there are",
    "p_min": "Smallest p that can be had with this many people",
    "status": "ok, or what limits the result",
}

PARTICIPANTS = {
    "participant_id": "Participant",
    "task": "Task",
    "included": "true if both sessions can be used (primary atlas and recipe)",
    "reason": "Why a participant is left out",
    "mean_fd_baseline": "Mean framewise displacement (mm) at baseline, all volumes",
    "mean_fd_followup": "Mean framewise displacement (mm) at follow-up, all volumes",
    "minutes_baseline": "Minutes retained at baseline",
    "minutes_followup": "Minutes retained at follow-up",
    "remarks": "What differs in another recipe",
}

MATRICES = {
    "meanchange": "Mean change of Fisher z",
    "t": "Paired t of the change of Fisher z",
    "p": "Two-sided p of the sign-flip test of the change of Fisher z, uncorrected",
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
    design = find_design(settings, results, given, recorded)
    logger.info("%s", design)
    record.check(settings)
    people = find_people(results, design, settings.bids_dir, settings.inputs.participant_label)
    if not any(row["included"] for row in people):
        reasons = "; ".join(f"{row['participant_id']}: {row['reason']}" for row in people[:3])
        raise InputError(
            f"Nobody has usable data in both {design.baseline} and {design.followup} "
            f"({reasons}{' ...' if len(people) > 3 else ''})."
        )
    if settings.running.dry_run:
        print("\n".join(_who(people)))
        return 0
    with locked(settings.output_dir / "logs", ["group"]):
        record.keep(settings, {})
        made = settings.output_dir / f".tmp-group-{os.getpid()}"
        try:
            options = Options(
                kernel=recorded.get("kernel", Options.kernel),
                densities=tuple(recorded.get("densities", Options.densities)),
            )
            rows = _write(made, results, people, design, settings, options)
            _replace(settings.output_dir / "group", made)
            write_group_page(settings.output_dir)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    _report(rows, people, design, settings)
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
    settings: Settings,
    options: Options,
) -> list[dict[str, Any]]:
    """Compute and write everything; return the rows of the table of contrasts."""
    table = align(read_measures(results), results, people, design, settings.output_dir, options)
    rows: list[dict[str, Any]] = []
    for atlas, recipe, task in product(
        design.atlases, design.recipes, sorted({result.task for result in results})
    ):
        fixed = {"task": task, "atlas": atlas, "recipe": recipe}
        part = table[(table[list(fixed)] == pd.Series(fixed)).all(axis=1)]
        for modality, found in part.groupby("modality", sort=True):
            rows += _contrasts(found, {**fixed, "modality": str(modality)}, design, settings.group)
        used = [r for r in results if (r.task, r.atlas, r.recipe) == (task, atlas, recipe)]
        _write_matrices(folder, used, design, settings)
    _write_described(folder / "contrasts.tsv", CONTRASTS, rows, _about(design, settings))
    _write_described(folder / "participants.tsv", PARTICIPANTS, people, _about(design, settings))
    write_table(folder / "measures.tsv", list(table.columns), table.itertuples(index=False))
    described = {
        name: {"Description": measures()[name].methods, "Units": measures()[name].unit}
        for name in dict.fromkeys(table["measure"])
    }
    write_json(folder / "measures.json", {"Measures": described, **_about(design, settings)})
    return rows


def _about(design: Design, settings: Settings) -> dict[str, Any]:
    """Collect what every sidecar of the group level says."""
    return {
        "Software": f"gradshift {__version__}",
        "Design": str(design),
        "Baseline": design.baseline,
        "Followup": design.followup,
        "PrimaryAtlas": design.atlases[0],
        "PrimaryRecipe": design.recipes[0],
        "Alpha": settings.group.alpha,
        "RandomSeed": settings.group.random_seed,
        "Statistics": {name: found.methods for name, found in statistics().items()},
    }


def _write_described(
    path: Path,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> None:
    """Write a table and the JSON that describes its columns."""
    write_table(path, list(columns), ([row[name] for name in columns] for row in rows))
    described = {name: {"Description": text} for name, text in columns.items()}
    write_json(outputs.sidecar(path), {**described, **about})


def _contrasts(
    found: pd.DataFrame, fixed: Mapping[str, str], design: Design, group: Group
) -> list[dict[str, Any]]:
    """Compare the sessions family by family, for one task, atlas and recipe."""
    baseline, followup, columns = pair(found, design)
    members: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        for family in families(fixed["modality"], *column):
            members.setdefault(family, []).append(position)
    remarks = _remarks(found, design)
    rows = []
    first = [family for family in FIRST if family in members]
    for family in dict.fromkeys([*first, *members]):
        positions = members[family]
        result = compare(
            baseline[:, positions],
            followup[:, positions],
            n_permutations=group.n_permutations,
            seed=group.random_seed,
        )
        named = [columns[position] for position in positions]
        shared = {**fixed, "family": family, "contrast": design.contrast, "effect": "change"}
        rows += _rows(result, named, shared, remarks, group.alpha)
    return rows


def pair(
    found: pd.DataFrame, design: Design
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[str, str, str]]]:
    """Arrange the values of two sessions as people x columns; runs are averaged.

    Parameters
    ----------
    found : DataFrame
        Rows of one modality, task, atlas and recipe.
    design : Design

    Returns
    -------
    baseline, followup : (n, m) array
        People in the order of their identifiers. Values marked unreliable are NaN.
    columns : list of (measure, level, label), length m
    """
    reliable = ~found["status"].str.startswith("unreliable")
    usable = found.assign(value=found["value"].where(reliable))
    names = ["measure", "level", "label"]
    columns = list(dict.fromkeys(usable[names].itertuples(index=False, name=None)))
    means = usable.groupby([*KEYS, *names])["value"].mean()
    wide = means.unstack(names).reindex(columns=pd.MultiIndex.from_tuples(columns))
    people = sorted(set(found["participant_id"]))
    baseline, followup = (
        wide.reindex(pd.MultiIndex.from_product([people, [session]])).to_numpy(dtype=np.float64)
        for session in design.sessions
    )
    return baseline, followup, columns


def _remarks(found: pd.DataFrame, design: Design) -> dict[tuple[str, str, str], str]:
    """Collect what the values of a column are marked with, other than ok."""
    marked = found[
        (found["status"] != "ok")
        & (found["value"].notna() | found["status"].str.startswith("unreliable"))
        & found["session_id"].isin(design.sessions)
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
    shared: Mapping[str, str],
    remarks: Mapping[tuple[str, str, str], str],
    alpha: float,
) -> list[dict[str, Any]]:
    """Turn the comparison of one family into rows of the table."""
    rows = []
    for i, (measure, level, label) in enumerate(columns):
        row: dict[str, Any] = {
            **shared, "measure": measure, "level": level, "label": label, "covariates": None
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


def _write_matrices(
    folder: Path, results: Sequence[SessionResult], design: Design, settings: Settings
) -> None:
    """Write the mean change of every edge in Fisher z, its t and its p."""
    people = sorted({result.participant for result in results})
    edges: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    names: list[str] = []
    for result in results:
        if not result.excluded:
            names, matrix = read_matrix(result.matrix_path(settings.output_dir))
            upper = np.triu_indices(len(names), k=1)
            key = (result.participant, result.session)
            edges.setdefault(key, []).append(fisher_z(matrix)[upper])
    if not names:
        return
    missing = [np.full(len(upper[0]), np.nan)]
    baseline, followup = (
        np.array([np.mean(edges.get((person, session), missing), axis=0) for person in people])
        for session in design.sessions
    )
    changes = followup - baseline
    test = signflip(
        changes, n_permutations=settings.group.n_permutations, seed=settings.group.random_seed
    )
    values = {"meanchange": moments(changes)[1], "t": test.t, "p": test.p}
    first = results[0]
    for stat, description in MATRICES.items():
        matrix = np.full((len(names), len(names)), np.nan)
        matrix[upper] = values[stat]
        matrix.T[upper] = matrix[upper]
        path = folder / outputs.group_matrix_name(
            first.task, first.about["AtlasEntities"], stat, first.recipe
        )
        write_matrix(path, names, matrix)
        about = {
            "RelationshipMeasure": stat,
            "MeasureDescription": description,
            "Contrast": design.contrast,
            "NumberOfParticipants": int(test.n.max()),
            "NumberOfPermutations": test.n_permutations,
            "Weighted": True,
            "Directed": False,
            "ValidDiagonal": False,
            "StorageFormat": "Full",
        }
        write_json(outputs.sidecar(path), {**about, **_about(design, settings)})


def _replace(target: Path, made: Path) -> None:
    """Put a finished folder in the place of an earlier one."""
    old = target.with_name(f".tmp-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _who(people: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say who is in, and who is not and why."""
    included = [row for row in people if row["included"]]
    lines = [f"{len(included)} of {len(people)} participants are compared."]
    lines += [f"Left out: {r['participant_id']} ({r['reason']})." for r in people if r["reason"]]
    return lines


def _report(
    rows: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    settings: Settings,
) -> None:
    """Close with who was compared and what the confirmatory family shows."""
    for line in _who(people):
        logger.info("%s", line)
    for row in rows:
        primary = (row["atlas"], row["recipe"]) == (design.atlases[0], design.recipes[0])
        if row["family"] == "confirmatory" and primary:
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
