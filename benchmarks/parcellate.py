"""Time and memory of the one pass over a run, next to the floor and to nilearn.

Run in turn, each in a process of its own: the bare decoder ("decode": unpack the file and
throw the bytes away), our pass with one and with four atlases (coverage, tSNR and carpet are
always part of it), the pass with all voxel maps (ALFF, fALFF, ReHo, connectivity of a seed;
one recipe), and nilearn's masker, which only averages.

    python benchmarks/parcellate.py                the size of a real session
    python benchmarks/parcellate.py --rounds 1 --volumes 50
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from common import ONE_THREAD, SIZES, TR, Figures, Row, make_run, table

BAND = (0.01, 0.08)

WHY_MEANS = (
    "the sums run beside the decoder; what comes on top is the mask, the atlas, the matrix made "
    "of them and the last block of volumes, a tenth of a second or two whatever the length of the "
    "run, and weighs most where the file is small or unpacks fast. Next: sums in the numbers of "
    "the file, without the change to double precision."
)
WHY_MAPS = (
    "what is computed of 196,000 voxels takes as long whether the file unpacks fast or slowly. "
    "A third of it is the order of the volumes in every voxel, which ReHo needs, a fifth the sums "
    "of ranks around it, the rest two matrix products and the seed map. Next: a second thread for "
    "half of the voxels where --nprocs leaves a core idle, or the ranking in a compiled loop."
)


def decode(folder):
    from isal import igzip

    piece = bytearray(4 * 1024 * 1024)
    with igzip.open(folder / "bold.nii.gz", "rb") as file:
        while file.readinto(piece):
            pass


def read(folder, n_atlases, keep=None):
    import nibabel

    from gradshift.core.series.parcellate import parcellate
    from gradshift.images.header import read_header
    from gradshift.images.volumes import read_mask, stream

    header = read_header(folder / "bold.nii.gz")
    mask = read_mask(folder / "mask.nii.gz", header.shape, header.affine)
    atlases = []
    for number in range(n_atlases):
        labels = np.asanyarray(nibabel.load(folder / f"atlas-{number}.nii.gz").dataobj)
        atlases.append((labels.ravel(order="F").astype(np.int32), SIZES[number]))
    voxels = None
    if keep is not None:
        shape = (header.n_volumes, int(mask.sum()))
        voxels = np.lib.format.open_memmap(keep, "w+", dtype=np.float32, shape=shape)
    found = parcellate(
        partial(stream, header), atlases, mask, n_volumes=header.n_volumes,
        slope=header.slope, intercept=header.intercept, keep=voxels,
    )  # fmt: skip
    return found, header, mask, atlases


def maps(folder):
    from gradshift.core.series.denoise import cleaning_operator
    from gradshift.core.series.maps import Grid, Volumes, VoxelRun, session_maps
    from gradshift.core.series.smooth import region_means
    from gradshift.images.seriesfile import SeriesFile

    with tempfile.TemporaryDirectory() as kept:
        found, header, mask, atlases = read(folder, 1, Path(kept) / "voxels.npy")
        n, places = header.n_volumes, np.flatnonzero(mask)[found.run_mask]
        regressors = np.random.default_rng(0).standard_normal((n, 34))
        used = np.ones(n, dtype=bool)
        cleaning, filtering = (
            cleaning_operator(regressors, used, tr=TR, band=band) for band in (None, BAND)
        )
        run = VoxelRun(
            voxels=SeriesFile(Path(kept) / "voxels.npy"),
            columns=np.flatnonzero(found.run_mask), kept=used, cleaning=cleaning,
            filtering=filtering,
        )  # fmt: skip
        result = session_maps(
            [run], Volumes(np.arange(n), np.zeros(n, dtype=int), TR), Grid(places, header.shape),
            n_common=n, band=BAND,
            seeds=[filtering @ found.atlases[0].means[:, 0]],
        )  # fmt: skip
        for values in result.values.values():
            region_means(values, atlases[0][0][places], SIZES[0])


def nilearn(folder):
    import warnings

    warnings.simplefilter("ignore")
    from nilearn.maskers import NiftiLabelsMasker

    NiftiLabelsMasker(
        folder / "atlas-0.nii.gz",
        mask_img=folder / "mask.nii.gz",
        resampling_target=None,
        reports=False,
    ).fit_transform(folder / "bold.nii.gz")


TASKS = {
    "decode": decode,
    "one": partial(read, n_atlases=1),
    "four": partial(read, n_atlases=4),
    "maps": maps,
    "nilearn": nilearn,
}


def run(task, folder):
    """Run one task; print wall seconds, processor seconds (imports apart) and peak megabytes."""
    if task == "nilearn":
        import nilearn.maskers
    elif task != "decode":
        import nibabel  # noqa: F401

        import gradshift.core.series.parcellate
        import gradshift.images.volumes
    if task == "maps":
        import nilearn.signal  # noqa: F401

        import gradshift.core.series.maps  # noqa: F401
    start, busy = time.perf_counter(), time.process_time()
    TASKS[task](Path(folder))
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, busy, peak]))


def call(*words):
    """Call this script in a process of its own: a child's peak starts at its parent's."""
    import os

    command = [sys.executable, __file__, *map(str, words)]
    environment = {**os.environ, **ONE_THREAD}
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    ).stdout


def measure(dtype, rounds, n_volumes=300):
    """Return the rows of one number type."""
    results = {task: [] for task in TASKS}
    with tempfile.TemporaryDirectory() as folder:
        call("--task", "make", "--volumes", n_volumes, "--dtype", dtype, "--folder", folder)
        for number in range(rounds):
            for task in TASKS:
                if task == "nilearn" and number > 0:
                    continue  # slow, and far from the others
                told = call("--task", task, "--folder", folder).splitlines()[-1]
                results[task].append(Figures(*json.loads(told)))
    floor = results["decode"]

    def row(what, task, **goals):
        ours = results[task]
        return Row(f"{what}, {dtype}", ours, floor[: len(ours)], "decode", **goals)

    return [
        row("region means, one atlas", "one", goal=1.15, most=200, why=WHY_MEANS),
        row("4 atlases, coverage, tSNR, carpet", "four", goal=1.4, why=WHY_MEANS),
        row("one atlas, ALFF, fALFF, ReHo, seed map", "maps", goal=3, most=1000, why=WHY_MAPS),
        row("nilearn's masker, means alone (for comparison)", "nilearn"),
    ]


def rows(rounds):
    """Return all rows."""
    return [row for dtype in ("float32", "int16") for row in measure(dtype, rounds)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--volumes", type=int, default=300, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--dtype", default="float32", choices=("float32", "int16"))
    parser.add_argument("--task", choices=["make", *TASKS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task == "make":
        make_run(Path(options.folder), options.volumes, options.dtype)
    elif options.task:
        run(options.task, options.folder)
    else:
        print(table(measure(options.dtype, options.rounds, options.volumes)))


if __name__ == "__main__":
    main()
