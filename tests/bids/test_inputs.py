"""Runs: which files are chosen, what is known of them, and what is said when there are none."""

import json
import logging
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from gradshift import settings as schema
from gradshift.bids.inputs import find_runs
from gradshift.errors import InputError, MissingInputError, NothingSelectedError
from synthetic import (
    MNI,
    MNI6,
    Dangling,
    Image,
    fingerprint,
    grow,
    person,
    preprocessed,
    run_files,
    study,
    touched,
)

BOTH = {"Atlas": (MNI, MNI6)}


def find(root, spaces=BOTH, **given):
    return find_runs(schema.make(root, Path("/out"), "participant", given), spaces)


def labels(runs):
    return [run.label for run in runs]


@pytest.fixture
def two(tmp_path):
    """Two people, two sessions, two tasks."""
    people = [person(label, "pre", "post") for label in ("01", "02")]
    for found in people:
        for label, sessions in found.items():
            for session, folders in sessions.items():
                prefix = f"{label}_{session}"
                folders["func"] |= run_files(
                    "task-nback_run-01", prefix=prefix, tr=1.5, bold=Image(tr=1.5)
                )
    return grow(tmp_path / "study", study(*people))


def test_a_run_is_its_files_its_time_and_its_grid(two):
    before = fingerprint(two)
    runs = find(two, participant_label=["01"], session_label=["pre"])
    assert fingerprint(two) == before
    assert labels(runs) == ["sub-01 ses-pre task-nback run-01", "sub-01 ses-pre task-rest"]
    nback = runs[0]
    func = two / "derivatives" / "fmriprep" / "sub-01" / "ses-pre" / "func"
    stem = "sub-01_ses-pre_task-nback_run-01"
    assert nback.bold == func / f"{stem}_space-{MNI}_res-2_desc-preproc_bold.nii.gz"
    assert nback.mask == func / f"{stem}_space-{MNI}_res-2_desc-brain_mask.nii.gz"
    assert nback.confounds == func / f"{stem}_desc-confounds_timeseries.tsv"
    assert list(nback.entities.items()) == [
        ("sub", "01"), ("ses", "pre"), ("task", "nback"), ("run", "01"), ("space", MNI),
        ("res", "2"),
    ]  # fmt: skip
    assert (nback.tr, nback.problem) == (1.5, "")
    rest = runs[1]
    assert (rest.tr, rest.n_volumes, rest.shape, rest.problem) == (2.0, 8, (3, 4, 5), "")
    assert [row[i] for i, row in enumerate(rest.affine[:3])] == [4.0, 4.0, 4.0]


