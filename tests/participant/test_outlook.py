"""What headers tell: minutes, degrees of freedom, which recipes would do."""

from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.inputs import find_runs
from gradshift.participant.describe import describe_runs
from gradshift.participant.outlook import outlook
from gradshift.recipes.catalogue import load_recipe
from synthetic import MNI, Dangling, Image, grow, preprocessed, run_files

MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
ATLASES = {"Atlas": (MNI,)}


def session(tmp_path, n_volumes, *acquired, tr=2.0, columns=(*MOTION, "csf", "white_matter")):
    """A session of runs of a length, and what is found of it."""
    files = {}
    for place, name in enumerate(acquired or ("task-rest",)):
        shape = (3, 4, 5 + place, n_volumes)  # or else they are the same image
        files |= run_files(name, bold=Image(shape, tr=tr), mask=Image(shape[:3]), tr=tr)
        confounds = next(file for file in files if file.endswith(".tsv") and f"_{name}_" in file)
        files[confounds] = [list(columns), *[["0"] * len(columns)] * n_volumes]
    root = grow(tmp_path / "prep", preprocessed({"sub-01": {"func": files}}))
    return find_runs(schema.make(root, Path("/out"), "participant", {}), ATLASES)


def recipes(*names):
    return [load_recipe(name) for name in names]


def test_minutes_and_degrees_of_freedom_are_those_of_the_joined_session(tmp_path):
    runs = session(tmp_path, 120, "task-rest_dir-AP", "task-rest_dir-PA", tr=2.4)
    found = outlook(runs, recipes("24P", "simple"))
    assert found.minutes == pytest.approx(9.6)
    full, simple = found.prospects
    # 2 x (120 volumes x 2 x 2.4 s x 0.07 Hz - regressors)
    assert full.degrees_of_freedom == pytest.approx(2 * (40.32 - 24))
    assert simple.degrees_of_freedom == pytest.approx(2 * (40.32 - 8))
    assert not found.problem


def test_a_short_scan_says_which_recipe_it_is_long_enough_for(tmp_path):
    columns = [*MOTION, "csf", "white_matter", "global_signal"]
    runs = session(tmp_path, 150, tr=2.0, columns=columns)  # 42 - 36 regressors
    text, possible = describe_runs(runs, ["Atlas"], recipes("36P"), combine=True)
    assert not possible
    assert "6.0 degrees of freedom" in text
    (would,) = [line for line in text.splitlines() if "would do" in line]
    assert "24P, 24PGSR, 12P, simple" in would
    assert "36P" not in would
    assert describe_runs(runs, ["Atlas"], recipes("36P", "simple"), combine=True)[1]


@pytest.mark.parametrize(("n_volumes", "told"), [(149, "--min-minutes 4"), (110, "unreliable")])
def test_too_few_minutes_are_said_with_what_would_be_needed(tmp_path, n_volumes, told):
    runs = session(tmp_path, n_volumes)
    text, possible = describe_runs(runs, ["Atlas"], recipes("simple"), combine=True)
    assert not possible
    assert told in text


def test_columns_that_are_not_there_are_named(tmp_path):
    runs = session(tmp_path, 200, columns=MOTION)
    found = outlook(runs, recipes("simple"))
    assert "csf, white_matter" in found.problem
    assert found.fitting == ("24P", "12P")


def test_every_run_is_listed_with_what_would_be_done_or_why_not(tmp_path):
    runs = session(tmp_path, 200, "task-rest", "task-movie")
    root = runs[0].bold.parents[2]
    grow(root, {"sub-02": {"func": run_files(prefix="sub-02", bold=Dangling())}})
    runs = find_runs(schema.make(root, Path("/out"), "participant", {}), ATLASES)
    text, possible = describe_runs(runs, ["Atlas", "Other"], recipes("simple"), combine=True)
    assert possible
    for run in runs:
        assert run.label in text
        assert str(run.bold) in text
    good, bad = text.split("sub-02 task-rest\n")
    assert good.count("200 volumes (6.7 min)") == 2
    assert good.count("8 regressors, 48 degrees of freedom") == 2
    assert "datalad get" in bad
    assert "mask " not in bad
    assert text.endswith("2 of 3 runs would be processed.")
