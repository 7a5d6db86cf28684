"""Finding the runs of a study: what to read, and what is known of it beforehand."""

import logging
import os
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import find_fmriprep, missing, read_json
from gradshift.bids.index import IndexedFile, index
from gradshift.bids.names import ENTITIES, file_name, is_label
from gradshift.errors import GradshiftError, InputError, MissingInputError, NothingSelectedError
from gradshift.images.volumes import read_header
from gradshift.settings import Settings

PREFERRED_SPACES = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")

LEFT_OUT = "left out by"
"""How the problem of a run starts that the user does not want."""

GZIP_END = 8
"""Bytes at the end of a gzip file: the checksum and the size of its content."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One preprocessed BOLD run.

    Parameters
    ----------
    entities : dict
        BIDS entities of the file by their short names, in BIDS order.
    bold, mask, confounds : Path
    tr : float
        Repetition time in seconds.
    shape : tuple of int
        Voxels along x, y and z.
    affine : tuple of tuple of float
        4 x 4, voxel to millimetre.
    n_volumes : int
    problem : str
        Why the run cannot be used; empty if it can. Fields that could not be read are zero.
    """

    entities: Mapping[str, str]
    bold: Path
    mask: Path
    confounds: Path
    tr: float = 0.0
    shape: tuple[int, int, int] = (0, 0, 0)
    affine: tuple[tuple[float, ...], ...] = ()
    n_volumes: int = 0
    problem: str = ""

    @property
    def label(self) -> str:
        """The run as a log line names it, such as ``sub-01 ses-pre task-rest run-1``."""
        named = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run")
        return " ".join(f"{key}-{self.entities[key]}" for key in named if key in self.entities)


def find_runs(settings: Settings, atlas_spaces: Mapping[str, Sequence[str]]) -> list[Run]:
    """Find the BOLD runs that the settings ask for.

    Only the folders of the participants asked for are looked at, and no metadata but those
    of the files chosen are read.

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
        If there is no preprocessed dataset.
    NothingSelectedError
        If the filters leave nothing.
    """
    root = find_fmriprep(
        settings.bids_dir,
        settings.inputs.derivatives,
        validate=not settings.inputs.skip_bids_validation,
    )
    participants = _participants(root, settings.inputs.participant_label)
    files = index(root, participants, settings.inputs.bids_database_dir)
    bolds = _selected(files, settings, root, participants)
    space = _choose_space(bolds, settings.inputs.space, atlas_spaces)
    there = {file.path for file in files}
    candidates = [_run(file, there, root) for file in bolds if file.entities["space"] == space]
    runs = _excluded(candidates, settings.inputs.exclude)
    runs = _finest(_told_apart(runs)) + _without_space(bolds, space, there)
    return sorted(_not_twice(runs), key=lambda run: run.bold.name)


def _participants(root: Path, wanted: Sequence[str]) -> list[str]:
    """List the participants to look at; those asked for must be there."""
    names = sorted(p.name.removeprefix("sub-") for p in root.glob("sub-*") if p.is_dir())
    there = [name for name in names if is_label(name)]
    for odd in sorted(set(names) - set(there)):
        logger.warning(
            "The folder sub-%s in %s is left out: a BIDS label has letters and digits only; "
            "rename it.", odd, root,
        )  # fmt: skip
    if not there:
        raise NothingSelectedError(f"There is no participant folder (sub-...) in {root}.")
    if absent := sorted(set(wanted) - set(there)):
        raise NothingSelectedError(
            f"No participant {', '.join(absent)} in {root}. Participants there: {_listed(there)}."
        )
    return sorted(wanted) or there


