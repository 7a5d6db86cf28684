"""One run of gradshift, from settings to exit code."""

import errno
import logging
import os
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from gradshift import __version__
from gradshift.atlases.catalogue import Atlas, load_atlas
from gradshift.bids import outputs
from gradshift.bids.confounds import check_header
from gradshift.bids.dataset import describe as describe_dataset
from gradshift.bids.dataset import (
    find_fmriprep,
    find_kinetics,
    find_petprep,
    made_by,
    may,
    read_json,
)
from gradshift.bids.index import closed_folders
from gradshift.bids.inputs import Run, find_runs
from gradshift.bids.mrs import find_values
from gradshift.bids.pet import find_scans
from gradshift.bids.write import remove_temporary, write_array, write_bytes, write_json
from gradshift.core.measures import measures
from gradshift.errors import (
    InputError,
    MissingInputError,
    NothingSelectedError,
    OutputError,
    SettingsError,
    StorageError,
)
from gradshift.levels.pages import (
    keep_vertices,
    order_sessions,
    rebuild,
    renew_person_pages,
    write_boilerplate,
    write_citation,
)
from gradshift.output import record
from gradshift.output.finished import untouched
from gradshift.output.lock import locked
from gradshift.participant.mrs import write_values
from gradshift.participant.nodes.denoise import needs_confounds
from gradshift.participant.pet import Source, add_pet, check_models, place, prepare, summary
from gradshift.participant.pet import describe as describe_pet
from gradshift.recipes.catalogue import Recipe, load_recipe
from gradshift.running.workdir import intermediate, warn_of_others
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def run(settings: Settings, given: Mapping[str, Any]) -> int:
    """Run one level.

    Parameters
    ----------
    settings : Settings
    given : mapping
        The options that were given, by field name.

    Returns
    -------
    int
        Exit code: 0 all done, 1 some runs failed or were left out, 65 none was left.
    """
    _start_log(verbose=settings.running.verbose)
    try:
        if settings.running.reports_only:
            return rebuild(settings)
        if settings.running.boilerplate_only and settings.level == "group":
            write_citation(settings.output_dir)
            return 0
        if settings.level == "participant":
            return participant(settings)
        from gradshift.levels.group import group

        return group(settings, given)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk of {settings.output_dir} is full: make room and run the same "
                "command again; what is finished is kept."
            ) from error
        raise StorageError(
            f"{error.filename or settings.output_dir} cannot be used: {error.strerror or error}; "
            "run the same command again when it can; what is finished is kept."
        ) from error


