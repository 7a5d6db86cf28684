"""One small study with a planted truth, behind every door that there is to it.

Each writer takes the same series of regions: what differs between the doors is how they are
stored. In ``post`` the default mode network falls apart.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from scipy.io import savemat

import tiny

PEOPLE = ("01", "02", "03", "04")
SESSIONS = ("pre", "post")
NAMES = tuple(
    f"{network}_{number}" for network in tiny.NETWORKS for number in range(tiny.PER_NETWORK)
)
MOVED = (50, 51, 120)
"""Volumes with motion: their values are of no use."""

XCPD = "space-MNI152NLin2009cAsym_atlas-Tiny"


def series(sub: str, ses: str) -> np.ndarray:
    """Return the (T, R) truth of one session."""
    rng = np.random.default_rng([ord(letter) for letter in sub + ses])
    away = np.subtract.outer(np.arange(tiny.N_REGIONS), np.arange(tiny.N_REGIONS))
    near = np.exp(-((away / 5) ** 2))
    shared = rng.standard_normal((tiny.N_VOLUMES, tiny.N_REGIONS)) @ near
    if ses == "post":
        shared[:, -tiny.PER_NETWORK :] *= 0.2
    values = 2 * shared + rng.standard_normal(shared.shape)
    values[list(MOVED)] += 40
    return values


def sessions() -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield person, session and truth."""
    for sub in PEOPLE:
        for ses in SESSIONS:
            yield sub, ses, series(sub, ses)


def fd() -> np.ndarray:
    """Return the motion of every run."""
    values = np.full(tiny.N_VOLUMES, 0.1)
    values[list(MOVED)] = 2.0
    return values


def kept() -> np.ndarray:
    return fd() < 0.5


def raw(folder: Path) -> Path:
    """Write the tables of the study, which has no image."""
    folder.mkdir(parents=True)
    describe(folder, "planted")
    people = pd.DataFrame({"participant_id": [f"sub-{sub}" for sub in PEOPLE]})
    people.to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