def _listed(labels: Iterable[str], most: int = 20) -> str:
    labels = sorted(set(labels))
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _selected(
    files: Sequence[IndexedFile], settings: Settings, root: Path, participants: Sequence[str]
) -> list[IndexedFile]:
    """Keep the preprocessed BOLD files that pass the filters, or say what there is."""
    found = [
        file
        for file in files
        if file.suffix == "bold"
        and file.entities.get("desc") == "preproc"
        and "space" in file.entities
        and "echo" not in file.entities
    ]
    if not found:
        raise NothingSelectedError(
            f"No preprocessed BOLD file in a standard space (*_space-*_desc-preproc_bold.nii.gz) "
            f"for {_listed(participants)} in {root}. Run fMRIPrep with --output-spaces "
            "MNI152NLin2009cAsym:res-2."
        )
    if idle := set(participants) - {file.entities["sub"] for file in found}:
        logger.warning("No preprocessed BOLD file for sub-%s.", _listed(idle))
    for key, option, wanted in (
        ("ses", "session", settings.inputs.session_label),
        ("task", "task", settings.inputs.task_id),
    ):
        if not wanted:
            continue
        there = {file.entities[key] for file in found if key in file.entities}
        found = [file for file in found if file.entities.get(key) in wanted]
        if absent := sorted(set(wanted) - there):
            message = (
                f"No {option} {', '.join(absent)} among the preprocessed BOLD files in {root}. "
                f"{option.capitalize()}s there: {_listed(there) or 'none'}."
            )
            if not found:
                raise NothingSelectedError(message)
            logger.warning(message)
    return filtered(found, settings.inputs.bids_filter_file, "bold")


def filtered(found: list[IndexedFile], path: str | None, entry: str) -> list[IndexedFile]:
    """Apply an entry of a filter file, with the entity names of pybids.

    Parameters
    ----------
    found : list of IndexedFile
    path : str or None
        The filter file; None keeps all.
    entry : {'bold', 'pet'}

    Raises
    ------
    InputError
        If the entry is no object, or names an unknown entity.
    NothingSelectedError
        If it leaves nothing.
    """
    if path is None or not found:
        return found
    filters: dict[str, Any] = read_json(Path(path)).get(entry, {})
    if not isinstance(filters, dict):
        raise InputError(f"The filter file {path} should hold an object of filters as {entry!r}.")
    long_names = {name: key for key, name in ENTITIES.items()}
    conditions: dict[str, set[str] | None] = {}
    for name, value in filters.items():
        key = long_names.get(name, name)
        if name in ("datatype", "suffix", "extension"):
            continue
        if key not in ENTITIES:
            raise InputError(
                f"The filter file {path} has an unknown entity {name!r}; entities are "
                f"{', '.join(sorted(long_names))}."
            )
        conditions[key] = None if value is None else _words(value)
    kept = [
        file
        for file in found
        if all(_passes(file.entities.get(key), allowed) for key, allowed in conditions.items())
    ]
    if not kept:
        raise NothingSelectedError(
            f"The filters of {path} leave none of {len(found)} {entry.upper()} files, such as "
            f"{found[0].path.name}."
        )
    return kept


def _words(value: Any) -> set[str]:
    return {str(word) for word in (value if isinstance(value, list) else [value])}


def _passes(value: str | None, allowed: set[str] | None) -> bool:
    if allowed is None:
        return value is None
    numbers = {word.lstrip("0") for word in allowed if word.isdigit()}
    return value in allowed or (value is not None and value.lstrip("0") in numbers)


def _choose_space(
    bolds: Sequence[IndexedFile], asked: str | None, atlas_spaces: Mapping[str, Sequence[str]]
) -> str:
    """Choose the space: the one asked for, or the first that every atlas is at hand for.

    Where there is none, loading the atlas says what it comes in, or fetches it.
    """
    there = {file.entities["space"] for file in bolds}
    fitting = [s for s in there if all(s in spaces for spaces in atlas_spaces.values())]
    if asked is not None and asked not in there:
        raise NothingSelectedError(
            f"No preprocessed BOLD file in space {asked}. Spaces there: {_listed(there)}."
        )
    known = fitting or sorted(there)
    order = [s for s in PREFERRED_SPACES if s in known] + sorted(
        set(known) - set(PREFERRED_SPACES)
    )
    space = asked or order[0]
    if len(there) > 1:
        logger.info("Spaces there: %s. Using %s.", _listed(there), space)
    return space


