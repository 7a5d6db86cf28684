"""What the benchmarks share: realistic data, whole processes measured, rows of a table.

A run is the size of a real one: 2 mm in MNI152NLin2009cAsym, 300 volumes of smooth noise
inside a brain-shaped mask. Everything is measured in a process of its own, from outside, and
compared with a baseline that ran in turn with it: ratios hold where seconds do not.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

SHAPE = (97, 115, 97)
ZOOM = 2.0
TR = 2.0
SPACE = "MNI152NLin2009cAsym"
SIZES = (400, 200, 100, 50)
"""Regions of the four made-up atlases."""

MANY = 100
"""Runs up to which a study has images that differ and may all be used, not links to one."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Figures:
    """What one process took: seconds of wall clock and of processors, peak megabytes."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Row:
    """A row of the table: ours against a baseline that ran in turn with it.

    `goal` is the largest ratio that is good enough, `most` the largest peak in megabytes,
    `seconds` the most that ours may take longer than the baseline, `within` the most that it
    may take; `why` says what stands in the way where that is missed, and what to try next.
    `clock` is 'wall', or 'cpu' for the seconds of processors, which other programs of a busy
    machine lengthen less.
    """

    what: str
    ours: Sequence[Figures]
    baseline: Sequence[Figures] = ()
    against: str = ""
    goal: float | None = None
    most: float | None = None
    seconds: float | None = None
    within: float | None = None
    why: str = ""
    clock: str = "wall"

    @property
    def longer(self) -> float:
        """Median over the rounds of ours - baseline, in seconds."""
        return float(np.median([ours - other for ours, other in self._pairs()]))

    @property
    def ratio(self) -> float:
        """Median over the rounds of ours / baseline."""
        return float(np.median([ours / other for ours, other in self._pairs()]))

    def _pairs(self) -> Iterable[tuple[float, float]]:
        times = ([getattr(one, self.clock) for one in run] for run in (self.ours, self.baseline))
        return zip(*times, strict=True)

    @property
    def met(self) -> bool | None:
        """Whether all goals are met; None without any."""
        peak = median(self.ours, "peak")
        goals = [
            (self.goal, lambda: self.ratio),
            (self.seconds, lambda: self.longer),
            (self.most, lambda: peak),
            (self.within, lambda: median(self.ours, self.clock)),
        ]
        met = [found() <= goal for goal, found in goals if goal is not None]
        return all(met) if met else None

    def cells(self) -> list[str]:
        """Return the row as text."""
        time, peak = (median(self.ours, name) for name in (self.clock, "peak"))
        cells = [self.what, f"{time:.2f} s", "", "", "", f"{peak:.0f} MB"]
        if self.baseline:
            cells[2] = f"{median(self.baseline, self.clock):.2f} s ({self.against})"
            cells[3] = f"{self.ratio:.2f}" if self.seconds is None else f"{self.longer:+.2f} s"
        goals = [
            (self.goal, "≤ {:g} x"), (self.seconds, "≤ +{:g} s"), (self.within, "≤ {:g} s"),
            (self.most, "≤ {:g} MB"),
        ]  # fmt: skip
        cells[4] = ", ".join(text.format(goal) for goal, text in goals if goal is not None)
        return [*cells, {None: "", True: "yes", False: "**no**"}[self.met]]


HEADER = ("what", "ours", "baseline", "ratio", "goal", "peak memory", "met")


def median(figures: Sequence[Figures], name: str) -> float:
    """Return the median of one figure."""
    return float(np.median([getattr(one, name) for one in figures]))


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table, and why goals were missed."""
    lines = [HEADER, ["---"] * len(HEADER), *(row.cells() for row in rows)]
    told = [f"Missed, {row.what}: {row.why}" for row in rows if row.met is False]
    return (
        "\n".join(f"| {' | '.join(line)} |" for line in lines)
        + "".join(f"\n\n{text}" for text in told)
        + "\n"
    )


