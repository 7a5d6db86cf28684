"""Writing pages and the methods text, at the end of a level or alone."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradshift import __version__
from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, find_results
from gradshift.bids.write import write_text
from gradshift.bids.writetable import write_table
from gradshift.errors import MissingInputError
from gradshift.images.grayordinates import SURFACE_SPACES
from gradshift.output import provenance, record
from gradshift.output.finished import is_current, keep
from gradshift.participant.order import order_sessions
from gradshift.recipes.recipe import Recipe
from gradshift.running.unforeseen import tell
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings

if TYPE_CHECKING:
    from gradshift.report.methods import Used
    from gradshift.report.personresults import Person

logger = logging.getLogger("gradshift")


def keep_vertices(output_dir: Path, atlas: Atlas, space: str) -> None:
    """Write which region each vertex of fsaverage5 belongs to, unless it is there as it was."""
    from gradshift.images.grayordinates import whole_meshes
    from gradshift.images.surface import fsaverage5, labels_on_vertices
    from gradshift.images.surfacelabels import labels_on_grayordinates

    path = outputs.vertices_path(output_dir, atlas.entities)
    if provenance.is_kept(output_dir, atlas.name, path) or (halves := fsaverage5()) is None:
        return
    places = np.concatenate([half.cortex for half in halves.values()])
    sides = [side for side, half in halves.items() for _ in range(len(half.cortex))]
    if space in SURFACE_SPACES:
        if not (images := atlas.images_on_fsaverage5()):
            return
        meshes = whole_meshes([len(half.cortex) for half in halves.values()])
        regions = labels_on_grayordinates(images, meshes).astype(np.intp)
    else:
        regions = labels_on_vertices(atlas.images(space), places)
    write_table(path, ("hemisphere", "region"), zip(sides, regions, strict=True))
    provenance.keep_file(output_dir, atlas.name, path)


def write_person_pages(settings: Settings, people: Sequence[str]) -> None:
    """Write the pages of the people worked on.

    Parameters
    ----------
    settings : Settings
    people : sequence of str
        With prefix.
    """
    from gradshift.report.person import write_person_page

    for participant in people:
        if any((settings.output_dir / participant).glob("**/*_measures.tsv")):
            write_person_page(_person(settings, participant))


def renew_person_pages(settings: Settings, people: Sequence[str]) -> int:
    """Write the pages of the people worked on, except where all is as it was.

    Parameters
    ----------
    settings : Settings
    people : sequence of str
        With prefix.

    Returns
    -------
    int
        How many could not be written. What hinders one is said, and hinders no other.
    """
    failed = 0
    for participant in people:
        try:
            _renew(settings, participant)
        except OSError:  # of the disk, no matter of one page
            raise
        except Exception as error:  # of this page, whatever it is
            failed += 1
            logger.error(
                "The page of %s was not written: %s", participant, tell(error, settings.output_dir)
            )
    return failed


def _renew(settings: Settings, participant: str) -> None:
    """Write the page of one person, unless all is as it was."""
    output_dir, steps = settings.output_dir, intermediate(settings.work_dir)
    person = _person(settings, participant)
    made = {
        "Software": f"gradshift {__version__}",
        "Primary": [person.atlas, person.recipe],
        "Sessions": list(person.sessions),
        "Group": (output_dir / "group" / "index.html").exists(),
    }
    if not is_current(output_dir, steps, participant, made):
        write_person_pages(settings, [participant])
        keep(output_dir, steps, participant, made)


def _person(settings: Settings, participant: str) -> "Person":
    from gradshift.report.personresults import Person

    recorded = record.read(settings.output_dir).get("participant", {})
    return Person(
        output_dir=settings.output_dir,
        participant=participant,
        atlas=recorded["atlas"][0],
        recipe=recorded["denoise"][0],
        sessions=order_sessions(settings, participant),
    )


def write_citation(output_dir: Path, comparison: Path | None = None) -> None:
    """Write the methods text of everything in an output, and its COBIDAS table.

    Parameters
    ----------
    output_dir : Path
    comparison : Path, optional
        Folder of a comparison; ``group`` if not given.
    """
    from gradshift.report.results import what_was_used

    folder, results = comparison or output_dir / "group", find_results(output_dir)
    _cite(output_dir, folder, what_was_used(output_dir, results, folder), results)


def _cite(output_dir: Path, folder: Path, used: "Used", results: Sequence[SessionResult]) -> None:
    from gradshift.bids.rows import write_rows
    from gradshift.report.cobidas import GUIDELINE, Item, items

    name = folder.name.removeprefix("group")
    _write_citation(output_dir, used, name)
    rows = items(used, results, folder)
    sidecar = {"Software": f"gradshift {__version__}", "Guideline": GUIDELINE}
    write_rows(output_dir / "logs" / f"cobidas{name}.tsv", Item, rows, sidecar)


def write_words(output_dir: Path, results: Sequence[SessionResult]) -> None:
    """Write the methods text without what takes everybody's results: numbers of the sample.

    Parameters
    ----------
    output_dir : Path
    results : sequence of SessionResult
        One of each kind that needs words of its own.
    """
    from gradshift.report.results import what_was_used
    from gradshift.report.sample import Sample

    used = what_was_used(output_dir, results, output_dir / "group")
    _write_citation(output_dir, replace(used, sample=Sample()))


def _write_citation(output_dir: Path, used: "Used", comparison: str = "") -> None:
    from gradshift.report.methods import paragraphs
    from gradshift.report.methodsfiles import as_bibtex, as_latex, as_markdown

    text = paragraphs(used)
    for suffix, content in (
        ("md", as_markdown(text)),
        ("tex", as_latex(text)),
        ("bib", as_bibtex(text)),
    ):
        write_text(output_dir / "logs" / f"CITATION{comparison}.{suffix}", content)


def write_boilerplate(
    settings: Settings,
    atlases: Sequence[Atlas],
    recipes: Sequence[Recipe],
    measured: Sequence[str],
) -> int:
    """Write the methods text of options that nothing was run with yet.

    Parameters
    ----------
    settings : Settings
    atlases, recipes, measured : sequence
        Those asked for.
    """
    from gradshift.report.methods import Described, Used

    used = Used(
        atlases=[Described(atlas.descriptions, atlas.cite) for atlas in atlases],
        recipes=[recipe.as_dict() for recipe in recipes],
        measures=measured,
        estimator=settings.analysis.connectivity,
    )
    _write_citation(settings.output_dir, used)
    logger.info("The methods text is in %s.", settings.output_dir / "logs")
    return 0


def write_group_page(settings: Settings) -> None:
    """Write the page of a comparison, from its finished tables, and what sums up the output."""
    from gradshift.report import group
    from gradshift.report.grouped import GroupResults
    from gradshift.report.pages import self_contained
    from gradshift.report.results import what_was_used

    output_dir, folder = settings.output_dir, settings.group_dir
    compared = GroupResults(folder, output_dir)
    used = what_was_used(output_dir, compared.sources, folder)
    page = group.write_group_page(compared, used, settings.group.figure_format)
    if settings.group.single_file:
        self_contained(page, page.with_name("single.html"))
    _cite(output_dir, folder, used, compared.sources)
    write_overview(settings)


def write_overview(
    settings: Settings, people: Sequence[str] = (), *, in_turn: bool = False
) -> None:
    """Write the page of everybody, from what is there.

    Parameters
    ----------
    settings : Settings
    people : sequence of str
        With prefix; those whose results are new.
    in_turn : bool
        Whether to leave the page to the last of several processes, such as the tasks of an
        array: each would read of everybody else.
    """
    from gradshift.report import overview, quality

    quality.keep(settings.output_dir, people)
    at_work = {path.stem for path in (settings.output_dir / "logs").glob("sub-*.lock")}
    if in_turn and at_work - set(people):
        return
    overview.write_overview(settings.output_dir, partial(order_sessions, settings))


def rebuild(settings: Settings) -> int:
    """Write pages, figures and methods text again from the tables of an output.

    Carpets are kept as they were drawn: no table holds them.

    Raises
    ------
    MissingInputError
        If the level was not run.
    """
    output_dir = settings.output_dir
    results = find_results(output_dir)
    if settings.level == "group":
        if not (settings.group_dir / "contrasts.tsv").exists():
            raise MissingInputError(
                f"There is no result of the group level in {settings.group_dir}; run it first, "
                "without --reports-only."
            )
        write_group_page(settings)
    else:
        asked = {f"sub-{label}" for label in settings.inputs.participant_label}
        finished = list(dict.fromkeys(result.participant for result in results))
        people = [person for person in finished if not asked or person in asked]
        if not people:
            raise MissingInputError(
                f"There is no result of {', '.join(sorted(asked))} in {output_dir}; there is "
                f"{', '.join(finished)}."
            )
        _redraw(settings, people)
        write_person_pages(settings, people)
        write_citation(output_dir)
        write_overview(settings, people)
    logger.info("The pages in %s were written again.", output_dir)
    return 0


def _redraw(settings: Settings, people: Sequence[str]) -> None:
    from gradshift.report.personcurves import draw_curves
    from gradshift.report.personfigures import draw_motion, draw_task

    for participant in people:
        person = _person(settings, participant)
        for result in person.primary:
            for entities in result.runs:
                draw_motion(person, entities, result.fd_threshold, None)
        for task in person.tasks:
            draw_task(person, task)
        for result in person.molecules:
            if result.modality == "pet":
                draw_curves(person.output_dir, result)
