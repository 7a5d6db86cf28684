"""One dataset, and one content of a name, in an output."""

import json

import pytest

from gradshift.errors import SettingsError
from gradshift.output import provenance
from gradshift.output.identity import digest, identity
from gradshift.output.provenance import Provenance, atlas_files


def dataset(folder, **description):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset_description.json").write_text(json.dumps(description))
    return folder


@pytest.fixture
def made_of(tmp_path):
    def make(name="study", table="index\tname\n", image="voxels", recipe="plain", atlas="Tiny"):
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        (folder / "tiny.tsv").write_text(table)
        (folder / "tiny.nii").write_text(image)
        files = [folder / "tiny.tsv", folder / "tiny.nii"]
        files = atlas_files(files[:1], {"MNI": files[1:]}, {path.name: path for path in files})
        raw = dataset(tmp_path / "raw", Name=name)
        return Provenance(
            dataset=identity(raw),
            derivatives={"BOLD run": [identity(dataset(tmp_path / "prep", Name="fMRIPrep"))]},
            atlases={atlas: files},
            recipes={"36P": digest(recipe)},
        )

    return make


def test_a_dataset_is_known_wherever_it_lies_and_whoever_joins_it(tmp_path):
    here = dataset(tmp_path / "here", Name="study", Authors=["One"], DatasetDOI="doi:1")
    there = dataset(tmp_path / "there", Name="study", Authors=["One", "Two"], DatasetDOI="doi:1")
    assert identity(here) == identity(there)
    assert "here" not in json.dumps(identity(here))


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "other"},
        {"DatasetDOI": "doi:2"},
        {"GeneratedBy": [{"Name": "fMRIPrep", "Version": "24.0.0"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_name_doi_and_pipeline_tell_datasets_apart(tmp_path, change):
    one = {"Name": "study", "DatasetDOI": "doi:1"}
    one["GeneratedBy"] = [{"Name": "fMRIPrep", "Version": "23.2.0"}]
    before = identity(dataset(tmp_path / "a", **one))
    assert identity(dataset(tmp_path / "a", **{**one, **change})) != before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"name": "other"}, "another dataset, 'study', not of 'other'"),
        ({"table": "index\tlabel\n"}, "another atlas Tiny: its label table"),
        ({"image": "others"}, "another atlas Tiny: its image in MNI"),
        ({"recipe": "other"}, "another denoising recipe 36P"),
        ({"atlas": "Second", "image": "others"}, "the atlas Tiny, whose file tiny.nii"),
    ],
    ids=["dataset", "table", "image", "recipe", "file"],
)
def test_another_content_of_the_same_name_is_refused(made_of, tmp_path, change, what):
    provenance.keep(tmp_path / "out", made_of(), anew=False)
    provenance.check(tmp_path / "out", made_of())
    with pytest.raises(SettingsError, match=what) as caught:
        provenance.check(tmp_path / "out", made_of(**change))
    assert caught.value.exit_code == 64


def test_what_is_replaced_is_forgotten_and_what_is_added_is_not(made_of, tmp_path):
    out = tmp_path / "out"
    provenance.keep(out, made_of(), anew=False)
    provenance.keep(out, made_of(atlas="Second"), anew=False)
    assert set(provenance.read(out).atlases) == {"Tiny", "Second"}
    provenance.keep(out, made_of(name="other"), anew=True)
    assert set(provenance.read(out).atlases) == {"Tiny"}
    provenance.check(out, made_of(name="other"))


def test_without_a_record_the_copies_of_an_atlas_speak(made_of, tmp_path):
    copies = tmp_path / "out" / "atlases"
    copies.mkdir(parents=True)
    (copies / "tiny.tsv").touch()  # empty: not written to its end
    provenance.check(tmp_path / "out", made_of())
    (copies / "tiny.tsv").write_text("of another atlas")
    with pytest.raises(SettingsError, match=r"tiny\.tsv"):
        provenance.check(tmp_path / "out", made_of())