def _start_log(*, verbose: bool) -> None:
    """Write log lines as NiPreps users know them: time, logger, level, message."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(
            "%(asctime)s,%(msecs)d %(name)s %(levelname)s:\n\t %(message)s", "%y%m%d-%H:%M:%S"
        )
    )
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)


def participant(settings: Settings) -> int:
    """Run the participant level."""
    atlases = [load_atlas(spec) for spec in settings.analysis.atlas]
    recipes = [_recipe(spec, settings) for spec in settings.denoising.denoise]
    _check_names(atlases, recipes, settings.analysis.measures)
    check_models(settings)
    if settings.running.boilerplate_only:
        return write_boilerplate(settings, atlases, recipes)
    spaces = {atlas.name: atlas.spaces for atlas in atlases}
    scans, values = find_scans(settings, spaces), find_values(settings)
    runs = _find_bold(settings, spaces, alone=not scans and not values)
    runs = [check_recipes(run, recipes) for run in runs]
    closed = _closed(settings)
    for space in {found.entities["space"] for found in runs if not found.problem}:
        for atlas in atlases:
            atlas.images(space)  # refuses a space it does not come in
    if settings.running.dry_run:
        print(describe(runs, atlases, recipes))
        if scans:
            print(describe_pet(scans, settings))
        return 0
    usable = [found for found in runs if not found.problem]
    if not usable and not scans and not values:
        others = f" ({len(runs) - 1} more runs cannot be used either.)" if len(runs) > 1 else ""
        raise InputError(f"{runs[0].label}: {runs[0].problem}{others}")
    check_output(settings)
    record.check(settings)
    warn_of_others(settings.work_dir)
    people = sorted(
        {f"sub-{found.entities['sub']}" for found in runs}
        | {f"sub-{found.entities['sub']}" for found in scans}
        | {value.participant for value in values}
    )
    with locked(settings.output_dir / "logs", people):
        sources = [place(scan, atlases, settings) for scan in scans]
        spaces_used = [found.entities["space"] for found in usable] + [
            scan.entities["space"] for scan in scans if scan.on_grid and not scan.problem
        ]
        names = {
            "atlas": [atlas.name for atlas in atlases],
            "denoise": [recipe.name for recipe in recipes],
        }
        with record.shared(settings.output_dir):
            record.keep(settings, names)
            _prepare_output(settings, atlases, spaces_used[0] if spaces_used else None)
            prepare(sources, settings.output_dir)
            remove_temporary(settings.output_dir, people)
        runs, labels = _place_atlases(settings, runs, atlases)
        left = untouched(settings.output_dir, intermediate(settings.work_dir), people)
        crashed = _compute(settings, runs, labels, sources, atlases, recipes, left)
        codes = []
        if runs:
            codes.append(_summary(settings, runs, atlases, recipes, crashed))
        if sources:
            codes.append(summary(sources, settings, crashed))
        if values:
            write_values(values, settings.output_dir, record.numbers(settings))
            codes.append(0)
        if any(code != InputError.exit_code for code in codes):
            renew_person_pages(settings, people)
            # Others need not wait: it reads what everybody wrote, and appears in one step.
            write_citation(settings.output_dir)
        for folder in closed:
            logger.error("%s was left out: it cannot be read; look at its rights.", folder)
        codes += [1] * bool(closed)
        return codes[0] if len(set(codes)) == 1 else 1


def _closed(settings: Settings) -> list[Path]:
    """List the folders of participants asked for that may not be read."""
    asked = settings.inputs.participant_label
    return [folder for source in _sources(settings) for folder in closed_folders(source, asked)]


def _find_bold(
    settings: Settings, spaces: Mapping[str, Sequence[str]], *, alone: bool
) -> list[Run]:
    """Find the BOLD runs; there may be none where PET or spectroscopy is there."""
    try:
        return find_runs(settings, spaces)
    except (MissingInputError, NothingSelectedError) as error:
        if alone:
            raise
        logger.warning("No BOLD run is used: %s", error)
        return []


def _recipe(spec: str, settings: Settings) -> Recipe:
    denoising = settings.denoising
    return load_recipe(spec).with_options(
        band=denoising.band,
        fd_threshold=denoising.fd_threshold,
        dvars_threshold=denoising.dvars_threshold,
        min_minutes=denoising.min_minutes,
    )


def _check_names(
    atlases: Sequence[Atlas], recipes: Sequence[Recipe], wanted: Sequence[str]
) -> None:
    """Refuse names that would mix up files, and measures that do not exist."""
    for what, names in (
        ("--atlas", ["".join(atlas.entities.values()) for atlas in atlases]),
        ("--denoise", [recipe.name for recipe in recipes]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SettingsError(f"{what} names {', '.join(twice)} twice; choose other names.")
    if unknown := sorted(set(wanted) - set(measures())):
        raise SettingsError(
            f"There is no measure {', '.join(unknown)}; measures are {', '.join(measures())}."
        )


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


def _sources(settings: Settings) -> list[Path]:
    """List the preprocessed datasets that are read."""
    given = settings.inputs.derivatives
    others = (find(settings.bids_dir, given) for find in (find_petprep, find_kinetics))
    sources = [found for found in others if found is not None]
    try:
        fmriprep = find_fmriprep(
            settings.bids_dir, given, validate=not settings.inputs.skip_bids_validation
        )
    except MissingInputError:
        return sources or [settings.bids_dir]
    return [fmriprep, *sources]


def check_output(settings: Settings) -> None:
    """Refuse to write into the input or another dataset, or where nothing can be written.

    Raises
    ------
    OutputError
    """
    output_dir = settings.output_dir
    for dataset in dict.fromkeys([settings.bids_dir, *_sources(settings)]):
        below = dataset / "derivatives"
        for what, path in (("OUTPUT_DIR", output_dir), ("--work-dir", settings.work_dir)):
            if path.is_relative_to(dataset) and below not in path.parents:
                raise OutputError(
                    f"{what} {path} lies inside the dataset {dataset}; choose a folder outside, "
                    f"or one below {below}."
                )
    description = describe_dataset(output_dir)
    if description is not None and made_by(description) != "gradshift":
        raise OutputError(
            f"OUTPUT_DIR {output_dir} is another dataset, {description.get('Name', 'unnamed')!r}; "
            "choose a folder of its own."
        )
    for what, path, made in (
        ("OUTPUT_DIR", output_dir, output_dir / "logs"),
        ("--work-dir", settings.work_dir, settings.work_dir),
    ):
        try:
            made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{what} {path} cannot be created: {error.strerror}.") from error
        if not may(made, os.W_OK):
            raise OutputError(f"{what} {path} cannot be written to.")
    # nipype keeps its results as pickles there, and reading one of those can run anything.
    if os.geteuid() not in (0, settings.work_dir.stat().st_uid):
        raise OutputError(
            f"The intermediate results in {settings.work_dir} belong to another user, and reading "
            "them could run code of theirs; choose a folder of your own with --work-dir."
        )


def describe(runs: Sequence[Run], atlases: Sequence[Atlas], recipes: Sequence[Recipe]) -> str:
    """Say what would be done, a block per run."""
    blocks = []
    for found in runs:
        lines = [found.label, f"  BOLD       {found.bold}"]
        if found.problem:
            lines.append(f"  left out   {found.problem}")
        else:
            lines += [
                f"  mask       {found.mask}",
                f"  confounds  {found.confounds}",
                f"  TR         {found.tr:g} s, {found.n_volumes} volumes "
                f"({found.n_volumes * found.tr / 60:.1f} min)",
                f"  space      {found.entities['space']}",
                f"  atlas      {', '.join(atlas.name for atlas in atlases)}",
                f"  recipe     {', '.join(recipe.name for recipe in recipes)}",
            ]
        blocks.append("\n".join(lines))
    n = sum(not found.problem for found in runs)
    return "\n".join([*blocks, f"{n} of {len(runs)} runs would be processed."])


def _prepare_output(settings: Settings, atlases: Sequence[Atlas], space: str | None) -> None:
    """Write what belongs to the whole output: descriptions, and the atlases used."""
    outputs.prepare(settings.output_dir, version=__version__, sources=_sources(settings))
    for atlas in atlases:
        images = [] if space is None else [image.path for image in atlas.images(space)]
        used = images + [part.table for part in atlas.parts]
        for path in used:
            target = settings.output_dir / "atlases" / Path(path).name
            if not target.exists():
                write_bytes(target, Path(path).read_bytes())
        regions = atlas.regions(settings.analysis.pcc)
        write_json(
            outputs.regions_path(settings.output_dir, atlas.entities),
            {
                "Name": atlas.name,
                "Descriptions": list(atlas.descriptions),
                "Cite": list(atlas.cite),
                **outputs.plain_regions(regions),
            },
        )
        if space is not None:
            keep_vertices(settings.output_dir, atlas, space)
        reference = atlas.reference(settings.analysis.kernel)
        if reference is not None:
            header = [f"gradient{k + 1}" for k in range(reference.shape[1])]
            path = outputs.reference_path(settings.output_dir, atlas.entities)
            write_array(path, header, reference)


def _place_atlases(
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


def _compute(
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


def _summary(
    settings: Settings,
    runs: Sequence[Run],
    atlases: Sequence[Atlas],
    recipes: Sequence[Recipe],
    crashed: Sequence[str],
) -> int:
    """Say how many sessions are done, which are not, and why; return the exit code."""
    from gradshift.participant.graph import group_runs, unit_entities

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
