"""People and scans that the study no longer holds are not compared."""

import gzip
import shutil
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.collect import SessionResult
from gradshift.bids.content import content_of
from gradshift.bids.held import people_gone, still_held
from gradshift.errors import SettingsError
from synthetic import RAW, grow, person, preprocessed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three people with two sessions each."""
    grow(tmp_path, {"dataset_description.json": RAW, **{f"sub-0{i}": {} for i in (1, 2, 3)}})
    for i in (1, 2, 3):
        for ses in ("pre", "post"):
            grow(tmp_path / "derivatives" / "fmriprep", preprocessed(person(f"0{i}", ses)))
    return tmp_path


def settings(root: Path):
    return schema.make(root, root / "derivatives" / "gradshift", "group", {})


def image(root: Path, sub: str, ses: str) -> Path:
    folder = root / "derivatives" / "fmriprep" / f"sub-{sub}" / f"ses-{ses}" / "func"
    (path,) = folder.glob("*_bold.nii.gz")
    return path


def results(root: Path, *people: str) -> list[SessionResult]:
    return [
        SessionResult(
            Path("x"),
            {
                "Entities": {"sub": sub, "ses": ses, "task": "rest"},
                "Runs": [{"sub": sub, "ses": ses, "task": "rest", "space": "S"}],
                "Sources": [image(root, sub, ses).name],
                "SourceContents": {image(root, sub, ses).name: content_of(image(root, sub, ses))},
                "Excluded": None,
            },
        )
        for sub in people or ("01", "02", "03")
        for ses in ("pre", "post")
    ]


def places(kept):
    return {(result.participant, result.session) for result in kept}


def test_who_and_what_is_there_is_compared(root):
    made = results(root)
    assert still_held(made, settings(root)) == (made, [])


def test_a_person_in_no_folder_and_no_table_is_not_compared(root):
    made = results(root)
    shutil.rmtree(root / "sub-02")
    shutil.rmtree(root / "derivatives" / "fmriprep" / "sub-02")
    kept, (remark,) = still_held(made, settings(root))
    assert {result.participant for result in kept} == {"sub-01", "sub-03"}
    assert f"rm -r {root / 'derivatives' / 'gradshift' / 'sub-02'}" in remark


def test_a_person_whom_a_table_names_is_held(root):
    grow(root, {"participants.tsv": [["participant_id"], ["01"], ["02"], ["03"], ["04"]]})
    assert people_gone({"sub-01", "sub-04", "sub-05"}, settings(root)) == {"sub-05"}


def test_data_that_are_somewhere_else_tell_nothing(root):
    made = results(root)
    for name in ("derivatives", "sub-01", "sub-02", "sub-03"):
        shutil.rmtree(root / name)
    assert still_held(made, settings(root)) == (made, [])


def test_a_scan_that_is_gone_or_replaced_is_not_compared(root):
    made = results(root)
    image(root, "01", "post").unlink()
    image(root, "02", "pre").write_bytes(gzip.compress(b"another scan"))
    kept, remarks = still_held(made, settings(root))
    assert places(made) - places(kept) == {("sub-01", "ses-post"), ("sub-02", "ses-pre")}
    assert ["no longer in" in remarks[0], "replaced" in remarks[1]] == [True, True]


def test_another_study_of_the_same_name_is_refused(root):
    made = results(root)
    for path in root.rglob("*_bold.nii.gz"):
        path.write_bytes(gzip.compress(b"the brain of somebody else"))
    with pytest.raises(SettingsError, match="another dataset"):
        still_held(made, settings(root))


def test_a_link_without_content_tells_nothing_of_a_scan(root):
    made = results(root)
    path = image(root, "01", "post")
    path.unlink()
    path.symlink_to("../.git/annex/objects/gone")
    assert still_held(made, settings(root)) == (made, [])


@pytest.mark.parametrize("keeps_raw", [True, False])
def test_a_scan_taken_out_of_scans_tsv_and_of_the_raw_data_is_not_compared(root, keeps_raw):
    rows = [["filename"], ["func/sub-01_ses-pre_task-movie_bold.nii.gz"]]
    raw = {"sub-01_ses-pre_task-rest_bold.nii.gz": b"x"} if keeps_raw else {}
    grow(root, {"sub-01": {"ses-pre": {"sub-01_ses-pre_scans.tsv": rows, "func": raw}}})
    made = results(root)
    kept, remarks = still_held(made, settings(root))
    assert places(made) - places(kept) == (set() if keeps_raw else {("sub-01", "ses-pre")})
    assert all("no longer lists" in remark for remark in remarks)
