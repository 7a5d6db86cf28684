"""The planted study of `doors` as fMRIPrep writes it: volumes, CIFTI and GIFTI, with confounds."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from nibabel.cifti2 import BrainModelAxis, Cifti2Image, LabelAxis, SeriesAxis

import doors
import tiny

PER_SIDE = 42
"""Vertices of a mesh; the first 40 hold 20 regions of two each."""

REGIONS = np.append(np.repeat(np.arange(1, tiny.N_REGIONS // 2 + 1), 2), [0, 0])
OFFSET = 3.0
"""What the two vertices of a region differ from its mean by, up and down."""

RECIPE: Mapping[str, object] = {
    "name": "scrubbed",
    "columns": [],
    "filter": False,
    "detrend": False,
    "drop_non_steady_state": False,
    "scrub": {"fd_threshold": 0.5, "min_segment": 1},
}
"""Leaves out the volumes with motion, and nothing else."""


def models(vertices: np.ndarray) -> BrainModelAxis:
    """Both hemispheres, with voxels below them."""
    left, right = (
        BrainModelAxis.from_surface(vertices, PER_SIDE, f"CIFTI_STRUCTURE_CORTEX_{side}")
        for side in ("LEFT", "RIGHT")
    )
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask[1, 1:3, 1] = True
    return left + right + BrainModelAxis.from_mask(mask, "THALAMUS_LEFT", np.diag([2.0, 2, 2, 1]))


def write_atlas(folder: Path) -> Path:
    """Write the atlas of `tiny` on the volume and on both surfaces."""
    path = tiny.write_atlas(folder)
    axis = models(np.arange(PER_SIDE))
    second = np.where(REGIONS > 0, REGIONS + tiny.N_REGIONS // 2, 0)
    keys = np.concatenate([REGIONS, second, [0, 0]])[None].astype(np.float32)
    table = {0: ("???", (0, 0, 0, 0))}
    table |= {i + 1: (name, (1, 0, 0, 1)) for i, name in enumerate(doors.NAMES)}
    image = Cifti2Image(keys, (LabelAxis(["tiny"], [table]), axis))
    image.to_filename(folder / "tiny.dlabel.nii")
    about = json.loads(path.read_text())
    about["images"] |= {"fsLR": "tiny.dlabel.nii", "fsaverage5": "tiny.dlabel.nii"}
    path.write_text(json.dumps(about))
    return path


def vertices_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the (T, 42) series of the vertices of both hemispheres."""
    spread = np.where(np.arange(PER_SIDE) % 2, OFFSET, -OFFSET)
    halves = np.split(values, 2, axis=1)
    left, right = (1000 + np.repeat(half, 2, axis=1) + spread[:40] for half in halves)
    wall = np.full((len(values), 2), np.nan)
    return np.hstack([left, wall]), np.hstack([right, wall])


def write_volume(start: Path, values: np.ndarray) -> None:
    labels = tiny.labels()
    voxels = np.zeros((*tiny.SHAPE, len(values)), dtype=np.float32)
    voxels[labels > 0] = 1000 + values.T[labels[labels > 0] - 1]
    image = nibabel.Nifti1Image(voxels, tiny.AFFINE)
    image.header.set_zooms((4, 4, 4, tiny.TR))
    image.to_filename(start.with_name(f"{start.name}_space-{tiny.SPACE}_desc-preproc_bold.nii.gz"))
    mask = nibabel.Nifti1Image((labels > 0).astype(np.uint8), tiny.AFFINE)
    mask.to_filename(start.with_name(f"{start.name}_space-{tiny.SPACE}_desc-brain_mask.nii.gz"))
    about = start.with_name(f"{start.name}_space-{tiny.SPACE}_desc-preproc_bold.json")
    about.write_text(json.dumps({"RepetitionTime": tiny.TR}))


def write_cifti(start: Path, values: np.ndarray) -> None:
    """Write CIFTI whose header alone tells the repetition time."""
    cortex = np.hstack([half[:, :40] for half in vertices_of(values)])
    below = np.random.default_rng(2).standard_normal((len(values), 2))
    time = SeriesAxis(0, tiny.TR, len(values))
    axes = (time, models(np.arange(40)))
    image = Cifti2Image(np.hstack([cortex, below]).astype(np.float32), axes)
    image.to_filename(start.with_name(f"{start.name}_space-fsLR_den-91k_bold.dtseries.nii"))


def write_gifti(start: Path, values: np.ndarray) -> None:
    """Write both hemispheres: of the first person in the older order of names."""
    old = "sub-01" in start.name
    for side, half in zip("LR", vertices_of(values), strict=True):
        entities = ["space-fsaverage5", f"hemi-{side}"][:: 1 if old else -1]
        path = start.with_name("_".join([start.name, *entities, "bold.func.gii"]))
        arrays = [
            nibabel.gifti.GiftiDataArray(volume.astype(np.float32), "NIFTI_INTENT_TIME_SERIES")
            for volume in half
        ]
        nibabel.gifti.GiftiImage(darrays=arrays).to_filename(path)
        about = path.with_name(path.name.replace(".func.gii", ".json"))
        about.write_text(json.dumps({"RepetitionTime": tiny.TR}))


def write_study(folder: Path, *write: Callable[[Path, np.ndarray], None]) -> Path:
    """Write what fMRIPrep would, in some forms; return its folder."""
    doors.describe(folder, "fMRIPrep", "fMRIPrep")
    for sub, ses, values in doors.sessions():
        start = doors.stem(folder, sub, ses)
        for one in write:
            one(start, values)
        table = pd.DataFrame({"framewise_displacement": doors.fd(), "csf": 0.0})
        doors.save(start, "desc-confounds_timeseries.tsv", table, {})
    return folder


def write_recipe(folder: Path) -> Path:
    path = folder / "scrubbed.json"
    path.write_text(json.dumps(RECIPE))
    return path
