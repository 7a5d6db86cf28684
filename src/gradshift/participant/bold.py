"""BOLD at the participant level: which runs, which recipes, and what came of them."""

import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.confounds import check_header
from gradshift.bids.dataset import (
    read_json,
)
from gradshift.bids.filters import names_bold
from gradshift.bids.inputs import Run, find_runs
from gradshift.bids.sessions import group_runs, unit_entities
from gradshift.errors import (
    InputError,
    MissingInputError,
    NothingSelectedError,
)
from gradshift.output import record
from gradshift.participant.nodes.denoise import needs_confounds
from gradshift.participant.order import order_sessions
from gradshift.participant.pet import Source, add_pet
from gradshift.recipes.catalogue import Recipe
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def find_bold(
    settings: Settings, spaces: Mapping[str, Sequence[str]], *, alone: bool
) -> list[Run]:
    """Find the BOLD runs; there may be none where PET or spectroscopy is there.

    What the user named must be there in any case.
    """
    try:
        return find_runs(settings, spaces)
    except (MissingInputError, NothingSelectedError) as error:
        if alone or names_bold(settings.inputs):
            raise
        logger.warning("No BOLD run is used: %s", error)
        return []


def check_recipes(found: Run, recipes: Sequence[Recipe]) -> Run:
    """Mark a run that no recipe can clean; warn of recipes that cannot."""
    if found.problem:
        return found
    problems = []
    for recipe in recipes:
        try:
            if needs_confounds(recipe):
                check_header(found.confounds, recipe)
        except InputError as error:
            problems.append(str(error))
    if len(problems) == len(recipes):
        return replace(found, problem=problems[0])
    for problem in problems:
        logger.warning("%s: %s", found.label, problem)
    return found


def place_atlases(
    settings: Settings, runs: Sequence[Run], atlases: Sequence[Atlas]
) -> tuple[list[Run], dict[object, list[Path]]]:
    """Bring the atlases to the grids of the runs; mark the runs that lie beside them."""
    from gradshift.participant.graph import grid
    from gradshift.participant.nodes.atlas import keep_labels

    kept = intermediate(settings.work_dir) / "atlases"
    labels: dict[object, list[Path]] = {}
    problems: dict[object, str] = {}
    for key, found in {grid(run): run for run in runs if not run.problem}.items():
        space = found.entities["space"]
        try:
            labels[key] = [
                keep_labels(atlas, space, found.shape, found.affine, kept) for atlas in atlases
            ]
        except InputError as error:
            problems[key] = str(error)
    marked = [
        run if run.problem or grid(run) in labels else replace(run, problem=problems[grid(run)])
        for run in runs
    ]
    return marked, labels


def compute(
    settings: Settings,
    runs: Sequence[Run],
    labels: Mapping[object, Sequence[Path]],
    sources: Sequence[Source],
    atlases: Sequence[Atlas],
    recipes: Sequence[Recipe],
    left: Collection[str],
) -> list[str]:
    """Build the graph and run it; return the nodes that crashed."""
    from gradshift.participant.graph import Plan, build
    from gradshift.participant.nodes.atlas import keep_regions
    from gradshift.running.execute import execute

    kept = intermediate(settings.work_dir) / "atlases"
    plan = Plan(
        recipes=recipes,
        atlases=[
            keep_regions(atlas, settings.analysis.pcc, settings.analysis.kernel, kept)
            for atlas in atlases
        ],
        labels=labels,
        analysis=settings.analysis,
        settings=record.numbers(settings),
        output_dir=settings.output_dir,
        work_dir=intermediate(settings.work_dir),
        sessions={
            sub: order_sessions(settings, f"sub-{sub}")
            for sub in {found.entities["sub"] for found in runs}
        },
        untouched=left,
    )
    if runs:
        people = {run.entities["sub"] for run in runs}
        logger.info("%d runs of %d participants.", len(runs), len(people))
    workflow = build(runs, plan)
    add_pet(workflow, sources, settings, left)
    if not runs and not sources:
        return []
    return execute(workflow, settings.running, settings.output_dir / "logs" / "crash")


