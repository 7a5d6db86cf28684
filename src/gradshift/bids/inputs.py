"""Finding the runs of a study: what to read, and what is known of it beforehand."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradshift.bids.content import absent, content_of, get_command
from gradshift.bids.dataset import describe, find_bold
from gradshift.bids.diagnosis import diagnose, evidence
from gradshift.bids.doors import DENOISED_DESCS, ready_made
from gradshift.bids.exclude import excluded
from gradshift.bids.filters import Condition, filtered, read_filters
from gradshift.bids.grids import GRID, Key, acquired, choose_grid, grid_of
from gradshift.bids.index import index, people
from gradshift.bids.makers import makers
from gradshift.bids.measurements import several_measurements
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name
from gradshift.bids.opener import check_file, missing, shown
from gradshift.bids.parse import IndexedFile
from gradshift.bids.repetition import repetition_time
from gradshift.core.series.series import Gives
from gradshift.errors import (
    GradshiftError,
    InputError,
    MissingInputError,
    NothingSelectedError,
    reason,
)
from gradshift.images.volumes import read_header
from gradshift.settings import Inputs, Settings

LEFT_OUT = "left out by"
"""How the problem of a run starts that the user does not want."""

IMAGES = (".nii.gz", ".nii")

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One preprocessed BOLD run.

    Parameters
    ----------
    entities : dict
        BIDS entities of the file by their short names, in BIDS order.
    bold : Path
    mask : Path, optional
        None for an image that another program denoised and left no mask beside: its voxels with
        a signal are taken.
    confounds : Path
        Of a denoised image, a table with the framewise displacement.
    outliers : Path, optional
        Of a denoised image, the volumes that were left out.
    denoised : bool
        Whether another program denoised the image.
    tr : float
        Repetition time in seconds.
    shape : tuple of int
        Voxels along x, y and z.
    affine : tuple of tuple of float
        4 x 4, voxel to millimetre.
    n_volumes : int
    problem : str
        Why the run cannot be used; empty if it can. Fields that could not be read are zero.
    remarks : tuple of str
        What is odd, and does not hinder: a sentence each.
    absent : tuple of Path
        Its files that are links whose content is not here.
    """

    entities: Mapping[str, str]
    bold: Path
    mask: Path | None
    confounds: Path
    outliers: Path | None = None
    denoised: bool = False
    tr: float = 0.0
    shape: tuple[int, int, int] = (0, 0, 0)
    affine: tuple[tuple[float, ...], ...] = ()
    n_volumes: int = 0
    problem: str = ""
    remarks: tuple[str, ...] = ()
    absent: tuple[Path, ...] = ()

    @property
    def source(self) -> Path:
        """The file that the values come from."""
        return self.bold

    @property
    def files(self) -> Sequence[Path]:
        """All files that are read."""
        named = (self.bold, self.mask, self.confounds, self.outliers)
        return [path for path in named if path is not None]

    @property
    def gives(self) -> Gives:
        """What there is of the run."""
        return "voxels"

    @property
    def label(self) -> str:
        """The run as a log line names it, such as ``sub-01 ses-pre task-rest run-1``."""
        named = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")
        return " ".join(f"{key}-{self.entities[key]}" for key in named if key in self.entities)


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
    study = _Study(root, inputs, people(root))
    files = study.files(study.asked)
    bolds = study.select(files, study.asked)
    grid = study.grid(bolds, atlas_spaces)
    beside = _Beside(files, denoised=study.denoised)
    runs = [
        _run(file, beside, root)
        if grid_of(file.entities) == grid
        else _elsewhere(file, grid, beside)
        for file in _one_each(bolds, grid)
    ]
    runs = _not_twice(_told_apart(study.without_excluded(runs, files)))
    return sorted(runs, key=lambda run: run.bold.name)


