"""Grow small datasets from dictionaries."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np

MNI = "MNI152NLin2009cAsym"
MNI6 = "MNI152NLin6Asym"
RAW = {"Name": "A study", "BIDSVersion": "1.10.0"}
FMRIPREP = {
    "Name": "fMRIPrep output",
    "BIDSVersion": "1.4.0",
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "fMRIPrep", "Version": "24.1.1"}],
}


class Image(NamedTuple):
    """A NIfTI image of zeros; `tr` and its `unit` are what the header says."""

    shape: tuple[int, ...] = (3, 4, 5, 8)
    voxel: float = 4.0
    tr: float = 2.0
    unit: str = "sec"


class Dangling(NamedTuple):
    """A link to content that is not there, as DataLad leaves it."""

    target: str = "../.git/annex/objects/xx/yy"


def grow(root: Path, tree: Mapping[str, Any]) -> Path:
    """Write a tree: a folder per mapping, a file per leaf.

    A name that ends in ``.json`` takes a mapping as its content; text and bytes are written as
    they are, a list as the rows of a table, `Image` and `Dangling` as what they stand for.
    """
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case Image():
                _write_image(path, content)
            case Dangling():
                path.symlink_to(content.target)
            case Mapping() if name.endswith(".json"):
                path.write_text(json.dumps(content), encoding="utf-8")
            case Mapping():
                grow(path, content)
            case list():
                path.write_text("".join("\t".join(row) + "\n" for row in content))
            case bytes():
                path.write_bytes(content)
            case _:
                path.write_text(content, encoding="utf-8")
    return root


def _write_image(path: Path, image: Image) -> None:
    affine = np.diag([image.voxel] * 3 + [1.0])
    made = nibabel.Nifti1Image(np.zeros(image.shape, dtype=np.int16), affine)
    if len(image.shape) == 4:
        made.header.set_zooms((*[image.voxel] * 3, image.tr))
        made.header.set_xyzt_units("mm", image.unit)
    nibabel.save(made, path)


def run_files(
    acquired: str = "task-rest",
    *,
    grid: str = f"space-{MNI}_res-2",
    bold: Any = None,
    mask: Any = None,
    tr: Any = 2.0,
    prefix: str = "sub-01",
) -> dict[str, Any]:
    """Return the files fMRIPrep writes for one run on one grid; no sidecar if `tr` is None."""
    stem = f"{prefix}_{acquired}"
    bold = bold or Image()
    voxel = bold.voxel if isinstance(bold, Image) else 4.0
    files = {
        f"{stem}_{grid}_desc-preproc_bold.nii.gz": bold,
        f"{stem}_{grid}_desc-brain_mask.nii.gz": mask or Image((3, 4, 5), voxel),
        f"{stem}_desc-confounds_timeseries.tsv": [["csf"], *[["0"]] * 8],
    }
    if tr is not None:
        files[f"{stem}_{grid}_desc-preproc_bold.json"] = {"RepetitionTime": tr}
    return files


def person(label: str, *sessions: str, acquired: str = "task-rest", **how: Any) -> dict[str, Any]:
    """Return the folder of a participant with one run per session, or one without session."""
    if not sessions:
        files = run_files(acquired, prefix=f"sub-{label}", **how)
        return {f"sub-{label}": {"func": files}}
    folders = {
        f"ses-{session}": {"func": run_files(acquired, prefix=f"sub-{label}_ses-{session}", **how)}
        for session in sessions
    }
    return {f"sub-{label}": folders}


def preprocessed(*people: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return an fMRIPrep output with these participants."""
    tree: dict[str, Any] = {"dataset_description.json": FMRIPREP, **more}
    for found in people:
        tree |= found
    return tree


def study(*people: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a raw dataset with the fMRIPrep output of these participants below it."""
    raw = {name: {} for found in people for name in found}
    below = {"fmriprep": preprocessed(*people)}
    return {"dataset_description.json": RAW, **raw, "derivatives": below, **more}


def fingerprint(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return size, mode and time of change of everything below a folder."""
    found = {}
    for path in [root, *root.rglob("*")]:
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mode, status.st_mtime_ns)
    return found


_touched: list[set[str]] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _touched and event in ("open", "os.listdir", "os.scandir"):
        for paths in _touched:
            paths.add(os.fsdecode(arguments[0]) if not isinstance(arguments[0], int) else "")


sys.addaudithook(_listen)


@contextmanager
def touched() -> Iterator[set[str]]:
    """Collect the files opened and the folders listed meanwhile."""
    paths: set[str] = set()
    _touched.append(paths)
    try:
        yield paths
    finally:
        _touched.remove(paths)
