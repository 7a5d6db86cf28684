"""Recordings of breathing and heart: which belong to a run, and what they hold of it."""

import gzip
import json

import numpy as np
import pytest

from gradshift.bids.physio import find_recordings, read_recordings
from gradshift.errors import InputError

RUN = {"sub": "01", "ses": "pre", "task": "rest", "run": "1", "space": "MNI", "echo": "2"}


def write(root, name, rows, **about):
    path = root / "sub-01" / "ses-pre" / "func" / f"{name}_physio.tsv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "\n".join("\t".join(map(str, row)) for row in rows)
    path.write_bytes(gzip.compress(lines.encode()))
    if about:
        path.with_name(path.name.replace(".tsv.gz", ".json")).write_text(json.dumps(about))
    return path


def test_recordings_of_the_run_are_found_in_the_first_dataset_that_has_any(tmp_path):
    raw, other = tmp_path / "raw", tmp_path / "other"
    stem = "sub-01_ses-pre_task-rest_run-01"
    wanted = [write(raw, f"{stem}_recording-{name}", [[1]]) for name in ("cardiac", "resp")]
    write(raw, "sub-01_ses-pre_task-rest_run-02", [[1]])
    write(raw, "sub-01_ses-pre_task-faces_run-01", [[1]])
    write(other, stem, [[1]])
    assert find_recordings(RUN, [tmp_path / "nowhere", raw, other]) == wanted
    assert find_recordings({**RUN, "run": "3"}, [raw, other]) == []


def test_only_what_was_recorded_during_the_run_counts(tmp_path):
    rows = [[i, -i] for i in range(100)]
    about = {"SamplingFrequency": 10, "StartTime": -2, "Columns": ["cardiac", "respiratory"]}
    path = write(tmp_path, "sub-01_ses-pre_task-rest", rows)
    (tmp_path / "task-rest_physio.json").write_text(json.dumps(about))
    heart, breath = read_recordings(path, 3.0)
    assert (heart.name, heart.rate) == ("cardiac", 10)
    np.testing.assert_array_equal(heart.values, np.arange(20, 50))
    np.testing.assert_array_equal(breath.values, -np.arange(20, 50))


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({}, "does not say"),
        ({"SamplingFrequency": 0, "StartTime": 0, "Columns": ["cardiac"]}, "does not say"),
        ({"SamplingFrequency": 9, "StartTime": 0, "Columns": ["a", "b"]}, "1 columns.* 2"),
    ],
)
def test_a_recording_that_cannot_be_understood_is_one_sentence(about, says, tmp_path):
    path = write(tmp_path, "sub-01_ses-pre_task-rest", [[1], [2]], **about)
    with pytest.raises(InputError, match=says):
        read_recordings(path, 3.0)


def test_a_damaged_recording_is_one_sentence(tmp_path):
    about = {"SamplingFrequency": 9, "StartTime": 0, "Columns": ["cardiac"]}
    path = write(tmp_path, "sub-01_ses-pre_task-rest", [[1], [2]], **about)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="cannot be read"):
        read_recordings(path, 3.0)
