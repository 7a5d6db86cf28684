"""Where an output may lie."""

import json
import os

import pytest

from gradshift.cli import main
from gradshift.errors import OutputError
from gradshift.output.lock import locked
from gradshift.output.place import check_no_links, check_outside

WAYS = {
    "participant": ["participant"],
    "group": ["group"],
    "methods text": ["participant", "--boilerplate-only"],
    "methods text of the group": ["group", "--boilerplate-only"],
    "pages": ["group", "--reports-only"],
    "pages of participants": ["participant", "--reports-only"],
}


@pytest.fixture
def study(tmp_path):
    """Write the descriptions of a raw dataset and of what fMRIPrep made of it."""
    root = tmp_path / "study"
    fmriprep = root / "derivatives" / "fmriprep"
    fmriprep.mkdir(parents=True)
    about = {"Name": "x", "BIDSVersion": "1.10.0", "GeneratedBy": [{"Name": "fMRIPrep"}]}
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x"}))
    (fmriprep / "dataset_description.json").write_text(json.dumps(about))
    return root


PLACES = (
    ".", "sub-01", "derivatives", "derivatives/fmriprep", "derivatives/fmriprep/more", "../link",
    "../link/sub-01",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", WAYS.values(), ids=WAYS)
def test_nothing_is_written_into_the_input(study, place, words, capsys):
    (study.parent / "link").symlink_to(study)
    before = sorted(study.rglob("*"))
    assert main([str(study), str(study / place), *words]) == 73
    assert "lies inside the dataset" in (told := capsys.readouterr().err) or "another" in told
    assert sorted(study.rglob("*")) == before


def test_a_folder_of_its_own_below_derivatives_is_no_input(study):
    check_outside(study / "derivatives" / "gradshift", [study])
    with pytest.raises(OutputError):
        check_outside(study / "derivatives" / "fmriprep" / "x", [study])


@pytest.mark.parametrize("link", ["sub-01", "sub-01/ses-pre", "logs", "atlases", "group", "new"])
@pytest.mark.parametrize("target", ["../elsewhere", "sub-02", "../not/there"])
def test_a_folder_of_results_is_no_link(tmp_path, link, target):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "sub-02").mkdir(parents=True)
    elsewhere.mkdir()
    (out / link).parent.mkdir(exist_ok=True)
    (out / link).symlink_to(os.path.relpath(out / target, (out / link).parent))
    with pytest.raises(OutputError, match=r"is a link to .*; remove the link"):
        check_no_links(out)


def test_files_of_datalad_and_a_work_folder_elsewhere_may_be_links(tmp_path):
    out = tmp_path / "out"
    (out / ".git" / "annex").mkdir(parents=True)
    (out / ".git" / "annex" / "key").touch()
    (out / "table.tsv").symlink_to(".git/annex/key")
    (out / "work").symlink_to(tmp_path)
    check_no_links(out)


def test_the_group_level_waits_for_nobody_who_writes(tmp_path, capsys):
    out = tmp_path / "out"
    (out / "sub-01").mkdir(parents=True)
    (tmp_path / "study").mkdir()
    with locked(out / "logs", ["sub-01"]):
        assert main([str(tmp_path / "study"), str(out), "group"]) == 73
    assert "sub-01 is being worked on" in capsys.readouterr().err
