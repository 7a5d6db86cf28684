"""A study small enough to be run whole in a test, in fMRIPrep layout, with its own atlas."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nibabel
import numpy as np
import pandas as pd

from gradshift.cli import main

NETWORKS = ("Vis", "SomMot", "Cont", "Default")
PER_NETWORK = 10
N_REGIONS = len(NETWORKS) * PER_NETWORK
SHAPE = (8, 9, 10)
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
SPACE = "MNI152NLin2009cAsym"
TR = 2.0
N_VOLUMES = 200


@contextmanager
def without_pictures() -> Iterator[None]:
    """Leave out what takes most of the time and has tests of its own."""
    with ExitStack() as stack:
        for name in (
            "gradshift.participant.nodes.figures.draw_motion",
            "gradshift.participant.nodes.figures.draw_task",
            "gradshift.participant.nodes.savepet.draw_curves",
            "gradshift.levels.participant.renew_person_pages",
            "gradshift.levels.group.write_group_page",
        ):
            stack.enter_context(patch(name, return_value=0))
        yield


@dataclass
class Study:
    """A dataset on disk and the command line that fits it."""

    root: Path
    atlas: Path

    @property
    def fmriprep(self) -> Path:
        return self.root / "derivatives" / "fmriprep"

    def run(self, out: Path, level: str, *options: str, page: bool = False) -> int:
        """Run a level, without pages and figures unless these are wanted."""
        atlas = () if level == "group" else ("--atlas", str(self.atlas))
        with nullcontext() if page else without_pictures():
            return main([str(self.root), str(out), level, *atlas, *options])

    def bold(self, sub: str, ses: str, run: str | None = None) -> Path:
        stem = f"sub-{sub}_ses-{ses}_task-rest" + (f"_run-{run}" if run else "")
        name = f"{stem}_space-{SPACE}_res-4_desc-preproc_bold.nii.gz"
        return self.fmriprep / f"sub-{sub}" / f"ses-{ses}" / "func" / name

    def confounds(self, sub: str, ses: str, run: str | None = None) -> Path:
        stem = f"sub-{sub}_ses-{ses}_task-rest" + (f"_run-{run}" if run else "")
        return self.bold(sub, ses, run).with_name(f"{stem}_desc-confounds_timeseries.tsv")


def labels() -> np.ndarray:
    """Regions as columns of three voxels along x, side by side: a block of the grid."""
    image = np.zeros(SHAPE, dtype=np.int16)
    for i in range(N_REGIONS):
        image[1:4, 1 + i % 5, 1 + i // 5] = i + 1
    return image


def write_atlas(folder: Path) -> Path:
    folder.mkdir()
    nibabel.Nifti1Image(labels(), AFFINE).to_filename(folder / "tiny.nii.gz")
    rows = [
        (i + 1, f"{NETWORKS[i // PER_NETWORK]}_{i % PER_NETWORK}", NETWORKS[i // PER_NETWORK])
        for i in range(N_REGIONS)
    ]
    pd.DataFrame(rows, columns=["index", "name", "network"]).to_csv(
        folder / "tiny.tsv", sep="\t", index=False
    )
    path = folder / "tiny.json"
    path.write_text(
        json.dumps({"name": "Tiny", "images": {SPACE: "tiny.nii.gz"}, "labels": "tiny.tsv"})
    )
    return path


def write_run(study: Study, rng: np.random.Generator, sub: str, ses: str, run: str | None) -> None:
    """Write a run whose regions lie on a line: the nearer, the more they have in common.

    In ``post`` the default mode network falls apart.
    """
    bold = study.bold(sub, ses, run)
    bold.parent.mkdir(parents=True, exist_ok=True)
    away = np.subtract.outer(np.arange(N_REGIONS), np.arange(N_REGIONS))
    near = np.exp(-((away / 5) ** 2))
    shared = rng.standard_normal((N_VOLUMES, N_REGIONS)) @ (near / np.linalg.norm(near, axis=0))
    if ses == "post":
        shared[:, -PER_NETWORK:] *= 0.4
    series = 2 * shared + rng.standard_normal((N_VOLUMES, N_REGIONS))
    image = labels()
    mask = image > 0
    mask[4:7, 1:6, 1:9] = True
    voxels = 1000 + rng.standard_normal((*SHAPE, N_VOLUMES))
    voxels[image > 0] += 10 * series[:, image[image > 0] - 1].T
    nifti = nibabel.Nifti1Image((voxels * mask[..., None]).astype(np.float32), AFFINE)
    nifti.header.set_xyzt_units("mm", "sec")
    nifti.header.set_zooms((4, 4, 4, TR))
    nifti.to_filename(bold)
    bold.with_name(bold.name.replace(".nii.gz", ".json")).write_text(
        json.dumps({"RepetitionTime": TR, "TaskName": "rest"})
    )
    brain = bold.name.replace("desc-preproc_bold", "desc-brain_mask")
    nibabel.Nifti1Image(mask.astype(np.uint8), AFFINE).to_filename(bold.with_name(brain))
    write_confounds(study.confounds(sub, ses, run), rng)


def write_confounds(path: Path, rng: np.random.Generator) -> None:
    motion = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    base = {name: 0.01 * rng.standard_normal(N_VOLUMES) for name in motion}
    base |= {name: rng.standard_normal(N_VOLUMES) for name in ("csf", "white_matter")}
    columns = {}
    for name, values in base.items():
        step = np.append(np.nan, np.diff(values))
        columns |= {
            name: values,
            f"{name}_derivative1": step,
            f"{name}_power2": values**2,
            f"{name}_derivative1_power2": step**2,
        }
    fd = np.append(np.nan, np.abs(0.1 * rng.standard_normal(N_VOLUMES - 1)))
    fd[[50, 120]] = 2.0
    columns["framewise_displacement"] = fd
    columns["std_dvars"] = np.append(np.nan, np.full(N_VOLUMES - 1, 1.0))
    columns["non_steady_state_outlier00"] = np.eye(1, N_VOLUMES)[0]
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False, na_rep="n/a")
    path.with_suffix(".json").write_text("{}")


def write_study(
    folder: Path, people: Sequence[str], sessions: Sequence[str], runs: Sequence[str | None]
) -> Study:
    study = Study(folder / "study", write_atlas(folder / "atlas"))
    study.fmriprep.mkdir(parents=True)
    about = {"Name": "tiny", "BIDSVersion": "1.10.0"}
    (study.root / "dataset_description.json").write_text(json.dumps(about))
    made = {**about, "DatasetType": "derivative", "GeneratedBy": [{"Name": "fMRIPrep"}]}
    (study.fmriprep / "dataset_description.json").write_text(json.dumps(made))
    table = pd.DataFrame({"participant_id": [f"sub-{sub}" for sub in people]})
    table.to_csv(study.root / "participants.tsv", sep="\t", index=False)
    for sub in people:
        (study.root / f"sub-{sub}").mkdir()
        dates = [f"2024-05-{day:02d}T10:00:00" for day in range(1, len(sessions) + 1)]
        pd.DataFrame({"session_id": [f"ses-{s}" for s in sessions], "acq_time": dates}).to_csv(
            study.root / f"sub-{sub}" / f"sub-{sub}_sessions.tsv", sep="\t", index=False
        )
        for ses in sessions:
            for run in runs:
                seed = [ord(letter) for letter in f"{sub}{ses}{run}"]
                write_run(study, np.random.default_rng(seed), sub, ses, run)
    return study
