"""Write the simulated study as a BIDS dataset with its derivatives."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from gradshift import __version__
from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.regions import Regions
from gradshift.example import scores, structures, texts
from gradshift.example.confounds import Confounds
from gradshift.example.connectome import ATLAS, group_connectome
from gradshift.example.expected import expected_changes, place, settings
from gradshift.example.images import SLOPE, Brain, build_brain, nifti_bytes, paint
from gradshift.example.molecules import write_molecules
from gradshift.example.people import EFFECT_SD, SESSIONS, Person, draw_person, generator, scan
from gradshift.example.planting import PLANTING
from gradshift.example.signals import TR
from gradshift.example.structures import COMPOSITE, with_structures
from gradshift.example.truth import Factors, write_map, write_planted

SPACE = "MNI152NLin2009cAsym"
"""Space of the preprocessed images."""

RAW_STEP = 4
"""The raw stand-ins keep every so-manieth voxel along each axis."""

BIDS_VERSION = "1.10.0"

TRUTH = Path("derivatives", "simulation")
"""Where the truth lies in the study."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to write.

    Parameters
    ----------
    participants : int
    effect : float
        Mean size of the planted change; 0 plants nothing.
    seed : int
    """

    participants: int = 11
    effect: float = 1.0
    seed: int = 1


def write_study(folder: Path, study: Study) -> None:
    """Write the whole study.

    Parameters
    ----------
    folder : Path
        Created if it is not there; nothing in it is replaced or removed.
    study : Study
    """
    from threadpoolctl import threadpool_limits

    regions = load_atlas(ATLAS).regions()
    composite = load_atlas(COMPOSITE)
    head = Head(build_brain(composite.images(SPACE)), regions, composite.regions())
    base = group_connectome()
    people = [
        draw_person(base, number=number, effect=study.effect, seed=study.seed)
        for number in range(1, study.participants + 1)
    ]
    _write_raw_metadata(folder, people, study)
    _write_derivative_metadata(folder)
    _write_truth(folder, study, people)
    coupled = write_molecules(folder, people, regions, effect=study.effect, seed=study.seed)
    factors = Factors(people=[p.effect for p in people], coupled=list(coupled.values()))
    write_planted(folder / TRUTH, regions, study.effect, factors)
    write_map(folder / TRUTH, regions, study.effect)
    # One thread: sums in another order would end in other bytes.
    with threadpool_limits(1):
        for person in people:
            for session in SESSIONS:
                _write_session(folder, person, session, head, study.seed)


@dataclass(frozen=True, slots=True)
class Head:
    """What is painted: the voxels, the regions of the cortex, and those with all structures."""

    brain: Brain
    cortex: Regions
    every: Regions


def _write_session(folder: Path, person: Person, session: str, head: Head, seed: int) -> None:
    brain = head.brain
    simulated = scan(person, session, head.cortex, seed=seed)
    series = with_structures(simulated, person, session, head.every, seed=seed)
    rng = generator(seed, 2, person.number, SESSIONS.index(session))
    data = paint(brain, replace(simulated, series=series), rng)
    func = Path(f"sub-{person.label}", f"ses-{session}", "func")
    stem = f"sub-{person.label}_ses-{session}_task-rest"

    coarse = brain.affine @ np.diag([RAW_STEP, RAW_STEP, RAW_STEP, 1])
    thinned = data[::RAW_STEP, ::RAW_STEP, ::RAW_STEP]
    _write(folder / func / f"{stem}_bold.nii.gz", nifti_bytes(thinned, coarse, slope=SLOPE))

    derived = folder / "derivatives" / "fmriprep" / func
    _write_json(derived / f"{stem}_desc-confounds_timeseries.json", _describe(simulated.confounds))
    _write(derived / f"{stem}_desc-confounds_timeseries.tsv", _confounds(simulated.confounds))
    stem += f"_space-{SPACE}_res-5"
    bold = nifti_bytes(data, brain.affine, slope=SLOPE)
    _write(derived / f"{stem}_desc-preproc_bold.nii.gz", bold)
    _write_json(
        derived / f"{stem}_desc-preproc_bold.json",
        {
            "Description": texts.NOTE,
            "RepetitionTime": TR,
            "TaskName": "rest",
            "SkullStripped": True,
            "Resolution": "5 mm isotropic",
        },
    )
    mask = nifti_bytes(brain.mask.astype(np.uint8), brain.affine)
    _write(derived / f"{stem}_desc-brain_mask.nii.gz", mask)
    _write_json(
        derived / f"{stem}_desc-brain_mask.json",
        {"Description": texts.NOTE, "Type": "Brain", "Resolution": "5 mm isotropic"},
    )


def _write_raw_metadata(folder: Path, people: list[Person], study: Study) -> None:
    _write_json(
        folder / "dataset_description.json",
        _dataset("SIMULATED study before and after one dose of ketamine", "raw")
        | {
            "License": "CC0",
            "ReferencesAndLinks": ["https://doi.org/10.1038/s42003-020-0794-7"],
        },
    )
    _write(folder / "README.md", texts.README.encode())
    _write_json(
        folder / "task-rest_bold.json",
        {
            "TaskName": "rest",
            "TaskDescription": texts.NOTE + " Every fourth voxel of the preprocessed image.",
            "RepetitionTime": TR,
        },
    )
    rows = [
        {"participant_id": f"sub-{p.label}", "age": p.age, "sex": "M", "group": "ketamine"}
        for p in people
    ]
    _write_table(folder / "participants.tsv", rows)
    _write_json(folder / "participants.json", texts.PARTICIPANTS)
    for person in people:
        path = folder / f"sub-{person.label}" / f"sub-{person.label}_sessions.tsv"
        known = scores.scores_of(person, effect=study.effect, seed=study.seed)
        _write_table(
            path, [{**_session_row(person, session), **known[session]} for session in SESSIONS]
        )
        _write_json(path.with_suffix(".json"), texts.SESSIONS | scores.COLUMNS)
    _write_json(folder / scores.MODEL, scores.model())


def _session_row(person: Person, session: str) -> dict[str, str | int]:
    return {
        "session_id": f"ses-{session}",
        "acq_time": person.acquired[session].isoformat(),
        "days_since_dose": person.days_since_dose if session == SESSIONS[1] else "n/a",
        "treatment": "ketamine",
        "timepoint": session,
    }


def _write_derivative_metadata(folder: Path) -> None:
    imitated = {
        "Name": "fMRIPrep",
        "Version": "0.0.0",
        "Description": "SIMULATED in the layout of fMRIPrep, which did not run",
    }
    derived = folder / "derivatives" / "fmriprep"
    description = _dataset("SIMULATED fMRIPrep derivatives", "derivative", imitated)
    _write_json(derived / "dataset_description.json", description)
    _write(derived / "README.md", texts.README.encode())
    # fMRIPrep's name for confounds is not one that BIDS knows.
    _write(derived / ".bidsignore", b"*_desc-confounds_timeseries.*\n")


def _write_truth(folder: Path, study: Study, people: list[Person]) -> None:
    target = folder / TRUTH
    description = _dataset("SIMULATED study: the truth", "derivative")
    _write_json(target / "dataset_description.json", description)
    _write(target / "README.md", texts.TRUTH_README.encode())
    _write(target / ".bidsignore", b"truth.json\nplanted.*\nmaps.tsv\n")
    expected = expected_changes(study.effect)
    _write_json(
        target / "truth.json",
        {
            "Description": texts.NOTE,
            "Options": asdict(study),
            "Planted": asdict(PLANTING) | {"effect_sd": EFFECT_SD * study.effect},
            "PlantedSystems": structures.told(),
            "PlantedScores": scores.told(study.effect),
            "PersonEffects": {f"sub-{p.label}": round(p.effect, 6) for p in people},
            "Cleaning": settings()["Cleaning"],
            "ExpectedChanges": expected
            and [
                asdict(quantity) | place() | asdict(change)
                for quantity, change in expected.items()
            ],
        },
    )


def _dataset(name: str, kind: str, *makers: Mapping[str, str]) -> dict[str, object]:
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "Authors": ["The gradshift developers", "No participants (simulated)"],
        "GeneratedBy": [
            *makers,
            {"Name": "gradshift-example", "Version": __version__, "Description": texts.NOTE},
        ],
    }


def _describe(confounds: Confounds) -> dict[str, object]:
    return {name: dict(entry) for name, entry in confounds.components.items()}


def _confounds(confounds: Confounds) -> bytes:
    import pandas

    table = pandas.DataFrame(dict(confounds.columns))
    text = table.to_csv(sep="\t", index=False, na_rep="n/a", float_format="%.9g")
    return str(text).encode()


def _write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    _write(path, "".join("\t".join(line) + "\n" for line in lines).encode())


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    _write(path, (json.dumps(content, indent=2) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
