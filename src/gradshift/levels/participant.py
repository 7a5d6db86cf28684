"""The participant level, from settings to exit code."""

import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gradshift import __version__
from gradshift.atlases.catalogue import Atlas, load_atlas
from gradshift.atlases.definition import Part
from gradshift.bids import atlascopies, outputs, readme
from gradshift.bids.audit import gathered, summed
from gradshift.bids.closed import closed_folders
from gradshift.bids.held import how_to_remove, people_gone, people_with_images
from gradshift.bids.write import (
    remove_temporary,
    remove_unfinished,
    write_bytes,
    write_json,
    write_text,
)
from gradshift.bids.writetable import write_array
from gradshift.errors import GradshiftError, InputError, SettingsError
from gradshift.levels.citation import renew_citation
from gradshift.levels.log import RunLog
from gradshift.levels.measuresasked import measures_asked
from gradshift.levels.pages import (
    keep_vertices,
    renew_person_pages,
    write_boilerplate,
    write_overview,
)
from gradshift.output import bidsprov, otherstudy, prepared, provenance, record
from gradshift.output.finished import untouched
from gradshift.output.identity import digest, identity
from gradshift.output.lock import locked
from gradshift.output.place import check_output, preprocessed
from gradshift.output.provenance import Provenance
from gradshift.participant import changes
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.ending import clean
from gradshift.participant.modality import Modality, modalities
from gradshift.participant.nodes.atlas import copies_of, files_of
from gradshift.participant.recipes import chosen_recipes
from gradshift.recipes.recipe import Recipe
from gradshift.running.crashes import gather
from gradshift.running.damage import discard_damaged
from gradshift.running.workdir import intermediate, warn_of_others
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def participant(settings: Settings, log: RunLog) -> int:
    """Run the participant level.

    Parameters
    ----------
    settings : Settings
    log : RunLog
        Kept as soon as the output may be written to.
    """
    asked = _asked(settings)
    if settings.running.boilerplate_only:
        return write_boilerplate(settings, asked.atlases, asked.recipes, asked.measures)
    inputs = find_inputs(asked)
    if settings.running.dry_run:
        texts, possible = zip(*(kind.describe() for kind in inputs), strict=True)
        print("\n".join(filter(None, texts)))
        return 0 if any(possible) else InputError.exit_code
    if all(kind.problem for kind in inputs):
        raise InputError(inputs[0].problem)
    for rows in gathered([one for kind in inputs for one in kind.differences()]):
        level = logging.WARNING if rows[0].bears_on_numbers else logging.INFO
        logger.log(level, "%s", summed(rows))
    check_output(settings)
    intermediate(settings.work_dir)  # refuses a folder that others may write to
    record.check(settings)
    made_of = _made_of(asked, inputs)
    if not settings.running.overwrite:
        provenance.check(settings.output_dir, made_of)
        images = sorted({image for kind in inputs for image in kind.images})
        otherstudy.check(settings.output_dir, asked.links.targets(), images)
    warn_of_others(settings.work_dir)
    people = sorted(set().union(*(kind.people for kind in inputs)))
    _say_who_is_gone(settings)
    with locked(settings.output_dir / "logs", people):
        log.keep()
        discard_damaged(intermediate(settings.work_dir), people)
        inputs = [kind.place() for kind in inputs]
        _share(asked, inputs, made_of, people)
        crashed = _compute(asked, inputs, people)
        unforeseen = gather(asked.steps_dir, people, settings.output_dir / "logs" / "crash")
        remove_unfinished(settings.output_dir, people)  # of processes killed meanwhile
        codes = [kind.summary(crashed) for kind in inputs]
        if any(code != InputError.exit_code for code in codes):
            codes += [1] * bool(renew_person_pages(settings, people))
            renew_citation(settings.output_dir, people)
            write_overview(settings, people, in_turn=True)
    closed = [
        folder
        for source in preprocessed(settings)
        for folder in closed_folders(source, settings.inputs.participant_label)
    ]
    for folder in closed:
        logger.error("%s was left out: it cannot be read; check its permissions.", folder)
    codes += [1] * bool(closed or unforeseen)
    return codes[0] if len(set(codes)) == 1 else 1


