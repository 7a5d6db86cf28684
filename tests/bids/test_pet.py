"""Finding PET scans, under the names PETPrep uses or has used."""

import json
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.pet import find_scans
from gradshift.errors import MissingInputError, SettingsError

MADE = {"Name": "x", "BIDSVersion": "1.10.0", "DatasetType": "derivative"}
SPACES = {"Tiny": ("MNI152NLin2009cAsym",)}


def study(root: Path, *names: str) -> Path:
    (root / "derivatives" / "other").mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x"}))
    folder = root / "derivatives" / "petprep"
    for name in names:
        sub, ses = name.split("_")[:2]
        raw = name.endswith(("_blood.tsv", "_pet.json"))
        path = (root if raw else folder) / sub / ses / "pet" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"Units": "kBq/mL"}' if name.endswith(".json") else "x\n")
    folder.mkdir(exist_ok=True)
    made = {**MADE, "GeneratedBy": [{"Name": "PETPrep"}]}
    (folder / "dataset_description.json").write_text(json.dumps(made))
    return root


def find(root: Path, **given: object) -> list:
    return find_scans(schema.make(root, root / "out", "participant", given), SPACES)


@pytest.mark.parametrize(
    "reference", ["label-semiovale_desc-preproc_tacs", "ref-semiovale_timeseries"]
)
@pytest.mark.parametrize("suffix", ["tacs", "timeseries"])
def test_curves_go_with_their_reference_blood_and_json(tmp_path, reference, suffix):
    start = "sub-01_ses-pre_trc-UCBJ"
    root = study(
        tmp_path,
        f"{start}_seg-gtm_desc-preproc_{suffix}.tsv",
        f"{start}_{reference}.tsv",
        f"{start}_pet.json",
        f"{start}_recording-manual_blood.tsv",
        f"{start}_recording-autosampler_blood.tsv",
        "sub-01_ses-post_trc-UCBJ_recording-manual_blood.tsv",
    )
    (scan,) = find(root)
    assert (scan.kind, scan.seg, scan.label) == ("tacs", "gtm", "sub-01 ses-pre trc-UCBJ pet")
    assert scan.reference is not None
    assert scan.reference.name == f"{start}_{reference}.tsv"
    assert [path.name.split("_")[3] for path in scan.blood] == [
        "recording-autosampler", "recording-manual",
    ]  # fmt: skip
    assert scan.metadata == {"Units": "kBq/mL"}


def test_partial_volume_corrections_are_kept_apart(tmp_path):
    start = "sub-01_ses-pre"
    root = study(
        tmp_path,
        f"{start}_seg-gtm_desc-preproc_tacs.tsv",
        f"{start}_seg-gtm_desc-preproc_pvc-GTM_tacs.tsv",
        f"{start}_label-semiovale_desc-preproc_tacs.tsv",
    )
    found = {scan.pvc: scan.reference is not None for scan in find(root)}
    assert found == {"": True, "GTM": False}


def test_finished_values_come_first_and_filters_hold(tmp_path):
    root = study(
        tmp_path,
        "sub-01_ses-pre_seg-gtm_desc-preproc_tacs.tsv",
        "sub-01_ses-pre_seg-gtm_kinpar.tsv",
        "sub-01_ses-post_seg-gtm_desc-preproc_tacs.tsv",
        "sub-02_ses-pre_seg-gtm_desc-preproc_tacs.tsv",
    )
    assert [(s.label, s.kind) for s in find(root, participant_label=["01"])] == [
        ("sub-01 ses-post pet", "tacs"),
        ("sub-01 ses-pre pet", "table"),
    ]
    assert [s.label for s in find(root, session_label=["post"])] == ["sub-01 ses-post pet"]


def test_a_mask_needs_an_image_and_must_be_there(tmp_path):
    root = study(tmp_path, "sub-01_ses-pre_seg-gtm_desc-preproc_tacs.tsv")
    with pytest.raises(MissingInputError, match=r"no mask none\.nii\.gz"):
        find(root, pet_reference="none.nii.gz")
    mask = tmp_path / "mask.nii.gz"
    mask.write_text("x")
    with pytest.raises(SettingsError, match="needs a 4-D PET image"):
        find(root, pet_reference=str(mask))


def test_a_study_without_petprep_has_no_pet(tmp_path):
    root = study(tmp_path)
    (root / "derivatives" / "petprep" / "dataset_description.json").unlink()
    assert find(root) == []
