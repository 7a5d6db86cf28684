"""Whole commands, from a cold start: one session, many people, two processes.

The baseline of one session is a script that does nothing but nilearn's masker on the same file
(standardised, detrended, band-passed, 36 confounds, no report): imports count on both sides.

    python benchmarks/participant.py
    python benchmarks/participant.py --giga PROGRAM   also giga_connectome, where it is installed
"""

import argparse
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from common import (
    SPACE,
    Row,
    apart,
    gradshift,
    in_turn,
    make_run,
    make_study,
    median,
    table,
    write_json,
)

PEOPLE = (1, 3, 10)
"""With two sessions each, to see how the time grows."""

VOLUMES = 100
"""Of these sessions."""

WHY_ONE = (
    "two seconds are imports (scipy, nipype, matplotlib), two the figures of the page, "
    "one the decoder; what nilearn takes varies more from run to run than ours. Next: figures "
    "that are laid out once."
)
WHY_TWO = (
    "start, search for the runs and the pages in the end are not shared out, and one process "
    "already unpacks in a thread of its own, on the other core. Next: pages as steps of the "
    "graph, where the other process can draw them."
)

MASKER = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from nilearn.maskers import NiftiLabelsMasker
run, n_volumes = sys.argv[1], int(sys.argv[2])
confounds = np.random.default_rng(0).standard_normal((n_volumes, 36))
NiftiLabelsMasker(
    f"{run}/atlas-0.nii.gz", mask_img=f"{run}/mask.nii.gz", standardize="zscore_sample",
    detrend=True, low_pass=0.08, high_pass=0.01, t_r=2.0, resampling_target=None, reports=False,
).fit_transform(f"{run}/bold.nii.gz", confounds=confounds)
"""


def one_session(folder, rounds, giga=None):
    """Compare one cold session with nilearn's masker, and with giga_connectome if it is there."""
    apart(make_run, folder)
    study = apart(make_study, folder / "study", folder)
    out = folder / "out"

    def clean():
        shutil.rmtree(out, ignore_errors=True)

    commands = {
        "ours": gradshift(study, out, "participant", "--no-voxelwise"),
        "masker": [sys.executable, "-c", MASKER, folder, "300"],
        "maps": gradshift(study, out, "participant"),
    }
    if giga:
        commands["giga"] = giga_command(giga, study, folder)
    found = in_turn(commands, rounds, before=clean)
    what = "`participant`, one session, two recipes"
    rows = [
        Row(
            f"{what}, `--no-voxelwise`",
            found["ours"],
            found["masker"],
            "nilearn",
            goal=0.6,
            why=WHY_ONE,
        ),
        Row(f"{what}, voxel maps", found["maps"], found["masker"], "nilearn"),
    ]
    if giga:
        against = "giga_connectome"
        rows.insert(
            1,
            Row(
                f"{what}, `--no-voxelwise`",
                found["ours"],
                found["giga"],
                against,
                goal=0.15,
                why=WHY_ONE,
            ),
        )
    return rows


def giga_command(program, study, folder):
    """Return the command line of giga_connectome, with templates that lie here.

    Its own denoising strategy, 24 motion parameters and two tissues with filter, and one
    atlas of 400 regions.
    """
    home = folder / "templateflow"
    template = home / f"tpl-{SPACE}"
    template.mkdir(parents=True)
    shutil.copy(
        folder / "atlas-0.nii.gz",
        template / f"tpl-{SPACE}_res-02_atlas-local_desc-400_dseg.nii.gz",
    )
    shutil.copy(folder / "mask.nii.gz", template / f"tpl-{SPACE}_res-02_label-GM_probseg.nii.gz")
    parameters = {"atlas": "local", "template": SPACE, "resolution": "02", "suffix": "dseg"}
    config = {"name": "local", "parameters": parameters, "desc": ["400"],
              "templateflow_dir": str(home)}  # fmt: skip
    write_json(folder / "local.json", config)
    return [
        "env", f"TEMPLATEFLOW_HOME={home}", "TEMPLATEFLOW_AUTOUPDATE=off", program,
        study / "derivatives" / "fmriprep", folder / "out" / "giga", "participant",
        "--atlas", folder / "local.json", "--atlases-dir", folder / "out" / "atlases",
    ]  # fmt: skip


def scaling(folder, rounds):
    """People one after the other, and two at a time: time and memory of each session."""
    short = folder / "short"
    short.mkdir()
    apart(make_run, short, VOLUMES)
    options = ("--no-voxelwise", "--min-minutes", "2", "--denoise", "none")

    def command(people, nprocs):
        study, out = folder / f"study-{people}", folder / "scaled"
        if not study.exists():
            sessions = ("pre", "post")
            apart(make_study, study, short, people=people, sessions=sessions, n_volumes=VOLUMES)
        return gradshift(study, out, "participant", *options, "--nprocs", str(nprocs))

    def clean():
        shutil.rmtree(folder / "scaled", ignore_errors=True)

    commands = {f"{n}": command(n, 1) for n in PEOPLE} | {"two": command(PEOPLE[-1], 2)}
    found = in_turn(commands, rounds, before=clean)
    rows = [
        Row(f"{2 * n} sessions of {who}, {VOLUMES} volumes, one process", found[str(n)])
        for n in PEOPLE
        for who in ["one person" if n == 1 else f"{n} people"]
    ]
    last = found[str(PEOPLE[-1])]
    what = f"{2 * PEOPLE[-1]} sessions, two processes"
    rows.append(Row(what, found["two"], last, "one process", goal=0.6, why=WHY_TWO))
    steps = [
        (median(found[str(more)], "wall") - median(found[str(n)], "wall")) / (2 * (more - n))
        for n, more in pairwise(PEOPLE)
    ]
    more = median(last, "peak") - median(found[str(PEOPLE[0])], "peak")
    note = (
        f"Each further session costs {' s, then '.join(f'{step:.2f}' for step in steps)} s; "
        f"{2 * PEOPLE[-1]} sessions need {more:+.0f} MB of memory against {2 * PEOPLE[0]}."
    )
    return rows, note


def rows(rounds, giga=None):
    """Return all rows and a note."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = one_session(folder, rounds, giga)
        scaled, note = scaling(folder, max(1, rounds // 2))
    return [*found, *scaled], note


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--giga", metavar="PROGRAM")
    options = parser.parse_args()
    found, note = rows(options.rounds, options.giga)
    print(table(found), note, sep="\n")


if __name__ == "__main__":
    main()