def describe(folder: Path, name: str, maker: str = "") -> None:
    about: dict[str, object] = {"Name": name, "BIDSVersion": "1.10.0"}
    if maker:
        about |= {"DatasetType": "derivative", "GeneratedBy": [{"Name": maker}]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset_description.json").write_text(json.dumps(about))


def stem(folder: Path, sub: str, ses: str) -> Path:
    """Return where the files of a session begin."""
    func = folder / f"sub-{sub}" / f"ses-{ses}" / "func"
    func.mkdir(parents=True, exist_ok=True)
    return func / f"sub-{sub}_ses-{ses}_task-rest"


def save(start: Path, name: str, table: pd.DataFrame, about: Mapping[str, object] | None = None):
    path = start.with_name(f"{start.name}_{name}")
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    if about is not None:
        path.with_suffix(".json").write_text(json.dumps(about))
    return path


def table(values: np.ndarray, prefix: str = "") -> pd.DataFrame:
    return pd.DataFrame(values, columns=[prefix + name for name in NAMES])


def matrix(values: np.ndarray) -> pd.DataFrame:
    square = table(np.corrcoef(values.T))
    square.insert(0, "Node", NAMES)
    return square


def xcp_d(folder: Path, mode: str = "linc", entity: str = "atlas") -> Path:
    """Write what XCP-D writes: censored series (linc), or interpolated ones (abcd)."""
    describe(folder, "XCP-D", "xcp_d")
    about = {"RepetitionTime": tiny.TR, "NuisanceParameters": "36P"}
    name = XCPD.replace("atlas", entity)
    for sub, ses, values in sessions():
        start = stem(folder, sub, ses)
        shown = values[kept()] if mode == "linc" else values
        save(start, f"{name}_stat-mean_timeseries.tsv", table(shown), about)
        save(start, f"{name}_stat-pearsoncorrelation_relmat.tsv", matrix(values[kept()]))
        share = pd.DataFrame({"Node": NAMES, "coverage": 0.9})
        save(start, f"{name}_stat-coverage_bold.tsv", share)
        save(start, "motion.tsv", pd.DataFrame({"framewise_displacement": fd()}))
        out = pd.DataFrame({"framewise_displacement": (~kept()).astype(int)})
        save(start, "outliers.tsv", out)
    return folder


def bare(folder: Path) -> Path:
    """Write series alone, clean volumes only."""
    describe(folder, "series")
    for sub, ses, values in sessions():
        save(
            stem(folder, sub, ses),
            "atlas-Tiny_timeseries.tsv",
            table(values[kept()]),
            {"SamplingFrequency": 1 / tiny.TR},
        )
    return folder


def arrays(folder: Path) -> Path:
    """Write series as arrays of numpy, each with a JSON file."""
    describe(folder, "arrays")
    for sub, ses, values in sessions():
        path = stem(folder, sub, ses)
        path = path.with_name(f"{path.name}_atlas-Tiny_timeseries.npy")
        np.save(path, values[kept()][:, ::-1])
        about = {"RepetitionTime": tiny.TR, "Columns": NAMES[::-1]}
        path.with_suffix(".json").write_text(json.dumps(about))
    return folder


def parcels(folder: Path) -> Path:
    """Write series as CIFTI parcels."""
    describe(folder, "parcels")
    brain = nibabel.cifti2.BrainModelAxis.from_mask(np.ones(tiny.N_REGIONS), "CORTEX_LEFT")
    axis = nibabel.cifti2.ParcelsAxis.from_brain_models(
        [(name, brain[i : i + 1]) for i, name in enumerate(NAMES)]
    )
    for sub, ses, values in sessions():
        time = nibabel.cifti2.SeriesAxis(0, tiny.TR, int(kept().sum()))
        image = nibabel.Cifti2Image(values[kept()].astype(np.float32), (time, axis))
        path = stem(folder, sub, ses)
        image.to_filename(
            path.with_name(f"{path.name}_space-fsLR_den-91k_timeseries.ptseries.nii")
        )
    return folder


def matrices(folder: Path) -> Path:
    """Write correlations alone."""
    describe(folder, "matrices")
    for sub, ses, values in sessions():
        save(
            stem(folder, sub, ses),
            "seg-Tiny_meas-PearsonCorrelation_desc-denoiseSimple_relmat.tsv",
            matrix(values[kept()]),
        )
    return folder


def denoised(folder: Path, mode: str = "linc") -> Path:
    """Write images as XCP-D denoises them, without a mask."""
    describe(folder, "XCP-D", "xcp_d")
    labels = tiny.labels()
    rng = np.random.default_rng(1)
    for sub, ses, values in sessions():
        start = stem(folder, sub, ses)
        shown = values[kept()] if mode == "linc" else values
        voxels = np.zeros((*tiny.SHAPE, len(shown)), dtype=np.float32)
        voxels[labels > 0] = shown.T[labels[labels > 0] - 1]
        voxels[4:7, 1:6, 1:9] = rng.standard_normal((3, 5, 8, len(shown)))
        image = nibabel.Nifti1Image(voxels, tiny.AFFINE)
        image.header.set_zooms((4, 4, 4, tiny.TR))
        name = f"{start.name}_space-{tiny.SPACE}_desc-denoised_bold.nii.gz"
        image.to_filename(start.with_name(name))
        about = json.dumps({"RepetitionTime": tiny.TR})
        start.with_name(name.replace(".nii.gz", ".json")).write_text(about)
        save(start, "motion.tsv", pd.DataFrame({"framewise_displacement": fd()}))
        out = pd.DataFrame({"framewise_displacement": (~kept()).astype(int)})
        save(start, "outliers.tsv", out)
    return folder


def components(folder: Path, study: Path) -> Path:
    """Write what tedana writes of every run of a study that fMRIPrep prepared."""
    describe(folder, "tedana", "tedana")
    for path in sorted(study.glob("derivatives/*/sub-*/**/*_desc-confounds_timeseries.tsv")):
        n_volumes = len(pd.read_csv(path, sep="\t"))
        (person,) = (part for part in path.parts if part.startswith("sub-") and "_" not in part)
        func = folder.joinpath(*path.parts[path.parts.index(person) : -1])
        func.mkdir(parents=True, exist_ok=True)
        start = func / path.name.removesuffix("_desc-confounds_timeseries.tsv")
        values = np.random.default_rng(5).standard_normal((n_volumes, 2))
        save(start, "desc-ICA_mixing.tsv", pd.DataFrame(values, columns=["ICA_00", "ICA_01"]))
        classes = {"Component": ["ICA_00", "ICA_01"], "classification": ["accepted", "rejected"]}
        save(start, "desc-tedana_metrics.tsv", pd.DataFrame(classes))
        principal = {"Component": ["PCA_00"], "classification": ["accepted"]}
        save(start, "desc-PCA_metrics.tsv", pd.DataFrame(principal))
    return folder


def c_pac(folder: Path) -> Path:
    """Write what C-PAC writes: columns named by labels, names with regressors in them."""
    describe(folder, "C-PAC", "C-PAC")
    head = ",".join(f"Mean_{label} " for label in range(1, tiny.N_REGIONS + 1))
    for sub, ses, values in sessions():
        lines = [",".join(f"{x:.9g}" for x in row) + "," for row in values[kept()]]
        start = stem(folder, sub, ses)
        name = "run-1_atlas-Tiny_space-MNI152NLin6ASym_reg-36Parameter_desc-Mean_timeseries"
        path = start.with_name(f"{start.name}_{name}.1D")
        path.write_text("\n".join([f"#{head}", *lines]) + "\n")
        path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": tiny.TR}))
    return folder


def giga_connectome(folder: Path) -> Path:
    """Write what giga_connectome 0.6 writes: counted columns, a JSON without the atlas."""
    describe(folder, "giga_connectome", "giga_connectome")
    for sub, ses, values in sessions():
        start = stem(folder, sub, ses)
        frame = pd.DataFrame(values[kept()])
        save(start, "seg-Tiny40Parcels_desc-denoiseSimple_timeseries.tsv", frame)
        save(start, "seg-Tiny20Parcels_desc-denoiseSimple_timeseries.tsv", frame.iloc[:, :20])
        square = pd.DataFrame(np.corrcoef(values[kept()].T))
        matrix = "seg-Tiny40Parcels_meas-PearsonCorrelation_desc-denoiseSimple_relmat.tsv"
        save(start, matrix, square)
        about = start.with_name(f"{start.name}_desc-denoiseSimple_timeseries.json")
        about.write_text(json.dumps({"SamplingFrequency": 1 / tiny.TR}))
    return folder


def halfpipe(folder: Path) -> Path:
    """Write what HALFpipe writes: numbers alone, in a folder of the task."""
    describe(folder, "HALFpipe", "HALFpipe")
    for sub, ses, values in sessions():
        start = stem(folder, sub, ses)
        name = f"{start.name}_feature-corrMatrix_atlas-Tiny_timeseries.tsv"
        path = start.parent / "task-rest" / name
        path.parent.mkdir()
        np.savetxt(path, values[kept()], fmt="%.10f", delimiter="\t")
        path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": tiny.TR}))
    return folder


def conn(folder: Path) -> Path:
    """Write what CONN keeps of regions, under names of BIDS."""
    describe(folder, "CONN")
    for sub, ses, values in sessions():
        start = stem(folder, sub, ses)
        tissue = np.zeros((int(kept().sum()), 16))
        data = [tissue, *values[kept()].T[:, :, None], np.zeros((0, 0))]
        names = ["White Matter", *(f"Tiny.{name} (-3,1,{i})" for i, name in enumerate(NAMES))]
        content = {"data": _cells(data), "names": _cells([*names, "Effect of rest"])}
        path = start.with_name(f"{start.name}_timeseries.mat")
        savemat(path, content)
        path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": tiny.TR}))
    return folder


def _cells(values: Sequence[object]) -> np.ndarray:
    """Return a row of cells as MATLAB has them."""
    cells = np.empty((1, len(values)), dtype=object)
    cells[0, :] = values
    return cells
