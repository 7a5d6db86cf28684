"""One run: what is never written to, and what a dry run says."""

import pytest

from gradshift import cli
from gradshift import settings as schema
from gradshift.bids import readme
from gradshift.bids.links import Links
from gradshift.errors import OutputError
from gradshift.output.place import check_output
from gradshift.running.workdir import intermediate
from synthetic import Dangling, fingerprint, grow, person, preprocessed, study


@pytest.fixture
def root(tmp_path):
    return grow(tmp_path / "study", study(person("01", "pre")))


def settings(root, out, **given):
    return schema.make(root, (root / out).resolve(), "participant", given)


@pytest.mark.parametrize("out", ["derivatives/gradshift", "../out", "derivatives/new/er"])
def test_an_output_beside_or_below_derivatives_is_made(root, out):
    check_output(settings(root, out))
    assert (root / out / "logs").is_dir()


@pytest.mark.parametrize(
    "out", [".", "out", "sub-01", "derivatives", "derivatives/fmriprep", "derivatives/fmriprep/x"]
)
def test_nothing_is_written_into_the_input(root, out):
    before = fingerprint(root)
    with pytest.raises(OutputError, match=r"OUTPUT_DIR .* lies inside the dataset") as caught:
        check_output(settings(root, out))
    assert fingerprint(root) == before
    assert caught.value.exit_code == 73


def test_preprocessed_data_elsewhere_are_input_too(root, tmp_path):
    other = grow(tmp_path / "prep", preprocessed(person("01")))
    with pytest.raises(OutputError, match=r"lies inside the dataset .*/prep;"):
        check_output(settings(root, other, derivatives=[f"fmriprep={other}"]))


def test_intermediate_results_are_not_kept_in_the_input(root, tmp_path):
    with pytest.raises(OutputError, match=r"--work-dir .* lies inside"):
        check_output(settings(root, tmp_path / "out", work_dir=str(root / "work")))


def test_another_dataset_is_not_overwritten(root):
    """The raw dataset, when the fMRIPrep output below it is the input."""
    before = (root / "dataset_description.json").read_text()
    with pytest.raises(OutputError, match="is another dataset, 'A study'"):
        check_output(settings(root / "derivatives" / "fmriprep", root))
    assert (root / "dataset_description.json").read_text() == before


def test_an_output_of_gradshift_is_used_again(root, tmp_path):
    readme.prepare(tmp_path / "out", version="0", links=Links.of(settings(root, tmp_path / "out")))
    check_output(settings(root, tmp_path / "out"))


def test_an_output_that_cannot_be_made_is_named(root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/out cannot be created: Not a directory"):
        check_output(settings(root, tmp_path / "file" / "out"))
    monkeypatch.setattr("gradshift.output.place.may", lambda *_: False)
    with pytest.raises(OutputError, match="cannot be written to"):
        check_output(settings(root, tmp_path / "out"))


def test_intermediate_results_of_another_user_are_not_read(tmp_path, monkeypatch):
    intermediate(tmp_path / "work")
    monkeypatch.setattr("os.geteuid", lambda: (tmp_path.stat().st_uid or 1) + 1)
    with pytest.raises(OutputError, match="belongs to the user") as caught:
        intermediate(tmp_path / "work")
    assert caught.value.exit_code == 73


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(root, capsys, monkeypatch):
    grow(root, {"derivatives": {"fmriprep": person("02", bold=Dangling())}})
    before = fingerprint(root.parent)
    monkeypatch.setattr(cli, "limit_threads", lambda n: None)
    words = [str(root), str(root.parent / "out"), "participant", "--dry-run"]
    assert cli.main([*words, "--denoise", "none"]) == 65, "8 volumes are too short"
    assert capsys.readouterr().out.endswith("0 of 2 runs would be processed.\n")
    assert fingerprint(root.parent) == before
