"""Where the preprocessed data lie, and what is said when they are not there."""

import pytest

from gradshift.bids.dataset import find_fmriprep, made_by, read_json
from gradshift.errors import InputError, MissingInputError, NotBidsError, SettingsError
from synthetic import FMRIPREP, RAW, Dangling, fingerprint, grow, person, preprocessed, study

OTHER = {**FMRIPREP, "GeneratedBy": [{"Name": "MRIQC"}]}


def find(root, *derivatives, validate=True):
    return find_fmriprep(root, derivatives, validate=validate)


def test_it_is_found_below_a_raw_dataset_by_what_made_it(tmp_path):
    tree = study(person("01"))
    tree["derivatives"] = {
        "fmriprep": {"dataset_description.json": OTHER},
        "prep-v2": preprocessed(person("01")),
        "notes": {},
    }
    root = grow(tmp_path / "study", tree)
    before = fingerprint(root)
    assert find(root) == root / "derivatives" / "prep-v2"
    assert fingerprint(root) == before


def test_an_older_description_is_understood(tmp_path):
    older = {"Name": "x", "PipelineDescription": {"Name": "fmriprep"}}
    root = grow(tmp_path, {"dataset_description.json": older})
    assert find(root) == root


def test_the_dataset_may_be_the_fmriprep_output_itself(tmp_path):
    root = grow(tmp_path / "prep", preprocessed(person("01")))
    assert find(root) == root


def test_a_folder_that_was_named_wins(tmp_path):
    root = grow(tmp_path / "study", study(person("01")))
    other = grow(tmp_path / "else where", preprocessed(person("01")))
    assert find(root, f"fmriprep={other}") == other


@pytest.mark.parametrize("word", ["fmriprep", "fmriprep=", "=x"])
def test_a_folder_that_is_named_wrongly_is_refused(tmp_path, word):
    with pytest.raises(SettingsError, match=f"NAME=PATH.*got '{word}'"):
        find(tmp_path, word)


def test_two_outputs_are_both_named(tmp_path):
    tree = study(person("01"))
    tree["derivatives"]["later"] = preprocessed(person("01"))
    root = grow(tmp_path, tree)
    with pytest.raises(
        SettingsError, match=r"derivatives/fmriprep, derivatives/later.*--derivatives fmriprep="
    ):
        find(root)


@pytest.mark.parametrize("below", [{}, {"derivatives": {"mriqc": {}}}])
def test_nothing_preprocessed_shows_what_is_there_and_the_command_to_run(tmp_path, below):
    root = grow(tmp_path, {"dataset_description.json": RAW, **below})
    with pytest.raises(MissingInputError) as caught:
        find(root)
    message = str(caught.value)
    assert f"there is: {'mriqc' if below else 'nothing'}." in message
    assert f"fmriprep {root} {root / 'derivatives' / 'fmriprep'} participant" in message


def test_a_folder_without_description_is_not_bids(tmp_path):
    root = grow(tmp_path, {"sub-01": {}, "notes.txt": ""})
    with pytest.raises(NotBidsError, match=r"There is: notes\.txt, sub-01") as caught:
        find(root)
    assert caught.value.exit_code == 16


def test_without_validation_a_description_is_not_needed(tmp_path):
    root = grow(tmp_path, {"derivatives": {"fmriprep": preprocessed(person("01"))}})
    assert find(root, validate=False) == root / "derivatives" / "fmriprep"


def test_folders_that_are_not_there_are_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"no folder .*/none") as caught:
        find(tmp_path / "none")
    assert caught.value.exit_code == 66
    with pytest.raises(MissingInputError, match=r"no folder .*/gone"):
        find(tmp_path, f"fmriprep={tmp_path / 'gone'}")


@pytest.mark.parametrize("content", ["{", "[1]", b"\xff", ""])
def test_a_damaged_description_is_named(tmp_path, content):
    grow(tmp_path, {"dataset_description.json": {}})
    (tmp_path / "dataset_description.json").write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    with pytest.raises(InputError, match=r"dataset_description\.json .*JSON"):
        find(tmp_path)


def test_a_dangling_description_says_how_to_get_it(tmp_path):
    grow(tmp_path, {"dataset_description.json": Dangling()})
    with pytest.raises(MissingInputError, match=r"datalad get dataset_description\.json"):
        find(tmp_path)


def test_a_folder_in_the_place_of_a_file_is_explained(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_json(tmp_path)


@pytest.mark.parametrize(
    "description",
    [None, {}, {"GeneratedBy": []}, {"GeneratedBy": "fMRIPrep"}, {"GeneratedBy": [1]}],
)
def test_a_description_may_leave_out_what_made_it(description):
    assert made_by(description) == ""
