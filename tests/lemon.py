"""A real resting-state run on fsaverage5, as BrainSpace ships it, written as fMRIPrep would.

Usage: ``python tests/lemon.py STUDY`` fetches the wheel of BrainSpace (60 MB, without what it
needs) into `CACHE` and writes the study: one session of one person of the LEMON sample (Babayan
et al., 2019), 652 volumes of 1.4 s.
"""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd

VERSION = "0.3.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gradshift"
WHEEL = CACHE / f"brainspace-{VERSION}-py3-none-any.whl"
INSIDE = "brainspace/datasets/preprocessing/sub-010188_ses-02_task-rest_acq-AP_run-01"
STEM = "sub-010188_ses-02_task-rest_acq-AP_run-01"
TR = 1.4
MOTION = ("rot_x", "rot_y", "rot_z", "trans_x", "trans_y", "trans_z")
"""What the seventh to twelfth column of its confounds are, in the order of FSL."""
HEAD = 50.0
"""Radius in millimetres that turns radians into millimetres (Power et al., 2012)."""


def fetch() -> Path:
    """Return the wheel, from the cache or the package index."""
    if not WHEEL.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        words = ["download", "--no-deps", "--dest", str(CACHE), f"brainspace=={VERSION}"]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    return WHEEL


def write_study(wheel: Path, study: Path) -> Path:
    """Write the run as output of fMRIPrep in a study; return the study."""
    root = study / "derivatives" / "fmriprep"
    func = root / "sub-010188" / "ses-02" / "func"
    func.mkdir(parents=True)
    (study / "sub-010188").mkdir()
    about = {"Name": "LEMON", "BIDSVersion": "1.10.0"}
    (study / "dataset_description.json").write_text(json.dumps(about))
    made = {**about, "DatasetType": "derivative", "GeneratedBy": [{"Name": "fMRIPrep"}]}
    (root / "dataset_description.json").write_text(json.dumps(made))
    with zipfile.ZipFile(wheel) as content:
        for side, letter in (("lh", "L"), ("rh", "R")):
            values = series(content.read(f"{INSIDE}.fsa5.{side}.mgz"))
            write_hemisphere(func / f"{STEM}_hemi-{letter}_space-fsaverage5_bold.func.gii", values)
        with content.open(f"{INSIDE}_confounds.txt") as file:
            write_confounds(func / f"{STEM}_desc-confounds_timeseries.tsv", np.loadtxt(file))
    return study


def series(content: bytes) -> np.ndarray:
    """Return the (T, 10242) series of one hemisphere."""
    image = nibabel.MGHImage.from_bytes(gzip.decompress(content))
    return np.asarray(image.dataobj, dtype=np.float32)[:, 0, 0].T


def write_hemisphere(path: Path, values: np.ndarray) -> None:
    arrays = [
        nibabel.gifti.GiftiDataArray(volume, "NIFTI_INTENT_TIME_SERIES") for volume in values
    ]
    nibabel.gifti.GiftiImage(darrays=arrays).to_filename(path)
    path.with_name(path.name.replace(".func.gii", ".json")).write_text(
        json.dumps({"RepetitionTime": TR})
    )


def write_confounds(path: Path, columns: np.ndarray) -> None:
    """Write the motion, and the displacement that follows from it."""
    motion = columns[:, 6:12]
    steps = np.abs(np.diff(motion, axis=0)) * np.repeat([HEAD, 1], 3)
    table = pd.DataFrame(motion, columns=list(MOTION))
    table["framewise_displacement"] = np.append(np.nan, steps.sum(axis=1))
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    path.with_suffix(".json").write_text("{}")


if __name__ == "__main__":
    print(write_study(fetch(), Path(sys.argv[1])))