def test_filters_by_label_select(two):
    runs = find(two, participant_label=["02"], session_label=["post"], task_id=["rest"])
    assert labels(runs) == ["sub-02 ses-post task-rest"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"participant_label": ["01", "9"]}, r"No participant 9 in .*there: 01, 02\."),
        ({"session_label": ["later"]}, r"No session later .*Sessions there: post, pre\."),
        ({"task_id": ["movie"]}, r"No task movie .*Tasks there: nback, rest\."),
        ({"space": "T1w"}, rf"No .* in space T1w\. Spaces there: {MNI}\."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_asked_for_and_not_there_ends_with_what_is(two, given, told):
    with pytest.raises(NothingSelectedError, match=told) as caught:
        find(two, **given)
    assert caught.value.exit_code == 18


def test_a_study_without_sessions_says_so_when_asked_for_one(tmp_path):
    root = grow(tmp_path, preprocessed(person("01")))
    assert labels(find(root)) == ["sub-01 task-rest"]
    with pytest.raises(NothingSelectedError, match="Sessions there: none"):
        find(root, session_label=["pre"])


def test_a_label_that_yields_nothing_is_an_error_even_beside_one_that_does(two):
    with pytest.raises(NothingSelectedError, match="No session later"):
        find(two, session_label=["pre", "later"], task_id=["rest"])


def test_a_session_that_only_others_have_is_a_warning(tmp_path, caplog):
    root = grow(tmp_path, preprocessed(person("01", "pre"), person("02", "pre", "post")))
    runs = find(root, participant_label=["01"], session_label=["pre", "post"])
    assert labels(runs) == ["sub-01 ses-pre task-rest"]
    assert "No session post" in caplog.text


def test_a_participant_without_any_run_is_named(tmp_path, caplog):
    root = grow(tmp_path, preprocessed(person("01"), {"sub-02": {"anat": {}}}))
    assert labels(find(root)) == ["sub-01 task-rest"]
    assert "No preprocessed BOLD file for sub-02." in caplog.text


@pytest.mark.parametrize("people", [{}, {"sub-01": {"func": {}}}], ids=["nobody", "no BOLD"])
def test_nothing_at_all_is_said(tmp_path, people):
    root = grow(tmp_path, preprocessed(people))
    with pytest.raises(NothingSelectedError, match=r"no participant|no preprocessed BOLD"):
        find(root)


# Spaces and resolutions


def grids(*names, **sizes):
    """One session with a run on several grids; `sizes` are voxel sizes by grid."""
    files = {}
    for name in names:
        files |= run_files(grid=name, bold=Image(voxel=sizes.get(name.rpartition("-")[2], 4.0)))
    return preprocessed({"sub-01": {"func": files}})


class SpaceCase(NamedTuple):
    there: tuple[str, ...]
    atlases: dict[str, tuple[str, ...]]
    asked: str | None
    chosen: str


SPACES = {
    "preferred": SpaceCase((MNI6, MNI), BOTH, None, MNI),
    "that of the atlas": SpaceCase((MNI6, MNI), {"A": (MNI6,)}, None, MNI6),
    "that of every atlas": SpaceCase((MNI6, MNI), {"A": (MNI6, MNI), "B": (MNI6,)}, None, MNI6),
    "the only one": SpaceCase((MNI6,), BOTH, None, MNI6),
    "not the native one": SpaceCase(("T1w", MNI6), {"A": (MNI,)}, None, MNI6),
    "asked for": SpaceCase((MNI6, MNI), BOTH, MNI6, MNI6),
}


@pytest.mark.parametrize("case", SPACES.values(), ids=SPACES)
def test_the_space_chosen_is(tmp_path, caplog, case):
    caplog.set_level(logging.INFO, "gradshift")
    root = grow(tmp_path, grids(*(f"space-{space}_res-2" for space in case.there)))
    given = {"space": case.asked} if case.asked else {}
    (run,) = find(root, case.atlases, **given)
    assert run.entities["space"] == case.chosen
    assert f"space-{case.chosen}" in run.mask.name
    assert (f"Using {case.chosen}." in caplog.text) == (len(case.there) > 1)


def test_the_finest_resolution_is_chosen_by_its_voxels(tmp_path, caplog):
    caplog.set_level(logging.INFO, "gradshift")
    root = grow(
        tmp_path,
        grids(f"space-{MNI}_res-1", f"space-{MNI}_res-2", f"space-{MNI}_res-02", **{"2": 2.0}),
    )
    (run,) = find(root)
    assert run.entities["res"] == "2"
    assert "_res-2_" in run.mask.name
    assert "Using the finest that most runs have: res-2." in caplog.text


def test_a_run_in_another_space_only_is_named_and_others_go_on(tmp_path):
    func = {**run_files("task-rest"), **run_files("task-movie", grid=f"space-{MNI6}")}
    movie, rest = find(grow(tmp_path, preprocessed({"sub-01": {"func": func}})))
    assert MNI6 in movie.problem
    assert "no such file" in movie.problem
    assert not rest.problem


def test_single_echoes_and_native_space_are_no_runs(tmp_path):
    func = {
        **run_files(),
        **run_files("task-rest_echo-1"),
        **run_files(grid="res-native"),
    }
    assert labels(find(grow(tmp_path, preprocessed({"sub-01": {"func": func}})))) == [
        "sub-01 task-rest"
    ]


def test_uncompressed_images_and_older_confounds_belong_to_a_run(tmp_path):
    func = {
        name.replace(".nii.gz", ".nii").replace("timeseries", "regressors"): content
        for name, content in run_files().items()
    }
    (run,) = find(grow(tmp_path, preprocessed({"sub-01": {"func": func}})))
    assert not run.problem
    assert run.bold.suffix == run.mask.suffix == ".nii"
    assert run.confounds.name == "sub-01_task-rest_desc-confounds_regressors.tsv"


# Filter file and list of exclusions


def keep(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"task": "rest", "session": "pre"}, ["sub-01 ses-pre task-rest"]),
        ({"task": ["rest"], "session": ["pre"], "suffix": "bold"}, ["sub-01 ses-pre task-rest"]),
        ({"run": 1, "session": "pre"}, ["sub-01 ses-pre task-nback run-01"]),
        ({"run": None, "session": "pre"}, ["sub-01 ses-pre task-rest"]),
        ({"res": 2, "ses": "pre", "acquisition": None, "task": "rest"},
         ["sub-01 ses-pre task-rest"]),
    ],
)  # fmt: skip
def test_a_filter_file_selects(two, tmp_path, filters, left):
    path = keep(tmp_path, "f.json", {"bold": filters, "t1w": {"session": "x"}})
    assert labels(find(two, participant_label=["01"], bids_filter_file=path)) == left


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ({"bold": {"tsak": "rest"}}, InputError, r"f\.json has an unknown entity 'tsak'"),
        ({"bold": {"task": "movie"}}, NothingSelectedError, "leave none of 8 BOLD files"),
        ({"bold": ["rest"]}, InputError, r"f\.json .*object"),
        ("{", InputError, r"f\.json is not a JSON"),
    ],
)
def test_a_filter_file_that_cannot_be_used_is_explained(two, tmp_path, content, error, told):
    with pytest.raises(error, match=told):
        find(two, bids_filter_file=keep(tmp_path, "f.json", content))