def summarise(
    settings: Settings,
    runs: Sequence[Run],
    atlases: Sequence[Atlas],
    recipes: Sequence[Recipe],
    crashed: Sequence[str],
) -> int:
    """Say how many sessions are done, which are not, and why; return the exit code."""
    units = [
        unit_entities(unit) for unit in group_runs(runs, combine=settings.analysis.combine_runs)
    ]
    problems: dict[str, dict[str, list[str]]] = {}
    partly = set()
    for entities in units:
        label = " ".join(f"{k}-{v}" for k, v in entities.items() if k not in ("space", "res"))
        found = _problems(settings.output_dir, entities, atlases[0], recipes, crashed)
        if found:
            problems[label] = found
        if 0 < sum(map(len, found.values())) < len(recipes):
            partly.add(label)
        if not found:
            _log_remarks(settings.output_dir, label, entities, atlases, recipes)
    failed = len(problems) - len(partly)
    logger.info(
        "%d sessions done, %d failed or left out%s. Results are in %s.",
        len(units) - len(problems),
        failed,
        f", {len(partly)} with some recipes only" if partly else "",
        settings.output_dir,
    )
    for label, found in problems.items():
        for reason, names in found.items():
            which = "" if len(names) == len(recipes) else f" (recipe {', '.join(names)})"
            logger.error("%s%s: %s", label, which, reason)
    if crashed:
        logger.error(
            "Steps that crashed: %s. Crash files are in %s.",
            ", ".join(crashed),
            settings.output_dir / "logs" / "crash",
        )
    if settings.running.clean_workdir:
        _clean(intermediate(settings.work_dir), units, problems)
    if failed == len(units):
        return InputError.exit_code
    return int(bool(problems) or bool(crashed))


def _log_remarks(
    root: Path,
    label: str,
    entities: Mapping[str, str],
    atlases: Sequence[Atlas],
    recipes: Sequence[Recipe],
) -> None:
    """Log the warnings of a session, and the regions that are n/a in its results."""
    remarks: dict[str, list[str]] = {}
    for atlas, recipe in product(atlases, recipes):
        target = outputs.Target(entities=entities, atlas=atlas.entities, recipe=recipe.name)
        about = read_json(outputs.sidecar(outputs.series_path(root, target)))
        texts = list(about["Warnings"])
        if left_out := about["RegionsLeftOut"]:
            told = ", ".join(f"{name} ({why})" for name, why in left_out.items())
            texts.append(f"{len(left_out)} regions of {atlas.name} are n/a: {told}.")
        for text in texts:
            remarks.setdefault(text, []).append(recipe.name)
    for text, names in remarks.items():
        which = "" if len(set(names)) == len(recipes) else f" (recipe {', '.join(names)})"
        logger.warning("%s%s: %s", label, which, text)


def _clean(
    work_dir: Path, units: Sequence[Mapping[str, str]], problems: Mapping[str, object]
) -> None:
    """Remove the intermediate results of the people without a problem."""
    troubled = {label.split()[0] for label in problems}
    for entities in units:
        if f"sub-{entities['sub']}" not in troubled:
            for folder in work_dir.glob(f"gradshift_*/sub_{entities['sub']}_task_*"):
                shutil.rmtree(folder)


def _problems(
    root: Path,
    entities: Mapping[str, str],
    atlas: Atlas,
    recipes: Sequence[Recipe],
    crashed: Sequence[str],
) -> dict[str, list[str]]:
    """Look up in the sidecars which recipes of a session were left out, by reason."""
    person = f".sub_{entities['sub']}_task_{entities.get('task', 'none')}."
    by_reason: dict[str, list[str]] = {}
    for recipe in recipes:
        target = outputs.Target(entities=entities, atlas=atlas.entities, recipe=recipe.name)
        path = outputs.sidecar(outputs.measures_path(root, target))
        if any(person in f"{name}." for name in crashed):
            reason = "a step crashed"
        elif not path.exists():
            reason = "no result was written"
        else:
            reason = read_json(path)["Excluded"]
        if reason:
            by_reason.setdefault(reason, []).append(recipe.name)
    return by_reason
