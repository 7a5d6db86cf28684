"""The page of one participant: what was found and used, and what came out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradshift.report.hovering import hover
from gradshift.report.origin import origin
from gradshift.report.overview import store_of
from gradshift.report.pages import Picture, picture, write_page
from gradshift.report.personfigures import read_matrices
from gradshift.report.personresults import Person, session_label, stem
from gradshift.report.personsessions import (
    ScanSection,
    SessionSection,
    scan_section,
    session_section,
)
from gradshift.report.personvalues import ValueRow, list_values
from gradshift.report.questions import EXPLORATORY

CAPTIONS = {
    "matrices": (
        "png",
        "Correlation matrices of the sessions and their difference, ordered by network.",
        "Correlations of all regions ({atlas}, {recipe}), ordered by network; "
        "all panels on one scale.",
    ),
    "gradients": (
        "svg",
        "Regions in the plane of the first two gradients, coloured by network, per session.",
        "Regions in the plane of the first two gradients, aligned to the reference; a "
        "flattened hierarchy is narrower along gradient 1.",
    ),
    "coverage": (
        "png",
        "Share of every region that was inside the brain mask, on the inflated cortex, per "
        "session.",
        "Coverage: the share of every region that holds signal, on the inflated cortex "
        "(fsaverage5). Regions below the threshold are n/a everywhere.",
    ),
    "cortex": (
        "png",
        "The principal gradient on the inflated cortex, per session, and the difference.",
        "The principal gradient on the inflated cortex (fsaverage5), on one scale.",
    ),
    "seed": (
        "png",
        "The posterior cingulate cortex's connectivity, per session.",
        "Connectivity with the posterior cingulate cortex: cut through it, left is left; of runs "
        "on a surface, on its mesh.",
    ),
}
"""Of the figures of a task: kind of file, alternative text, caption."""


@dataclass(frozen=True, kw_only=True)
class TaskSection:
    """What the page says and shows of one task.

    Parameters
    ----------
    name : str
    sessions : list of SessionSection
    pictures : dict of str to Picture
        By name.
    values : list of ValueRow
    titles : list of str
        The sessions, as columns are headed.
    tables : list of str
        Relative to the page.
    """

    name: str
    sessions: list[SessionSection]
    pictures: dict[str, Picture]
    values: list[ValueRow]
    titles: list[str]
    tables: list[str]


@dataclass(frozen=True, kw_only=True)
class MoleculesSection:
    """What the page says and shows of PET and spectroscopy; see `TaskSection`."""

    sessions: list[ScanSection]
    pictures: list[Picture]
    values: list[ValueRow]
    titles: list[str]
    tables: list[str]


def write_person_page(person: Person) -> Path:
    """Write the page of one participant from the tables and the figures there are."""
    made = origin(person.output_dir)
    content = {
        "title": made.title(person.participant),
        "origin": made,
        "person": person,
        "tasks": [_task(person, task) for task in person.tasks],
        "molecules": _molecules(person),
        "methods": [],
        "logs": "logs",
        "exploratory": EXPLORATORY,
        "verdicts": list(_verdicts(person)),
        "store": store_of(made.dataset),
        "group": (person.output_dir / "group" / "index.html").exists(),
    }
    return write_page(person.output_dir / f"{person.participant}.html", "person.html", content)


@dataclass(frozen=True, slots=True)
class Line:
    """What the page says first of a session: its title, and whether it is a warning."""

    title: str
    text: str
    bad: bool


def _verdicts(person: Person) -> Iterator[Line]:
    """Say how many sessions and scans can be used, and of each what to mind."""
    every = [*person.primary, *person.molecules]
    used = [result for result in every if not result.excluded]
    minded = [result for result in every if result.excluded or result.warnings]
    rest = "" if minded else ", without a warning"
    yield Line("Used", f"{len(used)} of {len(every)} sessions and scans{rest}.", bad=False)
    for result in minded:
        kind = result.task if result.modality == "func" else result.modality.upper()
        title = " ".join([session_label(result), *([kind] if kind != "n/a" else [])])
        text = f"left out. {result.excluded}" if result.excluded else " ".join(result.warnings)
        yield Line(title, text, bad=True)


def _task(person: Person, task: str) -> TaskSection:
    primary = [r for r in person.primary if r.task == task]
    return TaskSection(
        name=task,
        sessions=[session_section(person, result) for result in primary],
        pictures=dict(_pictures(person, task)),
        values=list_values(
            [r for r in person.everything if (r.task, r.atlas) == (task, person.atlas)],
            person.recipe,
        ),
        titles=list(dict.fromkeys(session_label(r) for r in primary)),
        tables=[person.link(r.path) for r in person.everything if r.task == task],
    )


def _molecules(person: Person) -> MoleculesSection | None:
    """Collect what the page says and shows of PET and spectroscopy; None without any."""
    results = person.molecules
    if not results:
        return None
    titles = list(dict.fromkeys(session_label(r) for r in results))
    return MoleculesSection(
        sessions=[scan_section(result) for result in results],
        titles=titles,
        values=list_values(results, results[0].recipe),
        tables=[person.link(r.path) for r in results],
        pictures=_curves(person, titles),
    )


def _curves(person: Person, titles: list[str]) -> list[Picture]:
    """List the figures of curves, in the order of the sessions."""
    rank = {title: i for i, title in enumerate(titles)}

    def session(path: Path) -> str:
        return path.stem.partition("_")[0]

    return [
        picture(
            path,
            person.output_dir,
            "Time-activity curves of PET with the curves that the models fitted.",
            f"{session(path)}: activity over time as measured (dots) and as the models fitted "
            "it (lines).",
        )
        for path in sorted(
            person.figures.glob("*curves.*"),
            key=lambda path: (rank.get(session(path), len(rank)), path.name),
        )
    ]


def _pictures(person: Person, task: str) -> Iterator[tuple[str, Picture]]:
    """List the figures of a task that are there."""
    for name, (kind, alt, caption) in CAPTIONS.items():
        path = person.figures / f"{stem(task)}{name}.{kind}"
        if path.exists():
            caption = caption.format(atlas=person.atlas, recipe=person.recipe)
            packed = _hover(person, task, path) if name == "matrices" else ""
            yield name, picture(path, person.output_dir, alt, caption, hover=packed)


def _hover(person: Person, task: str, path: Path) -> str:
    """Pack the correlations that the page tells under the pointer."""
    regions = person.regions
    if regions is None:
        return ""
    return hover(path, read_matrices(person, person.usable(task)), regions.networks, regions.names)
