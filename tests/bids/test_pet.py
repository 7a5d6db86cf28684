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


def write_json(root: Path, stem: str, **content: object) -> None:
    sub, ses = stem.split("_")[:2]
    (root / sub / ses / "pet" / f"{stem}_pet.json").write_text(json.dumps(content))


def minutes(start: float, end: float, injected: float = 0) -> dict[str, object]:
    return {
        "InjectionStart": injected,
        "FrameTimesStart": [60 * start + injected],
        "FrameDuration": [60 * (end - start)],
    }


def test_the_tracer_gives_the_reference_region_and_an_unknown_one_takes_the_only_one(tmp_path):
    curves, name = "seg-gtm_desc-preproc_tacs.tsv", "label-{}_desc-preproc_tacs.tsv"
    stems = {
        "sub-01_ses-pre_trc-UCBJ": ("semiovale", "cerebellum"),
        "sub-02_ses-pre_trc-raclopride": ("semiovale", "cerebellum"),
        "sub-03_ses-pre_trc-new": ("semiovale", "cerebellum"),
        "sub-04_ses-pre_trc-new": ("pons",),
    }
    files = [f"{stem}_{name.format(ref)}" for stem, refs in stems.items() for ref in refs]
    root = study(tmp_path, *files, *(f"{stem}_{curves}" for stem in stems))
    found = [(s.reference_name, s.tracer.words) for s in find(root)]
    assert found == [
        ("semiovale", "synaptic density (SV2A)"),
        ("cerebellum", "availability of dopamine D2/3 receptors"),
        ("", "uptake or binding of new"),
        ("pons", "uptake or binding of new"),
    ]
    assert {s.reference_name for s in find(root, pet_reference="pons")} == {"pons"}


def test_a_tracer_of_the_users_own_must_be_of_a_scan(tmp_path):
    root = study(tmp_path, "sub-01_ses-pre_trc-new_seg-gtm_desc-preproc_tacs.tsv")
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"name": "[11C]new"}))
    assert [scan.tracer.name for scan in find(root, tracer=str(path))] == ["[11C]new"]
    path.write_text(json.dumps({"name": "[11C]other"}))
    with pytest.raises(SettingsError, match=r"holds \[11C\]other, and no scan is of it: .* new"):
        find(root, tracer=str(path))


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ("rec-acdyn", "rec-acstat", "differ in reconstruction (rec-acdyn, rec-acstat)"),
        ("acq-early", "acq-late", "differ in acquisition (acq-early, acq-late)"),
        ("trc-UCBJ", "trc-FDG", "differ in tracer (trc-FDG, trc-UCBJ)"),
        ("rec-acdyn_run-1", "run-2", "differ in reconstruction (no rec-, rec-acdyn)"),
    ],
)
def test_scans_of_a_session_that_are_not_one_measurement_are_asked_for(
    tmp_path, one, other, named
):
    stems = [f"sub-01_ses-pre_{one}", f"sub-01_ses-pre_{other}", f"sub-01_ses-post_{one}"]
    root = study(tmp_path, *(f"{stem}_seg-gtm_desc-preproc_tacs.tsv" for stem in stems))
    post, *pre = find(root)
    assert not post.problem
    assert all(named in scan.problem and "--bids-filter-file" in scan.problem for scan in pre)


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (minutes(0, 60), minutes(70, 90), True),
        (minutes(70, 90, -4200), minutes(0, 60, 0), True),
        (minutes(0, 60), minutes(0, 90, 30), False),
        (minutes(60, 90), minutes(60, 90), False),
        ({}, minutes(60, 90), False),
    ],
)
def test_runs_are_repeats_or_windows_of_one_injection(tmp_path, first, second, asked):
    stems = ["sub-01_ses-pre_run-1", "sub-01_ses-pre_run-2"]
    root = study(
        tmp_path,
        *(f"{stem}_{rest}" for stem in stems for rest in ("seg-gtm_tacs.tsv", "pet.json")),
    )
    for stem, content in zip(stems, (first, second), strict=True):
        write_json(root, stem, **content)
    found = find(root)
    assert len(found) == 2
    assert all(("windows of one injection" in scan.problem) == asked for scan in found)


def test_the_json_of_one_session_takes_no_other_along(tmp_path):
    stems = ["sub-01_ses-post", "sub-01_ses-pre"]
    root = study(
        tmp_path, *(f"{stem}_seg-gtm_tacs.tsv" for stem in stems), "sub-01_ses-pre_pet.json"
    )
    (root / "sub-01" / "ses-pre" / "pet" / "sub-01_ses-pre_pet.json").write_text("{")
    post, pre = find(root)
    assert not post.problem
    assert "is not a JSON file" in pre.problem


@pytest.mark.parametrize("raw", [".", "rawbids", "derivatives/petprep/sourcedata/raw"])
def test_blood_is_found_where_the_raw_data_of_petprep_lie(tmp_path, raw):
    """PETPrep's output is given as BIDS_DIR; blood and JSON are beside the raw scans."""
    start = "sub-01_ses-pre_trc-UCBJ"
    root = study(
        tmp_path / "s", f"{start}_seg-gtm_tacs.tsv", f"{start}_pet.json",
        f"{start}_recording-manual_blood.tsv",
    )  # fmt: skip
    (root / "dataset_description.json").write_text(json.dumps(MADE | {"DatasetType": "raw"}))
    if raw != ".":
        (root / raw).parent.mkdir(parents=True, exist_ok=True)
        (root / raw).mkdir()
        (root / "sub-01").rename(root / raw / "sub-01")
    (scan,) = find(root / "derivatives" / "petprep")
    assert [path.name for path in scan.blood] == [f"{start}_recording-manual_blood.tsv"]
    assert scan.metadata == {"Units": "kBq/mL"}
