"""Datasets: which folder holds what, and what its descriptions say."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradshift.bids.doors import folder_of, ready_made
from gradshift.bids.makers import generated_by, makers
from gradshift.bids.opener import read_bytes, shown
from gradshift.bids.parse import is_ready
from gradshift.bids.wrongfolder import diagnose_folder, other_level
from gradshift.errors import (
    GradshiftError,
    InputError,
    MissingInputError,
    NotBidsError,
    SettingsError,
)

PREPARED = ("fmriprep", "nibabies", "deepprep", "fmripost")
"""Pipelines whose output has the names of fMRIPrep: parts of their names, in lower case."""

KINETICS = ("petsurfer", "petfit", "kinfitr", "qmodeling")
"""Pipelines that fit kinetic models and name their results as BIDS proposes (BEP023)."""

logger = logging.getLogger("gradshift")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    MissingInputError
        If there is no such file (or it is a dangling link).
    InputError
        If it cannot be read, or does not hold a JSON object.
    """
    try:
        content = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{shown(path)} is not a JSON file: {shown(error)}.") from error
    if not isinstance(content, dict):
        raise InputError(
            f"{path} should hold a JSON object, but holds a {type(content).__name__}."
        )
    return content


def may(path: str | Path, mode: int) -> bool:
    """Tell whether this process may use a path in a way, such as `os.R_OK`."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def describe(folder: Path) -> dict[str, object] | None:
    """Read the dataset_description.json of a folder; None where there is none."""
    path = folder / "dataset_description.json"
    return read_json(path) if path.exists() or path.is_symlink() else None


def made_by(description: Mapping[str, object] | None) -> str:
    """Return the lower-case name of the pipeline that made a derivative dataset, or ''."""
    named = generated_by(description)
    return str(named[0]["Name"]).lower() if named else ""


def is_prepared(description: Mapping[str, object] | None) -> bool:
    """Tell whether any pipeline that made a dataset names its files as fMRIPrep does."""
    return any(part in name.lower() for name in makers(description) for part in PREPARED)


def find_fmriprep(bids_dir: Path, derivatives: Sequence[str], *, validate: bool) -> Path:
    """Find the fMRIPrep output of a study.

    Parameters
    ----------
    bids_dir : Path
        A raw dataset or a study with derivatives, or an fMRIPrep output itself.
    derivatives : sequence of str
        ``fmriprep=PATH``: where to look instead.
    validate : bool
        Insist on a dataset_description.json.

    Returns
    -------
    Path
        The folder that holds ``sub-*``.

    Raises
    ------
    MissingInputError
        If a folder is not there, or nothing is preprocessed.
    NotBidsError
        If `bids_dir` is not a BIDS dataset.
    SettingsError
        If several outputs could be meant.
    """
    if not bids_dir.is_dir():
        raise MissingInputError(f"There is no folder {bids_dir}.")
    if (named := folder_of(derivatives, "fmriprep")) is not None:
        return named
    check_dataset(bids_dir, validate=validate)
    description = describe(bids_dir)
    if is_prepared(description):
        return bids_dir
    below = derivatives_of(bids_dir)
    ready = [path for path, entry in below.items() if is_prepared(entry)]
    ready = ready or [path for path in below if _has_names(path)]
    if not ready and _has_names(bids_dir):
        return bids_dir
    if len(ready) == 1:
        return ready[0]
    if ready:
        raise SettingsError(
            f"{shown(bids_dir)} has several fMRIPrep outputs: "
            f"{', '.join(shown(path.relative_to(bids_dir)) for path in ready)}. Choose one with "
            "--derivatives fmriprep=PATH."
        )
    beside = [path for path, entry in _datasets(bids_dir, 2).items() if is_prepared(entry)]
    if beside:
        raise MissingInputError(
            f"No fMRIPrep output in {shown(bids_dir / 'derivatives')}, but there is one in "
            f"{', '.join(map(shown, beside))}; name it with --derivatives fmriprep="
            f"{shown(beside[0])}."
        )
    makers_below = {
        str(path.relative_to(bids_dir / "derivatives")): ", ".join(makers(entry))
        for path, entry in below.items()
    }
    raise MissingInputError(diagnose_folder(bids_dir, makers(description), makers_below))


def derivatives_of(bids_dir: Path) -> dict[Path, Mapping[str, object] | None]:
    """Return the derivative datasets of a study with their descriptions.

    A folder without description whose folders have one stands for these, as in
    ``derivatives/fmriprep-20.2.7/fmriprep`` or ``derivatives/fmriprep/out/fmriprep``. A
    description that cannot be read is said, and counts as none: it may be of a dataset that
    nobody asks for.
    """
    return _datasets(bids_dir / "derivatives", 3)


def _datasets(folder: Path, depth: int) -> dict[Path, Mapping[str, object] | None]:
    """Return the datasets some folders deep, and the folders in which there is none."""
    datasets: dict[Path, Mapping[str, object] | None] = {}
    for path in _folders(folder):
        description = _description(path)
        deeper = {} if description or depth == 1 else _datasets(path, depth - 1)
        described = {place: inside for place, inside in deeper.items() if inside}
        datasets |= described if described else {path: description}
    return datasets


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(
            path for path in folder.iterdir() if path.name[:4] != "sub-" and path.is_dir()
        )
    except OSError:
        return []


def _description(folder: Path) -> dict[str, object] | None:
    try:
        return describe(folder)
    except GradshiftError as error:
        logger.warning("%s", error)
        return None


def _has_names(folder: Path, people: int = 3) -> bool:
    """Tell whether the first people of a folder have BOLD with the names of fMRIPrep."""
    persons = sorted(path for path in folder.glob("sub-*") if path.is_dir())[:people]
    places = (place for person in persons for place in (person, *sorted(person.glob("ses-*"))))
    return any(
        is_ready(name.name) for place in places for name in (place / "func").glob("*_bold*.nii*")
    )


def find_bold(bids_dir: Path, derivatives: Sequence[str], *, validate: bool) -> Path:
    """Find the dataset with the BOLD images of a study: fMRIPrep's, or ``denoised=PATH``.

    Parameters, result and errors are those of `find_fmriprep`.
    """
    door = ready_made(derivatives)
    if door is None:
        return find_fmriprep(bids_dir, derivatives, validate=validate)
    check_dataset(bids_dir, validate=validate)
    return door.folder


def check_dataset(bids_dir: Path, *, validate: bool) -> None:
    """Check that a folder is there and is a BIDS dataset.

    Parameters
    ----------
    bids_dir : Path
    validate : bool
        Insist on a dataset_description.json, unless there are names of fMRIPrep.

    Raises
    ------
    MissingInputError, NotBidsError
    """
    if not bids_dir.is_dir():
        raise MissingInputError(f"There is no folder {bids_dir}.")
    if validate and describe(bids_dir) is None and not _has_names(bids_dir):
        raise NotBidsError(
            f"{shown(bids_dir)} is not a BIDS dataset: it has no dataset_description.json. There "
            f"is: {_contents(bids_dir)}. "
            f"{other_level(bids_dir) or 'Give the top folder of the dataset.'}"
        )


def find_petprep(bids_dir: Path, derivatives: Sequence[str]) -> Path | None:
    """Find the PETPrep output of a study, or ``petprep=PATH``; see `_find_other`."""
    return _find_other(bids_dir, derivatives, "petprep", ("petprep",))


def find_kinetics(bids_dir: Path, derivatives: Sequence[str]) -> Path | None:
    """Find finished kinetic modelling of a study, or ``kinetics=PATH``; see `_find_other`."""
    return _find_other(bids_dir, derivatives, "kinetics", KINETICS)


def _find_other(
    bids_dir: Path, derivatives: Sequence[str], name: str, pipelines: Sequence[str]
) -> Path | None:
    """Find an output that a study may have beside that of fMRIPrep.

    Parameters
    ----------
    bids_dir : Path
        A raw dataset, or such an output itself.
    derivatives : sequence of str
        ``NAME=PATH``: where to look instead.
    name : str
    pipelines : sequence of str
        Parts of the names of pipelines that make it, in lower case.

    Returns
    -------
    Path or None
        None where there is none.

    Raises
    ------
    MissingInputError
        If a folder that was named is not there.
    SettingsError
        If several outputs could be meant.
    """
    if (named := folder_of(derivatives, name)) is not None:
        return named

    def made(description: Mapping[str, object] | None) -> bool:
        return any(name in made_by(description) for name in pipelines)

    if made(describe(bids_dir)):
        return bids_dir
    outputs = [path for path, description in derivatives_of(bids_dir).items() if made(description)]
    if len(outputs) > 1:
        raise SettingsError(
            f"{bids_dir} has several outputs of {' or '.join(pipelines)}: "
            f"{', '.join(p.name for p in outputs)}. Choose one with --derivatives {name}=PATH."
        )
    return outputs[0] if outputs else None


def _contents(folder: Path, most: int = 8) -> str:
    names = sorted(shown(path.name) for path in folder.iterdir() if not path.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "nothing"