def test_runs_named_in_the_list_are_left_out_with_the_reason(two, tmp_path, caplog):
    path = keep(
        tmp_path, "bad.txt",
        "\ufeff# moved a lot\nsub-01_ses-pre  # both tasks\n\nsub-02_ses-post_task-rest\n"
        f"sub-02_ses-pre_task-rest_space-{MNI}_res-2_desc-preproc_bold.nii.gz\n",
    )  # fmt: skip
    out = [run.label for run in find(two, exclude=path) if run.problem == "left out by bad.txt"]
    assert out == [
        "sub-01 ses-pre task-nback run-01",
        "sub-01 ses-pre task-rest",
        "sub-02 ses-post task-rest",
        "sub-02 ses-pre task-rest",
    ]
    assert not caplog.records
    left = find(two, exclude=path, participant_label=["01"])
    assert {run.problem for run in left} == {"left out by bad.txt", ""}


@pytest.mark.parametrize("line", ["sub-0", "sub-01_ses-later", "movie", "sub-01_ses-pr"])
def test_a_line_of_the_list_that_names_nothing_is_an_error(two, tmp_path, line):
    path = keep(tmp_path, "bad.txt", f"{line}\n")
    with pytest.raises(InputError, match=rf"bad\.txt names {line}, which is no run here"):
        find(two, exclude=path)


