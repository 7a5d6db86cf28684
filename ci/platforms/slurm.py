"""A cluster: job arrays, and nipype's plugin."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import HERE, ONE, OPTIONS, ROOT, SAME, Bench, FailedError, last

EXAMPLES = ROOT / "examples"


@contextmanager
def cluster(bench: Bench) -> Iterator[None]:
    """Start a Slurm of one machine, and stop it."""
    folder = bench.folder / "slurm"
    shutil.rmtree(folder, ignore_errors=True)
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    os.environ.pop("LOGNAME", None)
    bench.run(HERE / "slurm.sh", "start", folder)
    try:
        yield
    finally:
        bench.run(HERE / "slurm.sh", "stop", folder)


def cases(bench: Bench) -> None:
    """Run the cases."""
    add = partial(bench.case, "Slurm")
    add(
        "job array over people (`examples/slurm_array.sbatch`), then `group`",
        SAME,
        lambda: _array(bench),
    )
    add(
        "job array, the images of one person cut off",
        "the task of that person FAILED, the other as of a plain run",
        lambda: _failing_task(bench),
    )
    add(
        "`--use-plugin examples/plugin_slurm.yml` at both levels, `LOGNAME` unset",
        SAME,
        lambda: _plugin(bench),
    )
    add(
        "`--use-plugin`, jobs of one person that die",
        "exit code 1, the steps named, the other as of a plain run",
        lambda: _dying_jobs(bench),
    )
    add(
        "`--use-plugin`, no such partition",
        "exit code 64, one sentence",
        lambda: _refused(bench, {"plugin": "SLURM", "plugin_args": {"sbatch_args": "-p none"}}),
    )
    add(
        "`--use-plugin`, no such plugin",
        "exit code 64, one sentence",
        lambda: _refused(bench, {"plugin": "SLURMM"}),
    )


def _submit(bench: Bench, study: Path, out: Path) -> list[str]:
    """Run the job array over two people; return how its tasks ended."""
    edited = {
        "STUDY": str(study),
        "RESULTS": str(out),
        "GRADSHIFT": str(bench.gradshift),
        "OPTIONS": " ".join(OPTIONS),
    }
    log = f"--output={bench.folder}/logs/slurm_%A_%a.log"
    words = ("--parsable", "--array=1-2", "--cpus-per-task=1", "--mem=2G", log)
    job = bench.run("sbatch", *words, EXAMPLES / "slurm_array.sbatch", env=edited).strip()
    while bench.run("squeue", "-h", "-j", job).strip():
        time.sleep(2)
    told = bench.run("scontrol", "show", "job", "--oneliner", job).strip()
    rows = [dict(word.partition("=")[::2] for word in row.split()) for row in told.split("\n")]
    ordered = sorted(rows, key=lambda row: int(row["ArrayTaskId"]))
    return [f"{row['JobState']} {row['ExitCode']}" for row in ordered]


def _array(bench: Bench) -> str:
    out = bench.out("slurm-array")
    seen = _submit(bench, bench.study, out)
    if seen != ["COMPLETED 0:0", "COMPLETED 0:0"]:
        raise FailedError(", ".join(seen))
    bench.run(bench.gradshift, bench.study, out, "group")
    return f"2 tasks completed; {bench.same(out)}"


def _failing_task(bench: Bench) -> str:
    broken, out = bench.folder / "broken", bench.out("slurm-broken")
    shutil.rmtree(broken, ignore_errors=True)
    shutil.copytree(bench.study, broken)
    for image in broken.glob("derivatives/fmriprep/sub-02/ses-*/func/*_bold.nii.gz"):
        image.write_bytes(image.read_bytes()[:5000])
    seen = _submit(bench, broken, out)
    if seen != ["COMPLETED 0:0", "FAILED 1:0"]:
        raise FailedError(", ".join(seen))
    return f"task 1 {seen[0]}, task 2 {seen[1]}; {bench.same(out, 'sub-01')}"


def _plugin(bench: Bench) -> str:
    out, file = bench.out("slurm-plugin"), EXAMPLES / "plugin_slurm.yml"
    words = ("participant", *OPTIONS, "--use-plugin", file)
    bench.run(bench.gradshift, bench.study, out, *words)
    bench.run(bench.gradshift, bench.study, out, "group", "--use-plugin", file)
    return bench.same(out)


def _dying_jobs(bench: Bench) -> str:
    out, file = bench.out("slurm-dying"), bench.folder / "dying.yml"
    mortal = "#!/bin/bash\n[[ $SLURM_JOB_NAME == parcellate_*.sub_01_* ]] && kill -9 $$"
    file.write_text(json.dumps({"plugin": "SLURM", "plugin_args": {"template": mortal}}))
    words = (bench.gradshift, bench.study, out, "participant", *OPTIONS)
    told = bench.run(*words, "--use-plugin", file, code=1)
    named = [line.strip() for line in told.splitlines() if "Steps that crashed" in line]
    if not named:
        raise FailedError(last(told))
    return f"exit code 1; {named[0].partition('. Crash files')[0]}; {bench.same(out, 'sub-02')}"


def _refused(bench: Bench, content: object) -> str:
    out, file = bench.out("slurm-refused"), bench.folder / "plugin.yml"
    file.write_text(json.dumps(content))
    words = (bench.gradshift, bench.study, out, *ONE, "--use-plugin", file)
    told = bench.run(*words, code=64)
    if "Traceback" in told or "gradshift: " not in last(told):
        raise FailedError(last(told))
    return last(told).replace(f"{bench.folder}/", "")
