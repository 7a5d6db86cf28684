"""What an output says of the datasets it comes from: names that hold wherever they lie."""

import json
import os
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids import readme
from gradshift.bids.facts import SessionFacts
from gradshift.bids.links import Links
from tiny import write_study


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path, ["01"], ["pre"], [None])


def links(root: Path, out: Path) -> Links:
    return Links.of(schema.make(root, out, "participant", {}))


def describe(root: Path, **more: object) -> None:
    path = root / "dataset_description.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


def test_a_file_is_named_by_the_innermost_dataset_that_holds_it(study, tmp_path):
    found = links(study.root, tmp_path / "out")
    assert list(found.folders) == ["fmriprep", "raw"]
    bold = study.bold("01", "pre")
    assert found.uri(bold) == f"bids:fmriprep:sub-01/ses-pre/func/{bold.name}"
    assert found.uri(study.root / "participants.tsv") == "bids:raw:participants.tsv"
    assert found.uri(tmp_path / "mrs.tsv") == "mrs.tsv"
    odd = study.fmriprep / os.fsdecode(b"a b\xfc#.tsv")
    assert found.uri(odd) == "bids:fmriprep:a%20b%FC%23.tsv"


def test_an_output_of_fmriprep_alone_is_the_only_source(study, tmp_path):
    found = links(study.fmriprep, tmp_path / "out")
    assert found.targets() == {"fmriprep": "../study/derivatives/fmriprep"}


def test_the_description_holds_no_address_of_this_machine(study, tmp_path):
    out = tmp_path / "a folder" / "out"
    readme.prepare(out, version="0.1.0", links=links(study.root, out))
    text = (out / "dataset_description.json").read_text()
    described = json.loads(text)
    assert "file:" not in text
    assert str(tmp_path) not in text
    for target in described["DatasetLinks"].values():
        assert (out / target / "dataset_description.json").exists()
    assert not {"License", "SourceDatasets"} & set(described)
    assert "CITATION" in described["HowToAcknowledge"]


def test_what_the_sources_say_of_themselves_is_handed_on(study, tmp_path):
    describe(study.root, License="CC0", DatasetDOI="doi:10.18112/openneuro.ds1")
    describe(study.fmriprep, DatasetDOI="10.18112/openneuro.ds1")
    found = links(study.root, tmp_path / "out")
    assert found.licence() == "CC0"
    doi = "10.18112/openneuro.ds1"
    assert found.sources() == [{"DOI": doi, "URL": f"https://doi.org/{doi}"}]
    describe(study.fmriprep, License="PDDL")
    assert links(study.root, tmp_path / "out").licence() == ""


@pytest.mark.parametrize(
    ("environment", "kind"),
    [({}, "docker"), ({"APPTAINER_CONTAINER": "/x.sif"}, "apptainer"),
     ({"SINGULARITY_CONTAINER": "/x.sif"}, "singularity")],
)  # fmt: skip
def test_the_container_is_named_where_there_is_one(environment, kind):
    assert readme.container(environment) == {}
    ours = {**environment, readme.IMAGE_TAG: "gradshift:0.1.0"}
    assert readme.container(ours) == {"Container": {"Type": kind, "Tag": "gradshift:0.1.0"}}


def test_pages_name_the_images_only():
    folder = "bids:fmriprep:sub-01/func/sub-01_task-rest"
    about = {"Sources": [f"{folder}_desc-preproc_bold.nii.gz", f"{folder}_desc-brain_mask.nii.gz",
                         f"{folder}_desc-confounds_timeseries.tsv"]}  # fmt: skip
    assert SessionFacts(Path("x"), about).sources == ["sub-01_task-rest_desc-preproc_bold.nii.gz"]
