"""PET and spectroscopy of the simulated study, with a planted rise and a planted coupling."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift import __version__
from gradshift.bids.write import write_bytes, write_json, write_text
from gradshift.bids.writetable import write_array, write_table
from gradshift.core.cortex.regions import Regions
from gradshift.core.pet.curves import Frames
from gradshift.example import texts
from gradshift.example.images import nifti_bytes
from gradshift.example.people import SESSIONS, Person, generator
from gradshift.example.petsignals import (
    Blood,
    simulated_activity,
    simulated_blood,
    simulated_frames,
)

RISE_PCC = 0.08
"""Mean rise of VT in the posterior cingulate, as a share of baseline."""

RISE_ACC = 0.09
"""The same in the anterior cingulate."""

RISE_GLUTAMATE = 0.12
"""Mean rise of glutamate in the anterior cingulate, as a share of baseline."""

SPREAD = 0.5
"""How much people differ in the last two, which go together, as a share of the mean."""

SCAN_SD = 0.007
"""From scan to scan, all VT together, as a share."""

REGION_SD = 0.01
"""From scan to scan, each region by itself, as a share."""

GLUTAMATE_SD = 0.01
"""From scan to scan, as a share."""

SEG = "Schaefer2018200Parcels7Networks"
GLUTAMATE = "mrs_ACC_Glu"
"""Column of sessions.tsv."""

Array = NDArray[np.float64]


def write_molecules(
    folder: Path, people: Sequence[Person], regions: Regions, *, effect: float, seed: int
) -> dict[str, float]:
    """Write PETPrep curves, raw stand-ins with blood, and glutamate in sessions.tsv.

    The truth is added to that of the study, which must be there.

    Parameters
    ----------
    folder : Path
    people : sequence of Person
    regions : Regions
    effect : float
        0 plants nothing.
    seed : int

    Returns
    -------
    dict of str to float
        By participant, the factor that the two coupled rises share.
    """
    _write_descriptions(folder)
    drawn = {}
    for person in people:
        rng = generator(seed, 3, person.number)
        own = float(np.exp(0.08 * rng.standard_normal()))
        coupled = effect * (1 + SPREAD * float(rng.standard_normal()))
        drawn[f"sub-{person.label}"] = round(coupled, 6)
        glutamate = 8.0 * float(np.exp(0.1 * rng.standard_normal()))
        amounts = {}
        for session in SESSIONS:
            after = session == SESSIONS[1]
            rng = generator(seed, 4, person.number, SESSIONS.index(session))
            volumes = own * _pattern(regions)
            if after:
                volumes[list(regions.sets["PCC"])] *= 1 + RISE_PCC * person.effect
                volumes[list(regions.anterior_cingulate)] *= 1 + RISE_ACC * coupled
            volumes *= np.exp(SCAN_SD * rng.standard_normal())
            volumes *= np.exp(REGION_SD * rng.standard_normal(len(volumes)))
            _write_scan(folder, person.label, session, volumes, regions.names, rng)
            value = glutamate * (1 + after * RISE_GLUTAMATE * coupled)
            value *= np.exp(GLUTAMATE_SD * rng.standard_normal())
            amounts[f"ses-{session}"] = f"{value:.4f}"
        _add_glutamate(folder / f"sub-{person.label}", amounts)
    truth = folder / "derivatives" / "simulation" / "truth.json"
    planted = {
        "VT": {"PCC": RISE_PCC * effect, "ACC": RISE_ACC * effect},
        "glutamate": {"ACC": RISE_GLUTAMATE * effect},
        "Coupled": [["VT", "ACC"], ["glutamate", "ACC"]] if effect else [],
        "PersonFactors": drawn,
        "Units": "share of baseline; what is coupled times the factor of the person",
    }
    write_json(truth, {**json.loads(truth.read_text()), "PlantedMolecules": planted})
    return drawn


def _add_glutamate(folder: Path, amounts: Mapping[str, str]) -> None:
    """Add the column of glutamate to the sessions of a person."""
    path = folder / f"{folder.name}_sessions.tsv"
    lines = path.read_text().splitlines() if path.exists() else ["session_id", *amounts]
    header, *rows = (line.split("\t") for line in lines)
    write_table(path, [*header, GLUTAMATE], [[*row, amounts[row[0]]] for row in rows])
    sidecar = path.with_suffix(".json")
    known = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    write_json(sidecar, {**known, GLUTAMATE: texts.GLUTAMATE})


def _pattern(regions: Regions) -> Array:
    """Return the (R,) VT of a usual person, mL/cm3: smooth over the cortex."""
    x, y, z = (regions.centroids / [70, 100, 80]).T
    pattern: Array = 18 + 2 * np.cos(3 * y) - 1.5 * z + np.abs(x)
    return pattern


def _write_scan(
    folder: Path,
    label: str,
    session: str,
    volumes: Array,
    names: Sequence[str],
    rng: np.random.Generator,
) -> None:
    """Write the curves of one scan, the stand-in of its image, and its blood."""
    pet = Path(f"sub-{label}", f"ses-{session}", "pet")
    stem = f"sub-{label}_ses-{session}_trc-UCBJ"
    frames = simulated_frames()
    blood = Blood(*(np.round(values, 5) for values in simulated_blood()))
    activity = simulated_activity(volumes, frames, blood, rng)
    times = 60 * np.column_stack([frames.start, frames.end])
    header = ["frame_start", "frame_end"]
    derived = folder / "derivatives" / "petprep" / pet
    curves = derived / f"{stem}_seg-{SEG}_desc-preproc_tacs.tsv"
    write_array(curves, [*header, *names], np.column_stack([times, np.round(activity[:, :-1], 1)]))
    reference = derived / f"{stem}_label-semiovale_desc-preproc_tacs.tsv"
    values = np.column_stack([times, np.round(activity[:, -1:], 1)])
    write_array(reference, [*header, "semiovale"], values)
    for path in (curves, reference):
        write_json(path.with_suffix(".json"), {"Description": texts.NOTE, "Units": "Bq/mL"})
    _write_raw(folder / pet / stem, frames, activity, blood)


def _write_raw(start: Path, frames: Frames, activity: Array, blood: Blood) -> None:
    """Write the stand-in of the image, and the blood, with names that begin alike."""
    image = np.zeros((4, 4, 4, len(frames.end)), dtype=np.int16)
    image[1:3, 1:3, 1:3] = np.round(activity[:, :-1].mean(axis=1) / 10)
    pet = Path(f"{start}_pet.nii.gz")
    write_bytes(pet, nifti_bytes(image, np.diag([40.0, 40, 40, 1]), slope=10))
    timing = {
        "FrameTimesStart": (60 * frames.start).tolist(),
        "FrameDuration": (60 * frames.duration).tolist(),
    }
    write_json(Path(f"{start}_pet.json"), {**texts.PET, **timing})
    samples = Path(f"{start}_recording-manual_blood.tsv")
    columns = ("time", "plasma_radioactivity", "whole_blood_radioactivity",
               "metabolite_parent_fraction")  # fmt: skip
    values = (60 * blood.time, blood.plasma, blood.whole, blood.parent_fraction)
    write_array(samples, columns, np.column_stack(values))
    write_json(samples.with_suffix(".json"), texts.BLOOD)


def _write_descriptions(folder: Path) -> None:
    derived = folder / "derivatives" / "petprep"
    write_json(
        derived / "dataset_description.json",
        {
            "Name": "SIMULATED PETPrep derivatives",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "Authors": ["The gradshift developers", "No participants (simulated)"],
            "GeneratedBy": [
                {
                    "Name": "PETPrep",
                    "Version": "0.0.0",
                    "Description": "SIMULATED in the layout of PETPrep, which did not run",
                },
                {
                    "Name": "gradshift-example",
                    "Version": __version__,
                    "Description": texts.NOTE,
                },
            ],
        },
    )
    write_text(derived / "README.md", texts.README)
    write_text(derived / ".bidsignore", "*_tacs.tsv\n*_tacs.json\n")
