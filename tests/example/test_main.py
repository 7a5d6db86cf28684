import hashlib
import json
import os
import subprocess
import sys

import nibabel
import numpy as np
import pandas
import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.example.__main__ import main
from gradshift.example.connectome import ATLAS, group_connectome
from gradshift.example.people import draw_person, scan
from gradshift.images.grid import labels_on_grid

VENV = os.path.dirname(sys.executable)
SPACE = "MNI152NLin2009cAsym"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example") / "study"
    assert main([str(folder), "--participants", "2", "--seed", "5"]) == 0
    return folder


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def derived(study, person="01", session="pre"):
    func = study / "derivatives/fmriprep" / f"sub-{person}" / f"ses-{session}" / "func"
    return func, f"sub-{person}_ses-{session}_task-rest"


def bold(study):
    func, stem = derived(study)
    return nibabel.load(func / f"{stem}_space-{SPACE}_res-5_desc-preproc_bold.nii.gz")


def test_the_same_seed_gives_the_same_bytes(study, tmp_path):
    main([str(tmp_path / "again"), "--participants", "1", "--seed", "5"])
    again = digests(tmp_path / "again")
    shared = {name: digest for name, digest in digests(study).items() if "sub-01" in name}
    assert len(shared) > 12
    assert {name: again[name] for name in shared} == shared


def test_another_seed_gives_another_study(study, tmp_path):
    main([str(tmp_path / "other"), "--participants", "1", "--seed", "6"])
    name = str(next(study.rglob("sub-01_ses-pre*confounds_timeseries.tsv")).relative_to(study))
    assert digests(tmp_path / "other")[name] != digests(study)[name]


@pytest.mark.parametrize(
    "folder", [".", "derivatives/fmriprep", "derivatives/petprep", "derivatives/simulation"]
)
def test_the_validator_finds_no_error(study, folder):
    finished = subprocess.run(
        ["bids-validator-deno", "--json", str(study / folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{VENV}{os.pathsep}{os.environ['PATH']}"},
    )
    issues = json.loads(finished.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert finished.returncode == 0


def test_images_tell_their_repetition_time_and_place(study):
    image = bold(study)
    assert image.header.get_zooms() == (5, 5, 5, 2)
    assert image.header.get_data_dtype() == np.int16
    assert image.dataobj.slope == 32
    assert image.header["sform_code"] == image.header["qform_code"] == 4
    np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-4)
    func, stem = derived(study)
    sidecar = json.loads((func / f"{stem}_space-{SPACE}_res-5_desc-preproc_bold.json").read_text())
    assert sidecar["RepetitionTime"] == 2
    mask = nibabel.load(func / f"{stem}_space-{SPACE}_res-5_desc-brain_mask.nii.gz")
    assert mask.shape == image.shape[:3]
    np.testing.assert_array_equal(
        np.asarray(mask.dataobj) > 0, np.asarray(image.dataobj[..., 9]) > 0
    )


def test_region_means_of_the_image_are_the_simulated_series(study):
    atlas = load_atlas(ATLAS)
    image = bold(study)
    labels = labels_on_grid(atlas.images(SPACE), image.shape[:3], image.affine)
    data = image.get_fdata(dtype=np.float32)
    means = np.array([data[labels == i].mean(axis=0) for i in range(1, 201)]).T
    person = draw_person(group_connectome(), number=1, effect=1.0, seed=5)
    series = scan(person, "pre", atlas.regions(), seed=5).series
    percent = 100 * (means / means.mean(axis=0) - 1)
    assert np.bincount(labels.ravel(), minlength=201)[1:].min() >= 4
    # What differs is rounding, most in the smallest regions.
    assert np.abs(percent - (series - series.mean(axis=0))).max() < 0.4
    for i in range(200):
        assert np.corrcoef(percent[:, i], series[:, i])[0, 1] > 0.999


def test_the_confounds_table_is_as_long_as_the_image_and_begins_with_na(study):
    func, stem = derived(study)
    path = func / f"{stem}_desc-confounds_timeseries.tsv"
    table = pandas.read_csv(path, sep="\t", na_values="n/a")
    assert len(table) == bold(study).shape[3]
    first = table.iloc[0]
    assert first[["framewise_displacement", "dvars", "trans_x_derivative1"]].isna().all()
    assert table.iloc[1:].notna().all(axis=None)
    entries = json.loads(path.with_suffix(".json").read_text())
    assert set(entries) == {c for c in table.columns if c.startswith("a_comp_cor")}
    assert all(entry["Retained"] is True for entry in entries.values())


def test_sessions_and_participants_tell_the_design(study):
    people = pandas.read_csv(study / "participants.tsv", sep="\t")
    assert list(people.columns) == ["participant_id", "age", "sex", "group"]
    assert set(people["sex"]) == {"M"}
    delays = []
    for label in ("01", "02"):
        path = study / f"sub-{label}" / f"sub-{label}_sessions.tsv"
        sessions = pandas.read_csv(path, sep="\t", parse_dates=["acq_time"])
        assert list(sessions["session_id"]) == ["ses-pre", "ses-post"]
        assert sessions["acq_time"].is_monotonic_increasing
        assert np.isnan(sessions["days_since_dose"][0])
        delays.append(sessions["days_since_dose"][1])
    assert delays[0] == 1
    assert 6 <= delays[1] <= 8


def test_everything_says_that_it_is_simulated(study):
    described = list(study.rglob("dataset_description.json"))
    assert len(described) == 4
    for path in (*described, *study.rglob("README.md"), *study.rglob("*preproc_bold.json")):
        assert "SIMULATED" in path.read_text()


def test_the_truth_names_expectations_as_the_tables_do(study):
    truth = json.loads((study / "derivatives/simulation/truth.json").read_text())
    assert truth["Options"] == {"participants": 2, "effect": 1.0, "seed": 5}
    assert set(truth["PersonEffects"]) == {"sub-01", "sub-02"}
    changes = {(row["measure"], row["label"]): row for row in truth["ExpectedChanges"]}
    for (measure, _), row in changes.items():
        rises = measure in ("betweenfc", "lowhighfc", "ordercollapse")
        assert (row["mean_change"] > 0) == rises
        assert row["sd_change"] > row["se"] > 0
        assert (row["atlas"], row["recipe"]) == ("Schaefer2018_200_7", "aCompCor")
    assert {
        ("withinfc", "Default"),
        ("betweenfc", "Default-SomMot"),
        ("betweenfc", "Default-Vis"),
        ("lambdaref", "whole"),
        ("gradientrange", "whole"),
        ("gradientdistance", "Default-SomMot"),
        ("hierarchydistance", "whole"),
        ("eigenvectorcentrality", "PCC"),
    } <= set(changes)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main([str(tmp_path)]) == 73
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    message = capsys.readouterr().err
    assert "is not empty" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["--participants", "0"], ["--effect", "-1"], ["--effect", "nan"], ["--seed", "-3"]]
)
def test_options_that_make_no_sense_are_refused(tmp_path, words, capsys):
    assert main([str(tmp_path / "new"), *words]) == 64
    assert words[0] in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_wrong_words_have_the_exit_code_of_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["somewhere", "--effct", "1"])
    assert stop.value.code == 64