def measured(command: Sequence[str | Path], *, codes: Sequence[int] = (0,)) -> Figures:
    """Run a command to its end, with numerical libraries at one thread.

    The peak is that of the largest process, the processor time that of all.

    Raises
    ------
    RuntimeError
        If it ends with another exit code than expected.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD},
        text=True,
    ) as process:
        told = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in codes:
        raise RuntimeError(
            f"{' '.join(map(str, command))} ended with {process.returncode}:\n{told}"
        )
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turn(
    commands: Mapping[str, Sequence[str | Path]],
    rounds: int,
    *,
    before: Callable[[], None] | None = None,
    codes: Sequence[int] = (0,),
) -> dict[str, list[Figures]]:
    """Measure commands in turn, round by round; `before` is called ahead of each."""
    found: dict[str, list[Figures]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            if before is not None:
                before()
            found[name].append(measured(command, codes=codes))
    return found


def apart(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a function in a process of its own.

    The peak of a process that is started here begins at ours, so that what makes the data must
    not take its memory from here.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **options).result()


def affine() -> np.ndarray:
    """Return the affine of the 2 mm template."""
    made = np.diag([ZOOM, ZOOM, ZOOM, 1.0])
    made[:3, 3] = (-96, -132, -78)
    return made


def make_run(folder: Path, n_volumes: int = 300, dtype: str = "float32", seed: int = 0) -> None:
    """Write ``bold.nii.gz``, ``mask.nii.gz`` and four atlases."""
    import nibabel
    from isal import igzip
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    mask = (grid**2 / np.array([0.72, 0.75, 0.66])[:, None, None, None] ** 2).sum(axis=0) < 1
    anatomy = 10000 + 2000 * gaussian_filter(rng.standard_normal(SHAPE), 4) * 40

    image = nibabel.Nifti1Image(np.zeros((*SHAPE, 1), dtype), affine())
    image.header.set_data_shape((*SHAPE, n_volumes))
    image.header.set_zooms((ZOOM, ZOOM, ZOOM, TR))
    image.header.set_xyzt_units("mm", "sec")
    slope = 0.5 if dtype == "int16" else 1.0
    image.header.set_slope_inter(slope, 0)
    image.header["vox_offset"] = 352
    with igzip.open(folder / "bold.nii.gz", "wb", compresslevel=2) as file:
        file.write(image.header.binaryblock + bytes(4))
        for _ in range(n_volumes):
            noise = gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), 1.5) * 1500
            volume = np.where(mask, anatomy + noise, 0) / slope
            file.write(np.ascontiguousarray(volume.T).astype(dtype).tobytes())
    nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8), affine()), folder / "mask.nii.gz")
    _make_atlases(folder, grid, mask, rng)


def _make_atlases(
    folder: Path, grid: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> None:
    import nibabel
    from scipy.spatial import KDTree

    inside = np.argwhere(mask)
    cortex = inside[rng.permutation(len(inside))]
    for number, size in enumerate(SIZES):
        labels = np.zeros(SHAPE, np.int32)
        labels[tuple(inside.T)] = KDTree(cortex[:size]).query(inside)[1] + 1
        shell = (grid**2).sum(axis=0) > 0.12  # leave the core of the brain unlabelled
        nibabel.save(
            nibabel.Nifti1Image(labels * shell, affine()), folder / f"atlas-{number}.nii.gz"
        )


def make_study(
    root: Path,
    run: Path,
    *,
    people: int = 1,
    sessions: Sequence[str] = ("pre",),
    n_volumes: int = 300,
) -> Path:
    """Write a dataset in fMRIPrep layout whose images are those of one run of `make_run`."""
    fmriprep = root / "derivatives" / "fmriprep"
    fmriprep.mkdir(parents=True)
    about = {"Name": "benchmark", "BIDSVersion": "1.10.0"}
    write_json(root / "dataset_description.json", about)
    made = {**about, "DatasetType": "derivative", "GeneratedBy": [{"Name": "fMRIPrep"}]}
    write_json(fmriprep / "dataset_description.json", made)
    table, described = confounds(n_volumes)
    for person in range(people):
        sub = f"sub-{person + 1:04d}"
        (root / sub).mkdir()
        for number, ses in enumerate(sessions, start=person * len(sessions)):
            func = fmriprep / sub / f"ses-{ses}" / "func"
            func.mkdir(parents=True)
            stem = f"{sub}_ses-{ses}_task-rest"
            there = f"{stem}_space-{SPACE}_res-2"
            bold = func / f"{there}_desc-preproc_bold.nii.gz"
            if 1 < people * len(sessions) <= MANY:
                bold.write_bytes(another(run / "bold.nii.gz", number))
            else:
                os.link(run / "bold.nii.gz", bold)
            os.link(run / "mask.nii.gz", func / f"{there}_desc-brain_mask.nii.gz")
            write_json(func / f"{there}_desc-preproc_bold.json", {"RepetitionTime": TR})
            (func / f"{stem}_desc-confounds_timeseries.tsv").write_text(table)
            write_json(func / f"{stem}_desc-confounds_timeseries.json", described)
    return root


def another(path: Path, number: int) -> bytes:
    """Return a run with another last voxel: the same image twice is refused."""
    from isal import igzip

    content = bytearray(igzip.decompress(path.read_bytes()))
    content[-4:] = np.float32(number).tobytes()
    return igzip.compress(bytes(content), 2)


def confounds(n_volumes: int, seed: int = 0) -> tuple[str, dict[str, object]]:
    """Return a table of confounds as fMRIPrep writes it, and its sidecar."""
    rng = np.random.default_rng(seed)
    motion = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    base = {name: 0.01 * rng.standard_normal(n_volumes) for name in motion}
    base |= {n: rng.standard_normal(n_volumes) for n in ("csf", "white_matter", "global_signal")}
    columns = {}
    for name, values in base.items():
        step = np.append(np.nan, np.diff(values))
        columns |= {
            name: values,
            f"{name}_derivative1": step,
            f"{name}_power2": values**2,
            f"{name}_derivative1_power2": step**2,
        }
    columns["framewise_displacement"] = np.append(np.nan, rng.uniform(0.05, 0.3, n_volumes - 1))
    columns["std_dvars"] = np.append(np.nan, np.ones(n_volumes - 1))
    described: dict[str, object] = {}
    for letter, tissue in (("c", "CSF"), ("w", "WM")):
        for number in range(6):
            name = f"{letter}_comp_cor_{number:02d}"
            columns[name] = rng.standard_normal(n_volumes)
            described[name] = {"Method": "aCompCor", "Mask": tissue, "Retained": True}
    for number in range(4):
        wave = np.cos(np.pi * (number + 1) * (np.arange(n_volumes) + 0.5) / n_volumes)
        columns[f"cosine{number:02d}"] = wave
    rows = np.column_stack(list(columns.values()))
    cells = [["n/a" if np.isnan(x) else f"{x:.8g}" for x in row] for row in rows]
    lines = ["\t".join(line) for line in [list(columns), *cells]]
    return "\n".join(lines) + "\n", described


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(content))


def gradshift(root: Path, out: Path, level: str, *options: str) -> list[str | Path]:
    """Return the command line of our program as it is installed here."""
    return [sys.executable, "-m", "gradshift", root, out, level, *options]