def _say_who_is_gone(settings: Settings) -> None:
    """Say of whom there are results and nothing else any more, unless few are asked for."""
    if settings.inputs.participant_label:
        return
    if gone := people_gone(people_with_images(settings.output_dir), settings):
        logger.warning(
            "%s: there are results, but no folder and no row of participants.tsv any more. To "
            "remove them: %s",
            ", ".join(sorted(gone)),
            how_to_remove(gone, settings.output_dir),
        )


def _asked(settings: Settings) -> Asked:
    """Read the atlases and recipes, and refuse options that make no sense."""
    recipes = chosen_recipes(settings)
    atlases = [load_atlas(spec) for spec in settings.analysis.atlas]
    _check_names(atlases, recipes)
    names = measures_asked(settings)
    for kind in modalities():
        kind.check(settings)
    return Asked(settings=settings, atlases=atlases, recipes=recipes, measures=names)


def find_inputs(asked: Asked) -> list[Modality]:
    """Find what there is of every kind of input.

    Raises
    ------
    GradshiftError
        If there is nothing at all.
    """
    inputs: list[Modality] = []
    causes: list[tuple[str, GradshiftError]] = []
    for kind in modalities():
        try:
            inputs.append(kind.find(asked))
        except NothingFoundError as nothing:
            if nothing.cause is not None:
                causes.append((kind.title, nothing.cause))
    if not inputs:
        raise causes[0][1]
    for title, cause in causes:
        logger.warning("No %s is used: %s", title, cause)
    return inputs


def _compute(asked: Asked, inputs: Sequence[Modality], people: Sequence[str]) -> list[str]:
    """Build the graph and run it; return the nodes that crashed."""
    from nipype.pipeline import engine as pe

    from gradshift.participant.node import stop_at_the_first_crash
    from gradshift.running.execute import execute

    minor = "_".join(__version__.split(".")[:2])
    workflow = pe.Workflow(name=f"gradshift_{minor}", base_dir=str(asked.steps_dir))
    left = untouched(asked.output_dir, asked.steps_dir, people)
    for kind in inputs:
        kind.build(workflow, left)
    if not workflow.list_node_names():
        return []
    if asked.settings.running.stop_on_first_crash:
        stop_at_the_first_crash(workflow)
    changes.tell(workflow, asked.steps_dir)
    folder = asked.output_dir / "logs" / "crash"
    crashed = execute(workflow, asked.settings.running, folder, partial(_finish, asked, inputs))
    if crashed:
        logger.error("Steps that crashed: %s. Crash files are in %s.", ", ".join(crashed), folder)
    return crashed


def _finish(asked: Asked, inputs: Sequence[Modality], person: str) -> None:
    """Remove the intermediate results of a person whose steps are done, where that is asked."""
    name = person.replace("sub_", "sub-", 1)
    clean_up = asked.settings.running.clean_workdir
    if clean_up and not any(kind.has_problem(name) for kind in inputs):
        clean(asked.steps_dir, name)


