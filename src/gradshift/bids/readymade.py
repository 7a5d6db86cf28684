"""Finding region series and matrices that another program made."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gradshift.bids.doors import Door
from gradshift.bids.exclude import excluded
from gradshift.bids.filters import filtered
from gradshift.bids.grids import PREFERRED_SPACES, Key
from gradshift.bids.index import TABLES, index, people
from gradshift.bids.numbertable import readable
from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile
from gradshift.bids.readyrun import ReadyRun
from gradshift.bids.readystudy import ReadyStudy, Regions
from gradshift.bids.readytables import Beside, acquisition_of, kind_of
from gradshift.bids.run import LEFT_OUT
from gradshift.errors import InputError, NothingSelectedError
from gradshift.settings import Inputs

CONN = "ROI_Subject*_Condition*.mat"
"""Files of denoised regions in a project of CONN, in its folder ``results/preprocessing``."""

logger = logging.getLogger("gradshift")


def find_ready(inputs: Inputs, door: Door, atlases: Regions) -> list[ReadyRun]:
    """Find the runs behind a door that the settings ask for.

    Series are preferred to matrices: where any run has series, a run without is a problem.

    Parameters
    ----------
    inputs : Inputs
    door : Door
    atlases : mapping of str to sequence of str

    Returns
    -------
    list of ReadyRun

    Raises
    ------
    NothingSelectedError
        If there is no table, or the filters leave none.
    InputError
        If no table has the regions of an atlas.
    """
    chosen = _asked(door, inputs)
    files = index(door.folder, chosen, inputs.bids_database_dir, TABLES)
    tables = [file for file in files if kind_of(file)]
    if not tables:
        raise NothingSelectedError(
            f"There is no table of region series or matrices (*_timeseries.tsv, *_relmat.tsv) in "
            f"the func folders of {shown(door.folder)} (--derivatives {door.name}=)."
            f"{_elsewhere(door.folder)}"
        )
    tables = filtered(_labelled(tables, inputs), inputs.bids_filter_file, "series")
    tables = _in_one_space(tables, inputs.space)
    headers = {file.path: readable(file.path) for file in tables}
    study = ReadyStudy(door.folder, atlases, headers, Beside(files))
    kind = study.kind(tables)
    by_run: dict[Key, list[IndexedFile]] = {}
    for file in tables:
        if kind_of(file) == kind:
            by_run.setdefault(acquisition_of(file), []).append(file)
    runs = [study.run(of_run, kind) for of_run in by_run.values()]
    if all(run.problem for run in runs):
        raise InputError(f"{runs[0].label}: {runs[0].problem}")
    return sorted(_without_excluded(runs, inputs), key=lambda run: run.source.name)


def _elsewhere(folder: Path) -> str:
    """Say what else lies there: people one folder deeper, or the files of a CONN project."""
    deeper = sorted({path.parent.name for path in folder.glob("*/sub-*") if path.is_dir()})
    if deeper and not people(folder):
        return f" There are folders sub-* in {', '.join(deeper[:4])}: give the path of that one."
    projects = ("", "results/preprocessing/", "*/results/preprocessing/")
    if any(any(folder.glob(place + CONN)) for place in projects):
        return (
            " Files of CONN say neither person nor session: link them under names of BIDS, such "
            "as sub-01/ses-pre/func/sub-01_ses-pre_task-rest_timeseries.mat."
        )
    return ""


def _asked(door: Door, inputs: Inputs) -> list[str]:
    """Return the labels of the participants to look at; those asked for must be there."""
    everybody = people(door.folder)
    if unknown := sorted(set(inputs.participant_label) - set(everybody)):
        raise NothingSelectedError(
            f"No participant {', '.join(unknown)} in {shown(door.folder)}. Participants there: "
            f"{', '.join(everybody[:20]) or 'none'}."
        )
    return sorted(inputs.participant_label) or everybody


def _labelled(files: Iterable[IndexedFile], inputs: Inputs) -> list[IndexedFile]:
    """Keep the sessions and tasks asked for."""
    files = list(files)
    for key, option, wanted in (
        ("ses", "session", inputs.session_label),
        ("task", "task", inputs.task_id),
    ):
        labels = {file.entities.get(key, "none") for file in files}
        if unknown := sorted(set(wanted) - labels):
            raise NothingSelectedError(
                f"No {option} {', '.join(unknown)} among the tables of regions. "
                f"{option.capitalize()}s there: {', '.join(sorted(labels))}."
            )
        files = [file for file in files if not wanted or file.entities.get(key) in wanted]
    return files


def _in_one_space(files: Sequence[IndexedFile], asked: str | None) -> list[IndexedFile]:
    """Keep the tables of one space; those that name none stay."""
    had: dict[str, set[Key]] = {}
    for file in files:
        if space := file.entities.get("space"):
            had.setdefault(space, set()).add(acquisition_of(file))
    if asked is not None and had and asked not in had:
        raise NothingSelectedError(
            f"No table of regions in space {asked}. Spaces there: {', '.join(sorted(had))}."
        )
    order = {space: place for place, space in enumerate(PREFERRED_SPACES)}
    chosen = asked or min(
        had, key=lambda s: (-len(had[s]), order.get(s, len(order)), s), default=""
    )
    if len(had) > 1:
        logger.info("Spaces there: %s. Using %s.", ", ".join(sorted(had)), chosen)
    return [file for file in files if file.entities.get("space", chosen) == chosen]


def _without_excluded(runs: Sequence[ReadyRun], inputs: Inputs) -> list[ReadyRun]:
    """Mark the runs that the user's list leaves out."""
    names = {path.name: run.entities["sub"] for run in runs for path in run.tables.values()}
    out = excluded(names, inputs.exclude, ())
    problem = f"{LEFT_OUT} {Path(inputs.exclude or '').name}"
    return [
        replace(run, problem=problem)
        if not run.problem and any(path.name in out for path in run.tables.values())
        else run
        for run in runs
    ]