def test_a_list_that_is_not_there_is_named(two, tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.txt"):
        find(two, exclude=str(tmp_path / "none.txt"))
    with pytest.raises(InputError, match="is a folder"):
        find(two, exclude=str(tmp_path))


# Repetition time


class Time(NamedTuple):
    sidecar: object
    header: Image
    higher: object = None
    tr: float = 0.0
    problem: str = ""
    remark: str = ""


SECONDS, MILLI, NONE = Image(), Image(tr=2000.0, unit="msec"), Image(tr=0.0)
UNITLESS, WRONG_UNIT = Image(tr=2.0, unit="unknown"), Image(tr=2000.0, unit="sec")
TIMES = {
    "both": Time(2.0, SECONDS, tr=2.0),
    "header in ms": Time(2, MILLI, tr=2.0),
    "sidecar only": Time(0.8, NONE, tr=0.8),
    "header without unit": Time(0.8, UNITLESS, tr=0.8),
    "header only": Time(None, SECONDS, tr=2.0),
    "higher up": Time(None, NONE, 1.5, tr=1.5),
    "nearer wins": Time(2.0, NONE, 1.5, tr=2.0),
    "nowhere": Time(None, NONE, problem="not known"),
    "no unit, no sidecar": Time(None, UNITLESS, problem="not known"),
    "zero": Time(0, SECONDS, problem="is 0 in its JSON sidecar"),
    "milliseconds": Time(2000, MILLI, problem="is 2000 in its JSON sidecar"),
    "words": Time("2 s", SECONDS, problem="is '2 s' in its JSON sidecar"),
    "true": Time(True, SECONDS, problem="is True"),
    "nan": Time(float("nan"), SECONDS, problem="is nan"),
    "header mislabelled": Time(None, WRONG_UNIT, problem="is 2000.0 in its header"),
    "header differs": Time(2.5, SECONDS, tr=2.5, remark="header of the image says 2 s"),
    "header mislabelled, sidecar right": Time(2.0, WRONG_UNIT, tr=2.0, remark="2000 s"),
}


@pytest.mark.parametrize("case", TIMES.values(), ids=TIMES)
def test_the_repetition_time_is(tmp_path, caplog, case):
    more = {}
    if case.higher:
        more["task-rest_bold.json"] = {"RepetitionTime": case.higher}
        more["task-other_bold.json"] = {"RepetitionTime": 9}
    found = person("01", tr=case.sidecar, bold=case.header)
    (run,) = find(grow(tmp_path, preprocessed(found, **more)))
    assert case.problem in run.problem
    assert bool(run.problem) == bool(case.problem)
    if not case.problem:
        assert run.tr == pytest.approx(case.tr)
        assert case.remark in caplog.text


def test_metadata_in_the_folder_of_the_participant_apply_to_all_sessions(tmp_path):
    found = person("01", "pre", "post", tr=None, bold=NONE)
    found["sub-01"]["sub-01_task-rest_bold.json"] = {"RepetitionTime": 1.1}
    found["sub-01"]["ses-post"]["sub-01_ses-post_bold.json"] = {"RepetitionTime": 1.2}
    post, pre = find(grow(tmp_path, preprocessed(found)))
    assert (post.tr, pre.tr) == (1.2, 1.1)


# What cannot be read


@pytest.mark.parametrize("which", ["bold", "mask"])
def test_a_link_without_content_is_named_with_the_command_and_others_go_on(tmp_path, which):
    people = person("01", **{which: Dangling()}), person("02")
    bad, good = find(grow(tmp_path, preprocessed(*people)))
    assert f"_{which}.nii.gz" in bad.problem
    assert "datalad get" in bad.problem
    assert "DataLad" in bad.problem
    assert not good.problem


@pytest.mark.parametrize("content", ["", b"\x1f\x8b\x08\x00", "not an image"])
def test_a_damaged_image_is_named_and_others_go_on(tmp_path, content):
    tree = preprocessed(person("01"), person("02"))
    tree["sub-01"]["func"][f"sub-01_task-rest_space-{MNI}_res-2_desc-preproc_bold.nii.gz"] = (
        content
    )
    bad, good = find(grow(tmp_path, tree))
    assert "sub-01_task-rest" in bad.problem
    assert not good.problem


@pytest.mark.parametrize("what", ["mask.nii.gz", "bold.json"])
def test_a_missing_mask_or_damaged_sidecar_is_named(tmp_path, what):
    tree = preprocessed(person("01"))
    func = tree["sub-01"]["func"]
    (name,) = [name for name in func if name.endswith(what)]
    if what == "bold.json":
        func[name] = "{"
    else:
        del func[name]
    (run,) = find(grow(tmp_path, tree))
    assert name in run.problem


# What is looked at


def test_only_what_is_needed_is_opened_or_listed(tmp_path):
    sessions = person("01", "pre", "post")
    sessions["sub-01"]["ses-pre"] |= {"anat": {"a.json": {}}, "figures": {"a.svg": ""}}
    more = {
        ".git": {"annex": {"objects": {"a": ""}}},
        "sourcedata": {"raw": person("01", "pre")},
        "work": {"deep": {"er": {"a": ""}}},
        "derivatives": {"later": person("01", "pre")},
    }
    root = grow(tmp_path / "prep", preprocessed(sessions, person("010", "pre"), **more))
    with touched() as paths:
        runs = find(root, participant_label=["01"], session_label=["pre"])
    assert labels(runs) == ["sub-01 ses-pre task-rest"]
    below = {os.path.relpath(path, root) for path in paths if path.startswith(str(root))}
    opened = {path for path in below if (root / path).is_file()}
    assert {Path(path).name for path in opened} == {
        "dataset_description.json",
        runs[0].bold.name,
        runs[0].bold.name.replace(".nii.gz", ".json"),
    }
    assert {path for path in below - opened if path.startswith("sub-")} == {
        "sub-01", "sub-01/ses-pre", "sub-01/ses-pre/func", "sub-01/ses-post",
        "sub-01/ses-post/func",
    }  # fmt: skip
    assert not [p for p in below if p.startswith((".git", "sourcedata", "work", "derivatives/"))]


@pytest.fixture
def kept(tmp_path):
    """A dataset that nobody has changed for a while, and a place for its index."""
    root = grow(tmp_path / "prep", preprocessed(person("01"), person("02")))
    settle(root)
    return root, {"bids_database_dir": str(tmp_path / "index")}


def settle(root):
    """Date all folders back: what changed just now is not kept."""
    for folder, _, _ in os.walk(root, followlinks=True):
        os.utime(folder, (1e9, 1e9))


def listed(root, **given):
    """Find the runs, and the folders of people that were listed for it."""
    with touched() as paths:
        runs = find(root, **given)
    names = {os.path.relpath(path, root) for path in paths if path.startswith(f"{root}/sub-")}
    return runs, {name for name in names if (root / name).is_dir()}


def test_a_kept_index_is_used_again_until_a_folder_changes(kept):
    root, database = kept
    first, _ = listed(root, participant_label=["01"], **database)
    assert listed(root, participant_label=["01"], **database) == (first, set())
    before = fingerprint(root)
    runs, _ = listed(root, **database)
    assert labels(runs) == ["sub-01 task-rest", "sub-02 task-rest"]
    assert fingerprint(root) == before
    grow(root, {"sub-02": {"func": run_files("task-movie", prefix="sub-02")}})
    runs, folders = listed(root, participant_label=["02"], **database)
    assert labels(runs) == ["sub-02 task-movie", "sub-02 task-rest"]
    assert folders == {"sub-02/func"}


def test_a_file_added_behind_a_link_to_a_participant_is_seen(kept, tmp_path):
    root, database = kept
    elsewhere = grow(tmp_path / "elsewhere", person("03")) / "sub-03"
    (root / "sub-03").symlink_to(elsewhere)
    settle(elsewhere)
    assert "sub-03 task-rest" in labels(find(root, **database))
    grow(elsewhere / "func", run_files("task-movie", prefix="sub-03"))
    assert "sub-03 task-movie" in labels(find(root, **database))


def test_a_kept_index_that_is_damaged_is_made_anew(kept, tmp_path):
    root, database = kept
    first = find(root, **database)
    (index,) = (tmp_path / "index").iterdir()
    for content in ("", "{", "[]", '{"folders": {"/sub-01": [1]}}', '{"folders": 3}'):
        index.write_text(content)
        assert find(root, **database) == first


def test_indexes_of_two_datasets_live_side_by_side(tmp_path):
    roots = [grow(tmp_path / name, preprocessed(person(name))) for name in ("a", "b")]
    database = {"bids_database_dir": str(tmp_path / "index")}
    for root in roots:
        settle(root)
    first = [find(root, **database) for root in roots]
    assert [listed(root, **database) for root in roots] == [(runs, set()) for runs in first]