def _without_space(bolds: Sequence[IndexedFile], space: str, there: Container[Path]) -> list[Run]:
    """Name the runs that come in other spaces only."""
    had = {_acquired(file.entities) for file in bolds if file.entities["space"] == space}
    others = {_acquired(f.entities): f for f in bolds if _acquired(f.entities) not in had}
    return [
        replace(
            _paths(file, there),
            entities={**_without_grid(file.entities), "space": space},
            problem=f"{file.path.name} is in {file.entities['space']}, and there is no such "
            f"file in {space}; run fMRIPrep with that output space.",
        )
        for file in others.values()
    ]


def _without_grid(entities: Mapping[str, str]) -> dict[str, str]:
    """Return what tells one acquisition from another: no space, no resolution."""
    return {
        k: v for k, v in entities.items() if k not in ("space", "cohort", "res", "den", "desc")
    }


def _acquired(entities: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(_without_grid(entities).items())


def _finest(runs: Sequence[Run]) -> list[Run]:
    """Keep the finest resolution of each acquisition."""
    best: dict[tuple[tuple[str, str], ...], Run] = {}
    for run in runs:
        key = _acquired(run.entities)
        if key not in best or _rank(run) < _rank(best[key]):
            best[key] = run
    if len(best) < len(runs):
        used = _listed({run.entities.get("res", "n/a") for run in best.values()})
        there = _listed({run.entities.get("res", "n/a") for run in runs})
        logger.info("Resolutions there: %s. Using the finest: res-%s.", there, used)
    return list(best.values())


def _rank(run: Run) -> tuple[bool, float, str]:
    """Order files of the same run: what the user leaves out comes last, fine ones first."""
    return run.problem.startswith(LEFT_OUT), _voxel_size(run), run.bold.name


def _voxel_size(run: Run) -> float:
    """Volume of a voxel; infinite where the header could not be read."""
    if not run.affine:
        return float("inf")
    (a, b, c, _), (d, e, f, _), (g, h, i, _) = run.affine[:3]
    return abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))


def _paths(file: IndexedFile, there: Container[Path]) -> Run:
    """Name the files that belong to a BOLD file."""
    entities = {k: v for k, v in file.entities.items() if k != "desc"}
    acquired = _without_grid(entities)
    folder = file.path.parent

    def beside(entities: Mapping[str, str], desc: str, suffixes: Sequence[str]) -> Path:
        names = [file_name({**entities, "desc": desc}, suffix) for suffix in suffixes]
        paths = [folder / name for name in names]
        return next((path for path in paths if path in there), paths[0])

    return Run(
        entities=entities,
        bold=file.path,
        mask=beside(entities, "brain", ("mask.nii.gz", "mask.nii")),
        confounds=beside(acquired, "confounds", ("timeseries.tsv", "regressors.tsv")),
    )


def _run(file: IndexedFile, there: Container[Path], root: Path) -> Run:
    """Read the header and the sidecars of a BOLD file; keep what is wrong as the problem."""
    run = _paths(file, there)
    try:
        _check_place(file)
        header = read_header(run.bold)
        if not run.mask.exists():
            raise MissingInputError(missing(run.mask))
        run = replace(
            run,
            shape=header.shape,
            affine=tuple(tuple(float(v) for v in row) for row in header.affine),
            n_volumes=header.n_volumes,
        )
        return replace(run, tr=repetition_time(run.bold, file.entities, root, header.tr))
    except GradshiftError as error:
        return replace(run, problem=str(error))


def _check_place(file: IndexedFile) -> None:
    """Refuse a file that lies in the folder of another person or session."""
    for key in ("sub", "ses"):
        said = f"_{key}-{file.entities.get(key)}_"
        if key in file.entities and said not in f"_{file.path.name}":
            raise InputError(
                f"{file.path} lies in the folder of {said.strip('_')}, and its name says "
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

    def content(run: Run) -> tuple[int, bytes] | None:
        if run.problem or run.bold.suffix != ".gz":
            return None
        with run.bold.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - GZIP_END, 0))
            return size, file.read()

    return _refused(
        runs,
        content,
        "{this} is the same image as {other} (same size and checksum): one of them lies under a "
        "wrong name.",
    )


