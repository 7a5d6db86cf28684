"""Whole commands on other studies: long runs, many people, arrays of tasks; and their files.

`group` is run on outputs that `simulate.py` makes from the output of one real person, so that
thousands of people can be compared in minutes. With another source tree as baseline both are run
in turn on the same files. Times are those of processors.

    python benchmarks/whole.py [--volumes N ...] [--people N ...] [--tasks N ...] [--rounds N]
                               [--against FOLDER/src]
"""

import argparse
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from common import Row, apart, gradshift, in_turn, make_run, make_study, measured, table
from simulate import simulate

from participant import MASKER

SESSIONS = ("pre", "post")

VOLUMES = 200
"""Of the two sessions of the one person whose output is multiplied."""

WITH_MAPS = 11
"""People up to which voxel maps are compared, too."""

GROUPS = {
    11: {"within": 45},
    50: {"within": 100},
    200: {"within": 90, "most": 1000},
    1000: {"within": 480, "most": 2000},
    5000: {"most": 8000},
}
"""Goals in seconds and megabytes, by number of people."""

RUNS = ((300, "float32"), (300, "int16"), (900, "float32"), (900, "int16"))
GOALS = {300: {"goal": 0.75, "most": 600}, 900: {"goal": 0.8, "most": 800}}
"""Goals against nilearn's masker, by number of volumes."""

ARRAYS = (20, 100)
SHORT = ("--no-voxelwise", "--min-minutes", "2", "--denoise", "none")
"""Options for the sessions of 100 volumes that arrays of tasks work on."""


def versus(commands, words, against):
    """Add the same command of another source tree."""
    return commands | ({"before": ["env", f"PYTHONPATH={against}", *words]} if against else {})


def sessions(folder, volumes, rounds, against):
    """One cold session with maps, against nilearn's masker on the same file."""
    for n_volumes, dtype in (run for run in RUNS if run[0] in volumes):
        run, out = folder / f"{n_volumes}-{dtype}", folder / "out"
        run.mkdir()
        apart(make_run, run, n_volumes, dtype)
        apart(make_study, run / "study", run, n_volumes=n_volumes)
        words = gradshift(run / "study", out, "participant")
        masker = [sys.executable, "-c", MASKER, run, str(n_volumes)]
        found = in_turn(
            versus({"ours": words, "masker": masker}, words, against),
            rounds,
            before=partial(shutil.rmtree, out, ignore_errors=True),
        )
        what = f"`participant`, one session, two recipes, maps, {n_volumes} volumes of {dtype}"
        goals = GOALS[n_volumes]
        yield Row(what, found["ours"], found["masker"], "nilearn", clock="cpu", **goals)
        if against:
            yield Row("same", found["ours"], found["before"], "before", clock="cpu")
        shutil.rmtree(run)


def one_person(folder, maps):
    """Run the participant level for a single person with two sessions; return its output."""
    run, study = folder / "run", folder / "one"
    if not run.exists():
        run.mkdir()
        apart(make_run, run, VOLUMES)
        apart(make_study, study, run, sessions=SESSIONS, n_volumes=VOLUMES)
    out = folder / ("with maps" if maps else "tables only")
    if not out.exists():
        measured(gradshift(study, out, "participant", *([] if maps else ["--no-voxelwise"])))
    return out


def groups(folder, people, rounds, against):
    """`group` for so many people."""
    one, root = one_person(folder, people <= WITH_MAPS), folder / f"people-{people}"
    apart(simulate, one, root / "study", root / "out", people)
    chosen = ("--baseline", SESSIONS[0], "--followup", SESSIONS[1])
    words = gradshift(root / "study", root / "out", "group", *chosen)

    def clean():
        for name in ("group", "work"):
            shutil.rmtree(root / "out" / name, ignore_errors=True)

    found = in_turn(versus({"ours": words}, words, against), rounds, before=clean)
    shutil.rmtree(root)
    what = f"`group`, {people} people" + (", 2 mm maps" if people <= WITH_MAPS else "")
    baseline = (found["before"], "before") if against else ((), "")
    return Row(what, found["ours"], *baseline, clock="cpu", **GROUPS.get(people, {}))


def arrays(folder, tasks, rounds):
    """A task for each person, one after the other, against one call for all of them."""
    short = folder / "short"
    if not short.exists():
        short.mkdir()
        apart(make_run, short, 100)
    study, out = folder / f"tasks-{tasks}", folder / "array"
    apart(make_study, study, short, people=tasks, n_volumes=100)
    each = " ".join(f"{number + 1:04d}" for number in range(tasks))
    words = [str(word) for word in gradshift(study, out, "participant", *SHORT)]
    loop = f'for label in {each}; do "$@" --participant-label $label || exit 1; done'
    found = in_turn(
        {"array": ["sh", "-c", loop, "sh", *words], "one call": words},
        rounds,
        before=partial(shutil.rmtree, out, ignore_errors=True),
    )
    shutil.rmtree(study)
    return Row(
        f"array of {tasks} tasks", found["array"], found["one call"], "one call", clock="cpu"
    )


def files(out):
    """Say how many files of what size are results, and how many are kept from on the way."""
    parts = []
    for name, on_the_way in (("results", False), ("on the way", True)):
        sizes = [
            path.stat().st_size
            for path in out.rglob("*")
            if path.is_file() and ("work" in path.relative_to(out).parts) == on_the_way
        ]
        parts.append(f"{name} {len(sizes)} files, {sum(sizes) / 2**20:.0f} MB")
    return f"One person, two sessions of {VOLUMES} volumes, {out.name}: {', '.join(parts)}."


def each(folder, volumes, people, tasks, rounds, against=None):
    """Yield the rows as they are measured, the longest last."""
    yield from sessions(folder, volumes, rounds, against)
    for n in tasks:
        yield arrays(folder, n, rounds)
    for n in people:
        yield groups(folder, n, rounds, against)


def rows(rounds):
    """Return all rows, and a note."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = list(each(folder, list(GOALS), list(GROUPS), ARRAYS, rounds))
        note = " ".join(files(one_person(folder, maps)) for maps in (True, False))
    return found, note


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--volumes", type=int, nargs="*", default=list(GOALS), metavar="N")
    parser.add_argument("--people", type=int, nargs="*", default=list(GROUPS), metavar="N")
    parser.add_argument("--tasks", type=int, nargs="*", default=ARRAYS, metavar="N")
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--against", metavar="FOLDER", help="source tree of the baseline")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for row in each(
            Path(name), options.volumes, options.people, options.tasks, options.rounds,
            options.against,
        ):  # fmt: skip
            print(table([row]), flush=True)


if __name__ == "__main__":
    main()
