"""Times of scans.tsv stand for those that sessions.tsv does not tell."""

import pytest

from gradshift.bids.scans import read_scans
from gradshift.bids.sessiontable import read_sessions, sessions_table
from gradshift.errors import InputError
from synthetic import grow

HEAD = ["filename", "acq_time"]


def study(tmp_path, sessions=None, **scans):
    """Write a person with sessions.tsv, and the scans.tsv of each session: times of scans."""
    person = {
        f"ses-{name}": {
            f"sub-01_ses-{name}_scans.tsv": [
                HEAD, *([f"func/sub-01_ses-{name}_task-rest_run-{i}_bold.nii.gz", when]
                        for i, when in enumerate(times, 1)),
            ]
        }
        for name, times in scans.items()
    }  # fmt: skip
    if sessions:
        person["sub-01_sessions.tsv"] = sessions
    return grow(tmp_path, {"sub-01": person})


def times(root):
    table = sessions_table(root, ["sub-01"])
    (read,) = read_sessions(root, ["sub-01"])
    told = {session: row["acq_time"] for (_, session), row in table.iterrows()}
    assert {name: when for name, when in told.items() if when != "n/a"} == read
    return told


def test_the_first_scan_of_a_session_tells_when_it_was(tmp_path):
    root = study(tmp_path, a=["2024-05-02T11:00:00", "2024-05-02T10:00:00"], b=["2024-05-01"])
    assert times(root) == {"ses-a": "2024-05-02T10:00:00", "ses-b": "2024-05-01"}


def test_what_the_sessions_say_counts_and_the_rest_is_filled_in(tmp_path):
    rows = [["session_id", "acq_time", "dose"], ["a", "2024-01-01", "1"], ["b", "n/a", "2"]]
    root = study(tmp_path, rows, a=["02/01/2024"], b=["2024-05-02"], c=["2024-05-03"], d=["n/a"])
    assert times(root) == {"ses-a": "2024-01-01", "ses-b": "2024-05-02", "ses-c": "2024-05-03"}
    table = sessions_table(root, ["sub-01"])
    assert list(table["dose"]) == ["1", "2", "n/a"]


@pytest.mark.parametrize("when", ["02/01/2024", "10:30:00", "2024-13-01"])
def test_a_time_that_counts_is_not_guessed(tmp_path, when):
    with pytest.raises(InputError, match=r"acq_time of func/sub-01.*scans\.tsv"):
        sessions_table(study(tmp_path, a=[when]), ["sub-01"])


def test_a_table_that_cannot_be_read_matters_only_where_its_times_are_needed(tmp_path):
    rows = [["session_id", "acq_time"], ["a", "2024-01-01"]]
    root = study(tmp_path, rows, a=["2024-05-02"])
    (root / "sub-01" / "ses-a" / "sub-01_ses-a_scans.tsv").write_bytes(b"file\nM\xfcller\n")
    assert times(root) == {"ses-a": "2024-01-01"}
    (root / "sub-01" / "sub-01_sessions.tsv").unlink()
    with pytest.raises(InputError, match="UTF-8"):
        sessions_table(root, ["sub-01"])


def test_a_study_without_any_times_has_no_rows(tmp_path):
    assert sessions_table(study(tmp_path, a=["n/a"]), ["sub-01"]).empty
    assert list(read_sessions(tmp_path, ["sub-01"])) == []


def test_scans_know_which_files_they_list(tmp_path):
    scans = read_scans(study(tmp_path, a=["n/a"]) / "sub-01")["ses-a"]
    assert scans.lists("sub-01_ses-a_task-rest_run-1_bold.nii.gz")
    assert not scans.lists("sub-01_ses-a_task-rest_run-2_bold.nii.gz")
