"""Finding the runs of a study: what to read, and what is known of it beforehand."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradshift.bids.content import get_command
from gradshift.bids.dataset import find_bold
from gradshift.bids.doubles import not_twice, told_apart
from gradshift.bids.grids import Key, acquired, grid_of
from gradshift.bids.index import people
from gradshift.bids.measurements import several_measurements
from gradshift.bids.parse import IndexedFile
from gradshift.bids.run import Run
from gradshift.bids.runfiles import Beside, elsewhere, read_run
from gradshift.bids.wanted import Wanted
from gradshift.errors import MissingInputError
from gradshift.settings import Inputs, Settings

logger = logging.getLogger("gradshift")


def find_runs(settings: Settings, atlas_spaces: Mapping[str, Sequence[str]]) -> list[Run]:
    """Find the BOLD runs that the settings ask for.

    Only the folders of the participants asked for are looked at (those of all where their runs
    come on several grids: the study has one), and no metadata but those of the files chosen.

    Parameters
    ----------
    settings : Settings
    atlas_spaces : mapping of str to sequence of str
        The spaces every atlas comes in, by atlas name.

    Returns
    -------
    list of Run
        In the order of their entities. A run that cannot be used has its `problem` set.

    Raises
    ------
    NotBidsError, MissingInputError
        If there is no preprocessed dataset, or the content of all runs is elsewhere.
    NothingSelectedError
        If the filters leave nothing.
    """
    root = _fmriprep_of(settings)
    runs = _found(root, settings.inputs, atlas_spaces)
    _say(runs, root)
    return runs


def runs_of_first(
    settings: Settings, atlas_spaces: Mapping[str, Sequence[str]], most: int
) -> list[Run]:
    """Find the runs of the first people of the study, whoever is asked for.

    Parameters
    ----------
    settings : Settings
    atlas_spaces : mapping of str to sequence of str
    most : int
        So many people, in the order of their labels.

    Raises
    ------
    GradshiftError
        As `find_runs`.
    """
    root = _fmriprep_of(settings)
    first = tuple(sorted(people(root))[:most])
    return _found(root, replace(settings.inputs, participant_label=first), atlas_spaces)


def _fmriprep_of(settings: Settings) -> Path:
    """Return the output of fMRIPrep that settings ask for."""
    inputs = settings.inputs
    return find_bold(
        settings.bids_dir, inputs.derivatives, validate=not inputs.skip_bids_validation
    )


def _found(root: Path, inputs: Inputs, atlas_spaces: Mapping[str, Sequence[str]]) -> list[Run]:
    """Find the runs in the order of their entities."""
    wanted = Wanted(root, inputs, people(root))
    files = wanted.files(wanted.asked)
    bolds = wanted.select(files, wanted.asked)
    grid = wanted.grid(bolds, atlas_spaces)
    beside = Beside(files, denoised=wanted.denoised)
    runs = [
        read_run(file, beside, root)
        if grid_of(file.entities) == grid
        else elsewhere(file, grid, beside)
        for file in _one_each(bolds, grid)
    ]
    runs = not_twice(told_apart(wanted.without_excluded(runs, files)))
    return sorted(runs, key=lambda run: run.bold.name)


def _one_each(files: Sequence[IndexedFile], grid: Key) -> list[IndexedFile]:
    """Return the files on a grid, and one of each acquisition that has none."""
    on_grid = [file for file in files if grid_of(file.entities) == grid]
    had = {acquired(file.entities) for file in on_grid}
    others = {acquired(f.entities): f for f in reversed(_spaces_first(files))}
    return on_grid + [file for key, file in others.items() if key not in had]


def _spaces_first(files: Sequence[IndexedFile]) -> list[IndexedFile]:
    return sorted(files, key=lambda file: ("space" not in file.entities, file.path.name))


def _say(runs: Sequence[Run], root: Path) -> None:
    """Say once for all runs what they have in common: content elsewhere, remarks, kinds.

    Raises
    ------
    MissingInputError
        If the content of every run is elsewhere.
    """
    lacking = [run for run in runs if run.absent]
    if lacking:
        paths = [path for run in lacking for path in run.absent]
        message = (
            f"{len(paths)} files of {len(lacking)} runs are links whose content is not here; get "
            f"it with DataLad: {get_command(root, paths)}"
        )
        if all(run.problem and run.absent for run in runs):
            raise MissingInputError(message)
        logger.error("%s", message)
    remarks: dict[str, list[str]] = {}
    for run in runs:
        for remark in run.remarks:
            remarks.setdefault(remark, []).append(run.label)
    for remark, labels in remarks.items():
        more = f" and {len(labels) - 1} more runs" if len(labels) > 1 else ""
        logger.warning("%s%s: %s", labels[0], more, remark)
    for several in several_measurements(run.entities for run in runs if not run.problem):
        logger.warning("%s", several.sentence)
