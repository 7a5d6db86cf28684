"""The participant level, from settings to exit code."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from gradshift import __version__
from gradshift.atlases.catalogue import Atlas, load_atlas
from gradshift.bids import outputs
from gradshift.bids.audit import audit
from gradshift.bids.dataset import describe as describe_dataset
from gradshift.bids.dataset import (
    find_fmriprep,
    find_kinetics,
    find_petprep,
    made_by,
    may,
)
from gradshift.bids.index import closed_folders
from gradshift.bids.mrs import find_values
from gradshift.bids.pet import find_scans
from gradshift.bids.write import remove_temporary, write_array, write_bytes, write_json
from gradshift.core.measures import measures
from gradshift.errors import (
    InputError,
    MissingInputError,
    OutputError,
    SettingsError,
)
from gradshift.levels.pages import (
    keep_vertices,
    renew_person_pages,
    write_boilerplate,
    write_citation,
)
from gradshift.output import record
from gradshift.output.finished import untouched
from gradshift.output.lock import locked
from gradshift.participant.bold import (
    check_recipes,
    compute,
    find_bold,
    place_atlases,
    summarise,
)
from gradshift.participant.mrs import write_values
from gradshift.participant.outlook import describe_runs
from gradshift.participant.pet import check_models, place, prepare, summary
from gradshift.participant.pet import describe as describe_pet
from gradshift.recipes.catalogue import Recipe, load_recipe
from gradshift.running.workdir import intermediate, warn_of_others
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


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
    runs = find_bold(settings, spaces, alone=not scans and not values)
    runs = [check_recipes(run, recipes) for run in runs]
    closed = _closed(settings)
    for space in {found.entities["space"] for found in runs if not found.problem}:
        for atlas in atlases:
            atlas.images(space)  # refuses a space it does not come in
    if settings.running.dry_run:
        text, possible = describe_runs(
            runs, [a.name for a in atlases], recipes, combine=settings.analysis.combine_runs
        )
        print(text)
        if scans:
            print(describe_pet(scans, settings))
        molecules = bool(values) or any(not scan.problem for scan in scans)
        return 0 if possible or molecules else InputError.exit_code
    usable = [found for found in runs if not found.problem]
    if not usable and not scans and not values:
        others = f" ({len(runs) - 1} more runs cannot be used either.)" if len(runs) > 1 else ""
        raise InputError(f"{runs[0].label}: {runs[0].problem}{others}")
    for difference in audit(usable, settings):
        level = logging.WARNING if difference.bears_on_numbers else logging.INFO
        logger.log(level, "%s", difference.sentence)
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
        runs, labels = place_atlases(settings, runs, atlases)
        left = untouched(settings.output_dir, intermediate(settings.work_dir), people)
        crashed = compute(settings, runs, labels, sources, atlases, recipes, left)
        codes = []
        if runs:
            codes.append(summarise(settings, runs, atlases, recipes, crashed))
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