@dataclass(frozen=True)
class _Study:
    """A preprocessed dataset, and what the user wants of it.

    Parameters
    ----------
    root : Path
    inputs : Inputs
    everybody : list of str
        Labels of all participants.
    """

    root: Path
    inputs: Inputs
    everybody: list[str]

    @property
    def denoised(self) -> bool:
        """Whether another program denoised the images."""
        return ready_made(self.inputs.derivatives) is not None

    @property
    def asked(self) -> list[str]:
        """Labels of the participants to look at; those asked for must be there."""
        wanted, root = self.inputs.participant_label, shown(self.root)
        if not self.everybody:
            raise NothingSelectedError(f"There is no participant folder (sub-...) in {root}.")
        if unknown := sorted(set(wanted) - set(self.everybody)):
            raise NothingSelectedError(
                f"No participant {', '.join(unknown)} in {root}. Participants there: "
                f"{_listed(self.everybody)}."
            )
        return sorted(wanted) or self.everybody

    def files(self, participants: Sequence[str]) -> list[IndexedFile]:
        """List the files in the func folders of participants."""
        return index(self.root, participants, self.inputs.bids_database_dir)

    def grid(self, bolds: Sequence[IndexedFile], atlas_spaces: Mapping[str, Sequence[str]]) -> Key:
        """Choose the grid that all runs of the study share."""
        grids = {grid_of(file.entities) for file in bolds}
        if len(grids) > 1 and set(self.asked) < set(self.everybody):
            bolds = _in_a_space(self._chosen(self.files(self.everybody)))
        return choose_grid(_in_a_space(bolds), self.inputs.space, atlas_spaces)

    def select(
        self, files: Sequence[IndexedFile], participants: Sequence[str]
    ) -> list[IndexedFile]:
        """Keep the preprocessed BOLD files that pass the filters, or say what there is."""
        prepared = self._preprocessed(files)
        if not _in_a_space(prepared) and self.denoised:
            raise NothingSelectedError(
                f"There is no denoised BOLD file in a standard space (*_space-*_desc-"
                f"{{{','.join(DENOISED_DESCS)}}}_bold.nii.gz) in {shown(self.root)}; images with "
                'another desc are chosen with a --bids-filter-file such as {"bold": {"desc": '
                '"clean"}}.'
            )
        if not _in_a_space(prepared):
            raise NothingSelectedError(diagnose(evidence(files, self._makers()), self.root))
        if idle := set(participants) - {file.entities["sub"] for file in prepared}:
            logger.warning("No preprocessed BOLD file for sub-%s.", _listed(idle))
        for key, option, wanted in (
            ("ses", "session", self.inputs.session_label),
            ("task", "task", self.inputs.task_id),
        ):
            self._insist(prepared, key, option, wanted)
        chosen = filtered(self._labelled(prepared), self.inputs.bids_filter_file, "bold")
        return _without_echoes(chosen)

    def _chosen(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        """Select as `select` does, of everybody, and without a word."""
        filters = read_filters(self.inputs.bids_filter_file, "bold")
        return _without_echoes(
            [
                file
                for file in self._labelled(self._preprocessed(files))
                if all(c.holds(file.entities.get(key)) for key, c in filters.items())
            ]
        )

    def _preprocessed(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        filters = read_filters(self.inputs.bids_filter_file, "bold")
        usual = DENOISED_DESCS if self.denoised else ("preproc",)
        desc = filters.get("desc", Condition(frozenset(usual)))
        return [
            file
            for file in files
            if file.suffix == "bold"
            and file.extension in IMAGES
            and desc.holds(file.entities.get("desc"))
            and file.entities.get("part", "mag") == "mag"
            and not file.more
        ]

    def _labelled(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        sessions, tasks = self.inputs.session_label, self.inputs.task_id
        return [
            file
            for file in files
            if (not sessions or file.entities.get("ses") in sessions)
            and (not tasks or file.entities.get("task") in tasks)
        ]

    def _insist(
        self, files: Sequence[IndexedFile], key: str, option: str, wanted: Sequence[str]
    ) -> None:
        """Refuse a label that the study does not have; say one that only these people lack."""
        labels = {file.entities[key] for file in files if key in file.entities}
        unknown = sorted(set(wanted) - labels)
        if not unknown:
            return
        message = (
            f"No {option} {', '.join(unknown)} among the preprocessed BOLD files in "
            f"{shown(self.root)}. {option.capitalize()}s there: {_listed(labels) or 'none'}."
        )
        if set(self.asked) < set(self.everybody) and set(wanted) & labels:
            everybody = self._preprocessed(self.files(self.everybody))
            if set(unknown) <= {file.entities.get(key) for file in everybody}:
                logger.warning("%s", message)
                return
        raise NothingSelectedError(message)

    def _makers(self) -> tuple[str, ...]:
        try:
            return makers(describe(self.root))
        except GradshiftError:
            return ()

    def without_excluded(self, runs: Sequence[Run], files: Sequence[IndexedFile]) -> list[Run]:
        """Mark the runs that the user's list leaves out."""
        names = {f.path.name: f.entities["sub"] for f in files if f.suffix == "bold"}
        out = excluded(names, self.inputs.exclude, set(self.everybody) - set(self.asked))
        problem = f"{LEFT_OUT} {Path(self.inputs.exclude or '').name}"
        return [
            replace(run, problem=problem) if not run.problem and run.bold.name in out else run
            for run in runs
        ]


def _listed(labels: Iterable[str], most: int = 20) -> str:
    labels = sorted(set(labels))
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _in_a_space(files: Iterable[IndexedFile]) -> list[IndexedFile]:
    return [file for file in files if "space" in file.entities]


def _without_echoes(files: Sequence[IndexedFile]) -> list[IndexedFile]:
    """Leave out the echoes of what is there combined, or in more than one echo."""
    echoes: dict[Key, set[str | None]] = {}
    for file in _in_a_space(files):
        echoes.setdefault(_without_echo(file), set()).add(file.entities.get("echo"))
    kept = [
        file
        for file in files
        if "echo" not in file.entities
        or echoes.get(_without_echo(file), {None}) == {file.entities["echo"]}
    ]
    if several := {
        key for key, labels in echoes.items() if len(labels) > 1 and None not in labels
    }:
        names = sorted(f"{dict(key)['sub']}" for key in several)
        raise InputError(
            f"BOLD of sub-{_listed(names)} comes as several single echoes and no combination of "
            'them; choose one with --bids-filter-file, such as {"bold": {"echo": 1}}.'
        )
    return kept


def _without_echo(file: IndexedFile) -> Key:
    return tuple((k, v) for k, v in acquired(file.entities) if k != "echo")


def _one_each(files: Sequence[IndexedFile], grid: Key) -> list[IndexedFile]:
    """Return the files on a grid, and one of each acquisition that has none."""
    on_grid = [file for file in files if grid_of(file.entities) == grid]
    had = {acquired(file.entities) for file in on_grid}
    others = {acquired(f.entities): f for f in reversed(_spaces_first(files))}
    return on_grid + [file for key, file in others.items() if key not in had]


def _spaces_first(files: Sequence[IndexedFile]) -> list[IndexedFile]:
    return sorted(files, key=lambda file: ("space" not in file.entities, file.path.name))


class _Beside:
    """Files by what their names say, to find the mask and the confounds of a run."""

    def __init__(self, files: Sequence[IndexedFile], *, denoised: bool = False) -> None:
        wanted = ("mask", "timeseries", "regressors", "motion", "outliers")
        self.denoised = denoised
        self.paths: dict[tuple[object, ...], Path] = {}
        for file in sorted(files, key=lambda file: file.extension):
            if file.suffix in wanted and file.extension in (*IMAGES, ".tsv"):
                key = self._key(file.path.parent, file.entities, file.suffix)
                self.paths[key] = file.path

    @staticmethod
    def _key(folder: Path, entities: Mapping[str, str], suffix: str) -> tuple[object, ...]:
        return folder, suffix, frozenset(entities.items())

    def find(self, folder: Path, entities: Mapping[str, str], suffixes: Sequence[str]) -> Path:
        """Return the file with these entities; with ``echo`` or else without it.

        Where there is none, the path that it would have.
        """
        less = {k: v for k, v in entities.items() if k not in ("echo", "part")}
        for names in (entities, less):
            for suffix in suffixes:
                if path := self.paths.get(self._key(folder, names, suffix)):
                    return path
        extension = ".nii.gz" if suffixes[0] == "mask" else ".tsv"
        return folder / file_name(entities, suffixes[0] + extension)


def _paths(file: IndexedFile, beside: _Beside) -> Run:
    """Name the files that belong to a BOLD file."""
    entities = {k: v for k, v in file.entities.items() if k != "desc"}
    bare = {k: v for k, v in entities.items() if k not in GRID}
    folder = file.path.parent
    mask = beside.find(folder, {**entities, "desc": "brain"}, ["mask"])
    confounds = beside.find(folder, {**bare, "desc": "confounds"}, ["timeseries", "regressors"])
    if not beside.denoised:
        return Run(entities=entities, bold=file.path, mask=mask, confounds=confounds)
    motion, outliers = (beside.find(folder, bare, [name]) for name in ("motion", "outliers"))
    return Run(
        entities=entities,
        bold=file.path,
        mask=mask if mask.exists() or mask.is_symlink() else None,
        confounds=motion if motion.exists() else confounds,
        outliers=outliers if outliers.exists() else None,
        denoised=True,
    )


def _elsewhere(file: IndexedFile, grid: Key, beside: _Beside) -> Run:
    """Name a run that does not come on the grid of the others."""
    run = _paths(file, beside)
    wanted = dict(grid)
    space = file.entities.get("space", "the space of the scanner")
    same = space == wanted["space"]
    what = "at that resolution" if same else f"in {wanted['space']}"
    bare = {k: v for k, v in run.entities.items() if k not in GRID}
    return replace(
        run,
        entities={**bare, **wanted},
        problem=f"{file.path.name} is in {space}, and there is no such file {what}, as the other "
        "runs have it; run fMRIPrep with the same output spaces for all.",
    )


def _run(file: IndexedFile, beside: _Beside, root: Path) -> Run:
    """Read the header and the sidecars of a BOLD file; keep what is wrong as the problem."""
    run = _paths(file, beside)
    sidecars = [run.bold.with_name(run.bold.name.split(".")[0] + ".json")]
    sidecars.append(run.confounds.with_suffix(".json"))
    masks = [run.mask] if run.mask else []
    run = replace(run, absent=absent([run.bold, *masks, run.confounds, *sidecars]))
    try:
        _check_place(file)
        _check_content(run, sidecars[0])
        check_file(run.bold)
        header = read_header(run.bold)
        if run.mask is not None:
            check_file(run.mask)
        run = replace(
            run,
            shape=header.shape,
            affine=tuple(tuple(float(v) for v in row) for row in header.affine),
            n_volumes=header.n_volumes,
        )
        metadata = inherited(run.bold, file.entities, root)
        seconds, remark = repetition_time(run.bold, metadata, header.tr)
        return replace(run, tr=seconds, remarks=(remark,) if remark else ())
    except Exception as error:  # of one run, whatever it is
        return _left_out(run, error)


def _left_out(run: Run, error: Exception) -> Run:
    """Keep what one run brings about as its problem, so that the others go on."""
    logger.debug("%s", run.label, exc_info=error)
    return replace(run, problem=reason(error))


def _check_content(run: Run, sidecar: Path) -> None:
    """Refuse a run whose images or sidecar are links without content."""
    if lacking := [p for p in (run.bold, run.mask, sidecar) if p in run.absent]:
        if len(run.absent) == 1:
            raise MissingInputError(missing(lacking[0]))
        raise MissingInputError(
            f"{', '.join(path.name for path in run.absent)} are links whose content is not here; "
            "in a DataLad dataset, 'datalad get' brings it."
        )


def _check_place(file: IndexedFile) -> None:
    """Refuse a file that lies in the folder of another person or session."""
    for key in ("sub", "ses"):
        label = f"_{key}-{file.entities.get(key)}_"
        if key in file.entities and label not in f"_{file.path.name}":
            raise InputError(
                f"{file.path} lies in the folder of {label.strip('_')}, and its name says "
                "otherwise; move it or rename it, whichever is wrong."
            )


def _told_apart(runs: Sequence[Run]) -> list[Run]:
    """Refuse files that say they are the same run: none can be preferred."""

    def said(run: Run) -> tuple[tuple[str, str], ...]:
        number = {"run": run.entities["run"].lstrip("0")} if "run" in run.entities else {}
        return tuple({**run.entities, **number}.items())

    return _refused(
        runs,
        said,
        "{this} and {other} are the same run by their names; take one away, or leave it out with "
        "--exclude.",
    )


def _not_twice(runs: Sequence[Run]) -> list[Run]:
    """Refuse the same image under two names: one of the names is wrong, or both."""
    return _refused(
        runs,
        lambda run: content_of(run.bold) if run.bold.suffix == ".gz" else None,
        "{this} is the same image as {other} (same size and checksum): one of them lies under a "
        "wrong name.",
    )


def _refused(runs: Sequence[Run], key: Callable[[Run], Any], text: str) -> list[Run]:
    """Mark the runs that share a key; None is shared with nobody."""
    by_key: dict[Any, list[Run]] = {}
    marked: dict[Path, str] = {}
    for run in runs:
        try:
            if not run.problem and (shared := key(run)) is not None:
                by_key.setdefault(shared, []).append(run)
        except OSError as error:
            marked[run.bold] = reason(error)
    for same in (same for same in by_key.values() if len(same) > 1):
        for run in same:
            other = next(other for other in same if other is not run)
            marked[run.bold] = text.format(this=run.bold.name, other=other.bold.name)
    return [replace(run, problem=marked.get(run.bold, run.problem)) for run in runs]


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
