"""PET scans for the tiny study, in PETPrep's layout: curves from a one-tissue model."""

import json
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd

from gradshift.core.pet.curves import Frames, InputFunction, tissue_response
from tiny import AFFINE, N_REGIONS, NETWORKS, PER_NETWORK, SHAPE, SPACE, labels

DATA = Path(__file__).parent / "data"
NAMES = [f"{NETWORKS[i // PER_NETWORK]}_{i % PER_NETWORK}" for i in range(N_REGIONS)]
K2PRIME = 0.1 / 4.8
BLOOD = {
    "PlasmaAvail": True,
    "MetaboliteAvail": True,
    "WholeBloodAvail": True,
    "DispersionCorrected": False,
    "PlasmaFreeFraction": [25.0],
    "time": {"Units": "s"},
    "plasma_radioactivity": {"Units": "kBq/mL"},
    "whole_blood_radioactivity": {"Units": "kBq/mL"},
}
SCAN = {
    "Units": "Bq/mL",
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
    "InjectedRadioactivity": 0.3,
    "InjectedRadioactivityUnits": "GBq",
    "InjectedMass": 1.2,
    "InjectedMassUnits": "µg",
}


def frames() -> Frames:
    table = np.loadtxt(DATA / "pet_synth_tacs.csv", delimiter=",", skiprows=1)
    return Frames(table[:, 0], table[:, 1])


def source() -> InputFunction:
    return InputFunction(*np.loadtxt(DATA / "pet_synth_input.csv", delimiter=",", skiprows=1).T)


def curve(k1: float, volume: float) -> np.ndarray:
    """(T,) frame averages of one region with 5 % blood, kBq/mL."""
    given, f = source(), frames()
    tissue = k1 * tissue_response(given, f, np.array([k1 / volume]))[:, 0]
    return 0.95 * tissue + 0.05 * given.blood_in(f)


def volumes(ses: str) -> np.ndarray:
    """(R,) planted VT: the default mode network has more after the drug."""
    planted = 15 + np.arange(N_REGIONS) / 8
    planted[-PER_NETWORK:] += 2.0 if ses == "post" else 0.0
    return planted


def write_pet(
    root: Path, people: Sequence[str], sessions: Sequence[str], kind: str = "tacs"
) -> None:
    """Add PETPrep curves (or images) and raw blood to a study; everybody is a bit different."""
    petprep = root / "derivatives" / "petprep"
    petprep.mkdir(parents=True)
    about = {"Name": "tiny", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(about))
    made = {**about, "DatasetType": "derivative", "GeneratedBy": [{"Name": "PETPrep"}]}
    (petprep / "dataset_description.json").write_text(json.dumps(made))
    for number, sub in enumerate(people):
        for ses in sessions:
            write_scan(root, sub, ses, kind, bonus=0.3 * number * (ses == "post"))


def folders(root: Path, sub: str, ses: str) -> tuple[Path, Path]:
    below = f"sub-{sub}/ses-{ses}/pet"
    return root / "derivatives" / "petprep" / below, root / below


def write_scan(root: Path, sub: str, ses: str, kind: str = "tacs", bonus: float = 0.0) -> None:
    derived, raw = folders(root, sub, ses)
    derived.mkdir(parents=True)
    raw.mkdir(parents=True, exist_ok=True)
    f, stem = frames(), f"sub-{sub}_ses-{ses}_trc-UCBJ"
    activity = np.column_stack([curve(0.34, v + bonus) for v in volumes(ses)])
    times = {"frame_start": 60 * f.start, "frame_end": 60 * f.end}
    told = {**SCAN, "FrameTimesStart": list(60 * f.start), "FrameDuration": list(60 * f.duration)}
    (raw / f"{stem}_pet.json").write_text(json.dumps(told))
    motion = pd.DataFrame({"framewise_displacement": [np.nan, 0.5, 6.5]})
    motion.to_csv(
        derived / f"{stem}_desc-confounds_timeseries.tsv", sep="\t", index=False, na_rep="n/a"
    )
    if kind == "tacs":
        table = pd.DataFrame({**times, **dict(zip(NAMES, 1000 * activity.T, strict=True))})
        table.to_csv(derived / f"{stem}_seg-tiny_desc-preproc_tacs.tsv", sep="\t", index=False)
        reference = pd.DataFrame({**times, "semiovale": 1000 * curve(0.1, 4.8)})
        reference.to_csv(
            derived / f"{stem}_label-semiovale_desc-preproc_tacs.tsv", sep="\t", index=False
        )
    else:
        write_image(
            derived / f"{stem}_space-{SPACE}_desc-preproc_pet.nii.gz",
            1000 * activity.T,
            1000 * curve(0.1, 4.8),
        )
    given = source()
    samples = pd.DataFrame(
        {
            "time": 60 * given.time,
            "plasma_radioactivity": given.parent,
            "whole_blood_radioactivity": given.whole_blood,
            "metabolite_parent_fraction": 1.0,
        }
    )
    samples.to_csv(raw / f"{stem}_recording-manual_blood.tsv", sep="\t", index=False)
    (raw / f"{stem}_recording-manual_blood.json").write_text(json.dumps(BLOOD))


def write_image(path: Path, values: np.ndarray, reference: float | np.ndarray = 0.0) -> None:
    """Write an image of (R,) or (R, T) values, and of the one voxel that is reference."""
    image = np.zeros((*SHAPE, *values.shape[1:]), dtype=np.float32)
    image[labels() > 0] = values[labels()[labels() > 0] - 1]
    image[6, 7, 8] = reference
    nibabel.Nifti1Image(image, AFFINE).to_filename(path)


def write_mask(path: Path) -> Path:
    """Write a mask of the one voxel that is reference in the images."""
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[6, 7, 8] = 1
    nibabel.Nifti1Image(mask, AFFINE).to_filename(path)
    return path
