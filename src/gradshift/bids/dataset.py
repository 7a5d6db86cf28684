"""Datasets: which folder holds what, and what its descriptions say."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradshift.errors import InputError, MissingInputError, NotBidsError, SettingsError

KINETICS = ("petsurfer", "petfit", "kinfitr", "qmodeling")
"""Pipelines that fit kinetic models and name their results as BIDS proposes (BEP023)."""


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
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise MissingInputError(missing(path)) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a JSON file: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} should hold a JSON object, but holds a {type(found).__name__}.")
    return found


def may(path: str | Path, mode: int) -> bool:
    """Tell whether this process may use a path in a way, such as `os.R_OK`."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def missing(path: Path) -> str:
    """Say that a file is not there; for a dangling link, how to get it."""
    if path.is_symlink():
        return (
            f"{path} is a link whose content is not here; in a DataLad dataset, "
            f"'datalad get {path.name}' in its folder brings it."
        )
    return f"There is no file {path}."


def describe(folder: Path) -> dict[str, Any] | None:
    """Read the dataset_description.json of a folder; None where there is none."""
    path = folder / "dataset_description.json"
    return read_json(path) if path.exists() or path.is_symlink() else None


def made_by(description: Mapping[str, Any] | None) -> str:
    """Return the lower-case name of the pipeline that made a derivative dataset, or ''."""
    if description is None:
        return ""
    generated = description.get("GeneratedBy")
    if isinstance(generated, list) and generated and isinstance(generated[0], dict):
        return str(generated[0].get("Name", "")).lower()
    older = description.get("PipelineDescription")
    return str(older.get("Name", "")).lower() if isinstance(older, dict) else ""


def find_fmriprep(bids_dir: Path, derivatives: Sequence[str], *, validate: bool) -> Path:
    """Find the fMRIPrep output of a study.

    Parameters
    ----------
    bids_dir : Path
        A raw dataset, or an fMRIPrep output itself.
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
    given = _named(derivatives)
    if "fmriprep" in given:
        folder = Path(given["fmriprep"]).resolve()
        if not folder.is_dir():
            raise MissingInputError(f"There is no folder {folder} (--derivatives fmriprep=).")
        return folder
    description = describe(bids_dir)
    if description is None and validate:
        raise NotBidsError(
            f"{bids_dir} is not a BIDS dataset: it has no dataset_description.json. There is: "
            f"{_contents(bids_dir)}. Give the top folder of the dataset."
        )
    if "fmriprep" in made_by(description):
        return bids_dir
    below = sorted(path for path in (bids_dir / "derivatives").glob("*") if path.is_dir())
    found = [path for path in below if "fmriprep" in made_by(describe(path))]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"{bids_dir} has several fMRIPrep outputs: "
            f"{', '.join(str(path.relative_to(bids_dir)) for path in found)}. Choose one with "
            "--derivatives fmriprep=PATH."
        )
    there = ", ".join(path.name for path in below) or "nothing"
    raise MissingInputError(
        f"No fMRIPrep output in {bids_dir / 'derivatives'} (a folder whose "
        f"dataset_description.json says GeneratedBy fMRIPrep); there is: {there}. Preprocess "
        f"first: fmriprep {bids_dir} {bids_dir / 'derivatives' / 'fmriprep'} participant "
        "--output-spaces MNI152NLin2009cAsym:res-2, or name the folder with --derivatives "
        "fmriprep=PATH."
    )


def find_petprep(bids_dir: Path, derivatives: Sequence[str]) -> Path | None:
    """Find the PETPrep output of a study, or ``petprep=PATH``; see `_find_other`."""
    return _find_other(bids_dir, derivatives, "petprep", ("petprep",))


def find_kinetics(bids_dir: Path, derivatives: Sequence[str]) -> Path | None:
    """Find finished kinetic modelling of a study, or ``kinetics=PATH``; see `_find_other`."""
    return _find_other(bids_dir, derivatives, "kinetics", KINETICS)


def _find_other(
    bids_dir: Path, derivatives: Sequence[str], name: str, makers: Sequence[str]
) -> Path | None:
    """Find an output that a study may have beside that of fMRIPrep.

    Parameters
    ----------
    bids_dir : Path
        A raw dataset, or such an output itself.
    derivatives : sequence of str
        ``NAME=PATH``: where to look instead.
    name : str
    makers : sequence of str
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
    given = _named(derivatives)
    if name in given:
        folder = Path(given[name]).resolve()
        if not folder.is_dir():
            raise MissingInputError(f"There is no folder {folder} (--derivatives {name}=).")
        return folder

    def made(folder: Path) -> bool:
        return any(maker in made_by(describe(folder)) for maker in makers)

    if made(bids_dir):
        return bids_dir
    below = sorted(path for path in (bids_dir / "derivatives").glob("*") if path.is_dir())
    found = [path for path in below if made(path)]
    if len(found) > 1:
        raise SettingsError(
            f"{bids_dir} has several outputs of {' or '.join(makers)}: "
            f"{', '.join(p.name for p in found)}. Choose one with --derivatives {name}=PATH."
        )
    return found[0] if found else None


def _named(derivatives: Sequence[str]) -> dict[str, str]:
    """Split NAME=PATH words."""
    named = {}
    for word in derivatives:
        name, equals, path = word.partition("=")
        if not equals or name not in ("fmriprep", "petprep", "kinetics") or not path:
            raise SettingsError(
                f"--derivatives takes fmriprep=PATH, petprep=PATH and kinetics=PATH, got {word!r}."
            )
        named[name] = path
    return named


def _contents(folder: Path, most: int = 8) -> str:
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "nothing"
