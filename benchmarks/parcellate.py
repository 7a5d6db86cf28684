"""Time and memory of the one pass over a run, next to the floor and to nilearn.

Makes a session of smooth noise inside a brain-shaped mask, then runs in turn, each in a
process of its own: the bare decoder ("decode": unpack the file and throw the bytes away),
our pass with one and with four atlases (coverage, tSNR and carpet are always part of it),
and nilearn's masker. Prints medians, ratios to the decoder, and peak memory. The wall clock
tells the truth on an idle machine only; the processor time of all threads tells on any.

    python benchmarks/parcellate.py                        the size of a real session
    python benchmarks/parcellate.py --volumes 50 --rounds 1 --only decode,one
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

SHAPE = (97, 115, 97)
ZOOM = 2.0
SIZES = (400, 200, 100, 50)


def make_session(folder, n_volumes, dtype, seed=0):
    """Write a run, its mask and four atlases."""
    import nibabel
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    affine = np.diag([ZOOM, ZOOM, ZOOM, 1.0])
    affine[:3, 3] = (-96, -132, -78)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    mask = (grid**2 / np.array([0.72, 0.75, 0.66])[:, None, None, None] ** 2).sum(axis=0) < 1
    anatomy = 10000 + 2000 * gaussian_filter(rng.standard_normal(SHAPE), 4) * 40

    image = nibabel.Nifti1Image(np.zeros((*SHAPE, 1), dtype), affine)
    image.header.set_data_shape((*SHAPE, n_volumes))
    image.header.set_zooms((ZOOM, ZOOM, ZOOM, 2.0))
    image.header.set_xyzt_units("mm", "sec")
    slope = 0.5 if dtype == "int16" else 1.0
    image.header.set_slope_inter(slope, 0)
    image.header["vox_offset"] = 352
    from isal import igzip

    with igzip.open(folder / "bold.nii.gz", "wb", compresslevel=2) as file:
        file.write(image.header.binaryblock + bytes(4))
        for _ in range(n_volumes):
            noise = gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), 1.5) * 1500
            volume = np.where(mask, anatomy + noise, 0) / slope
            file.write(np.ascontiguousarray(volume.T).astype(dtype).tobytes())

    nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8), affine), folder / "mask.nii.gz")
    inside = np.argwhere(mask)
    cortex = inside[rng.permutation(len(inside))]
    from scipy.spatial import KDTree

    for number, size in enumerate(SIZES):
        labels = np.zeros(SHAPE, np.int32)
        labels[tuple(inside.T)] = KDTree(cortex[:size]).query(inside)[1] + 1
        shell = (grid**2).sum(axis=0) > 0.12  # leave the core of the brain unlabelled
        nibabel.save(
            nibabel.Nifti1Image(labels * shell, affine), folder / f"atlas-{number}.nii.gz"
        )


def decode(folder):
    from isal import igzip

    piece = bytearray(4 * 1024 * 1024)
    with igzip.open(folder / "bold.nii.gz", "rb") as file:
        while file.readinto(piece):
            pass


def ours(folder, n_atlases):
    import nibabel

    from gradshift.core.parcellate import parcellate
    from gradshift.images.volumes import read_header, read_mask, stream

    header = read_header(folder / "bold.nii.gz")
    mask = read_mask(folder / "mask.nii.gz", header.shape, header.affine)
    atlases = []
    for number in range(n_atlases):
        labels = np.asanyarray(nibabel.load(folder / f"atlas-{number}.nii.gz").dataobj)
        atlases.append((labels.ravel(order="F").astype(np.int32), SIZES[number]))
    result = parcellate(
        partial(stream, header),
        atlases,
        mask,
        n_volumes=header.n_volumes,
        slope=header.slope,
        intercept=header.intercept,
    )
    assert len(result.atlases) == n_atlases


def bare_stream(folder):
    from gradshift.images.volumes import read_header, stream

    with closing(stream(read_header(folder / "bold.nii.gz"))) as blocks:
        for _ in blocks:
            pass


def nilearn(folder):
    import warnings

    warnings.simplefilter("ignore")
    from nilearn.maskers import NiftiLabelsMasker

    NiftiLabelsMasker(
        folder / "atlas-0.nii.gz",
        mask_img=folder / "mask.nii.gz",
        standardize=False,
        resampling_target=None,
        reports=False,
    ).fit_transform(folder / "bold.nii.gz")


TASKS = {
    "decode": decode,
    "stream": bare_stream,
    "one": partial(ours, n_atlases=1),
    "four": partial(ours, n_atlases=4),
    "nilearn": nilearn,
}


def run(task, folder):
    """Run one task; print wall seconds, processor seconds (imports apart) and peak megabytes."""
    if task in ("stream", "one", "four"):
        import nibabel  # noqa: F401

        import gradshift.core.parcellate
        import gradshift.images.volumes  # noqa: F401
    elif task == "nilearn":
        import nilearn.maskers  # noqa: F401
    start, busy = time.perf_counter(), time.process_time()
    TASKS[task](Path(folder))
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, busy, peak]))


def measure(tasks, folder, rounds):
    """Run the tasks in turn, `rounds` times."""
    results = {task: [] for task in tasks}
    for number in range(rounds):
        for task in tasks:
            if task == "nilearn" and number > 0:
                continue  # slow, and far from the others
            command = [sys.executable, __file__, "--task", task, "--folder", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[task].append(json.loads(done.stdout.splitlines()[-1]))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--volumes", type=int, default=300, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--dtypes", default="float32,int16", metavar="LIST")
    parser.add_argument("--only", default=",".join(TASKS), metavar="LIST")
    parser.add_argument("--task", choices=["make", *TASKS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task == "make":
        make_session(Path(options.folder), options.volumes, options.dtypes)
        return
    if options.task:
        run(options.task, options.folder)
        return
    for dtype in options.dtypes.split(","):
        with tempfile.TemporaryDirectory() as folder:
            # In a process of its own: a child's peak memory starts at its parent's.
            make = ["--task", "make", "--volumes", str(options.volumes), "--dtypes", dtype]
            command = [sys.executable, __file__, *make, "--folder", folder]
            subprocess.run(command, check=True)
            results = measure(options.only.split(","), folder, options.rounds)
            size = (Path(folder) / "bold.nii.gz").stat().st_size / 1e6
        print(f"{dtype}, {options.volumes} volumes, {size:.0f} MB, {options.rounds} rounds")
        medians = {task: np.median(rows, axis=0) for task, rows in results.items()}
        floor = medians.get("decode", np.ones(3))
        for task, (wall, busy, peak) in medians.items():
            print(
                f"  {task:8} {wall:7.2f} s {wall / floor[0]:6.2f} x decode   "
                f"processor {busy:7.2f} s {busy / floor[1]:6.2f} x decode   {peak:6.0f} MB"
            )


if __name__ == "__main__":
    main()