def _refused(runs: Sequence[Run], key: Callable[[Run], Any], text: str) -> list[Run]:
    """Mark the runs that share a key; None is shared with nobody."""
    by_key: dict[Any, list[Run]] = {}
    for run in runs:
        if not run.problem and (found := key(run)) is not None:
            by_key.setdefault(found, []).append(run)
    marked = {}
    for same in (same for same in by_key.values() if len(same) > 1):
        for run in same:
            other = next(other for other in same if other is not run)
            marked[run.bold] = text.format(this=run.bold.name, other=other.bold.name)
    return [replace(run, problem=marked.get(run.bold, run.problem)) for run in runs]


def repetition_time(
    bold: Path, entities: Mapping[str, str], root: Path, from_header: float | None
) -> float:
    """Return the repetition time of a run in seconds.

    The JSON sidecar is asked first (with those higher up, by the inheritance principle),
    then the header.

    Raises
    ------
    InputError
        If neither tells, the value makes no sense, or the two differ.
    """
    found = inherited(bold, entities, root).get("RepetitionTime")
    if found is None and from_header is None:
        raise InputError(
            f"The repetition time of {bold.name} is not known: no RepetitionTime in its JSON "
            "sidecar, and 0 in its header. Add RepetitionTime, in seconds, to the sidecar."
        )
    where = "header" if found is None else "JSON sidecar"
    told = from_header if found is None else found
    if not isinstance(told, int | float) or isinstance(told, bool) or not 0 < told < 60:
        raise InputError(
            f"RepetitionTime of {bold.name} is {told!r} in its {where}; it must be in seconds, "
            "above 0 and below 60."
        )
    if found is None:
        return float(told)
    if from_header is not None and abs(from_header - found) > 0.01 * found:
        raise InputError(
            f"The repetition time of {bold.name} is {found:g} s in its JSON sidecar and "
            f"{from_header:g} s in its header; correct the one that is wrong."
        )
    return float(found)


def inherited(path: Path, entities: Mapping[str, str], root: Path) -> dict[str, Any]:
    """Collect the JSON metadata of a file: nearer files win over those higher up."""
    suffix = path.name.split(".")[0].rsplit("_", 1)[-1]
    metadata: dict[str, Any] = {}
    upwards = path.parent.relative_to(root).parents
    folders = [root / folder for folder in reversed([path.parent.relative_to(root), *upwards])]
    for folder in folders:
        matching = [
            sidecar
            for sidecar in folder.glob(f"*{suffix}.json")
            if _applies(sidecar.name, suffix, entities)
        ]
        for sidecar in sorted(matching, key=lambda p: p.name.count("_")):
            metadata.update(read_json(sidecar))
    return metadata


def _applies(name: str, suffix: str, entities: Mapping[str, str]) -> bool:
    """Tell whether every entity of a sidecar's name is one of the file's."""
    *parts, last = name.removesuffix(".json").split("_")
    pairs = (part.partition("-") for part in parts)
    return last == suffix and all(entities.get(key) == value for key, _, value in pairs)


def _excluded(runs: Sequence[Run], path: str | None) -> list[Run]:
    """Mark the runs that the user's list leaves out."""
    if path is None:
        return list(runs)
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise MissingInputError(missing(Path(path))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The list of runs to leave out, {path}, cannot be read: {error}.") from (
            error
        )
    starts = list(filter(None, (line.split("#")[0].strip() for line in lines)))
    patterns = {start: re.compile(re.escape(start) + r"(?![a-zA-Z0-9])") for start in starts}
    for start, pattern in patterns.items():
        if not any(pattern.match(run.bold.name) for run in runs):
            logger.warning("%s names %s, which is no run here.", path, start)
    return [
        replace(run, problem=f"{LEFT_OUT} {Path(path).name}")
        if not run.problem and any(p.match(run.bold.name) for p in patterns.values())
        else run
        for run in runs
    ]