def _check_names(atlases: Sequence[Atlas], recipes: Sequence[Recipe]) -> None:
    """Refuse names that would mix up files."""
    for what, names in (
        ("--atlas", ["".join(atlas.entities.values()) for atlas in atlases]),
        ("--denoise", [recipe.name for recipe in recipes]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SettingsError(f"{what} names {', '.join(twice)} twice; choose other names.")


def _made_of(asked: Asked, inputs: Sequence[Modality]) -> Provenance:
    """Say what the results will be made of."""
    spaces = sorted({space for kind in inputs for space in kind.spaces})
    return Provenance(
        dataset=identity(asked.settings.bids_dir),
        derivatives={kind.title: [identity(path) for path in kind.derivatives] for kind in inputs},
        atlases={atlas.name: files_of(atlas, spaces) for atlas in asked.atlases},
        recipes={recipe.name: digest(recipe.as_dict()) for recipe in asked.recipes},
    )


def _share(
    asked: Asked, inputs: Sequence[Modality], made_of: Provenance, people: Sequence[str]
) -> None:
    """Write what all processes share, unless another one did so already."""
    settings, output_dir = asked.settings, asked.output_dir
    content = {
        "Software": __version__,
        "Settings": record.numbers(settings),
        "MadeOf": asdict(made_of),
        "Measures": list(asked.measures),
        "Sources": asked.links.targets(),
        "Python": platform.python_version(),
        "Machine": platform.platform(),
    }

    def is_written() -> bool:
        return not settings.running.overwrite and prepared.is_current(output_dir, content)

    if not is_written():
        with record.shared(output_dir, is_written) as is_needed:
            if is_needed:
                _prepare_output(asked, inputs, made_of)
                remove_temporary(output_dir, people)
                prepared.keep(output_dir, content)
                return
    record.keep_options(settings)
    remove_unfinished(output_dir, people)
    for kind in inputs:
        kind.write_regions()


def _prepare_output(asked: Asked, inputs: Sequence[Modality], made_of: Provenance) -> None:
    """Write what belongs to the whole output: the record, descriptions, the atlases used."""
    settings = asked.settings
    names = {
        "atlas": [atlas.name for atlas in asked.atlases],
        "denoise": [recipe.name for recipe in asked.recipes],
        "measures": asked.measures,
    }
    record.keep(settings, names)
    anew = settings.running.overwrite
    if not anew:  # once more: another process may have been the first
        provenance.check(settings.output_dir, made_of)
    provenance.keep(settings.output_dir, made_of, anew=anew)
    bidsprov.keep(settings, asked.links)
    readme.prepare(asked.output_dir, version=__version__, links=asked.links)
    spaces = list(dict.fromkeys(space for kind in inputs for space in kind.spaces))
    for atlas in asked.atlases:
        _keep_atlas(atlas, settings, spaces)
    for kind in inputs:
        kind.write_regions()


def _keep_atlas(atlas: Atlas, settings: Settings, spaces: Sequence[str]) -> None:
    """Write an atlas as it is used; a copy that is damaged is written again."""
    folder = settings.output_dir / atlascopies.FOLDER
    copies = copies_of(atlas, spaces)
    for name, path in copies.items():
        write_bytes(folder / name, atlascopies.content(path))
        if path.name not in copies:  # where it lay before atlases were laid out as BIDS wants
            (folder / path.name).unlink(missing_ok=True)
    for part in atlas.parts:
        table = folder / atlascopies.table_name(part.entities)
        write_json(outputs.sidecar(table), atlascopies.described(part.description, table))
        _describe(folder, part.entities, [part])
    write_json(folder / "dataset_description.json", atlascopies.dataset(__version__))
    write_text(folder / ".bidsignore", atlascopies.IGNORED)
    write_text(folder / "README", atlascopies.README)
    write_json(
        outputs.regions_path(settings.output_dir, atlas.entities),
        {
            "Name": atlas.name,
            "Descriptions": list(atlas.descriptions),
            "Cite": list(atlas.cite),
            **outputs.plain_regions(atlas.regions(settings.analysis.pcc)),
        },
    )
    _describe(settings.output_dir, atlas.entities, atlas.parts)
    if drawn := [*spaces, *atlas.spaces]:
        keep_vertices(settings.output_dir, atlas, drawn[0])
    reference = atlas.reference(settings.analysis.kernel)
    if reference is not None:
        header = [f"gradient{k + 1}" for k in range(reference.shape[1])]
        path = outputs.reference_path(settings.output_dir, atlas.entities)
        write_array(path, header, reference)


def _describe(root: Path, entities: Mapping[str, str], parts: Sequence[Part]) -> None:
    """Say in a dataset what its ``atlas-`` label stands for."""
    licences = dict.fromkeys(part.licence or "not stated" for part in parts)
    write_json(
        outputs.atlas_description_path(root, entities),
        {"AtlasName": entities["atlas"], "License": "; ".join(licences)},
    )
