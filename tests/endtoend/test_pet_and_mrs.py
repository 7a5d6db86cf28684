"""The whole command with PET and spectroscopy, with and without BOLD."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tiny import PER_NETWORK, SPACE, Study, write_atlas
from tinypet import K2PRIME, NAMES, folders, volumes, write_image, write_mask, write_pet

PEOPLE, SESSIONS = ("01", "02", "03"), ("pre", "post")
PCC = ("--pcc", "Default_0,Default_1")


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", na_values="n/a", keep_default_na=False)


def one(folder: Path, pattern: str) -> pd.DataFrame:
    (path,) = folder.rglob(pattern)
    return read(path)


@pytest.fixture
def pet_study(tmp_path: Path) -> Callable[..., Study]:
    def make(kind: str = "tacs", people: tuple[str, ...] = PEOPLE) -> Study:
        study = Study(tmp_path / "study", write_atlas(tmp_path / "atlas"))
        write_pet(study.root, people, SESSIONS, kind)
        return study

    return make


def values(out: Path, measure: str, level: str = "region", ses: str = "pre") -> np.ndarray:
    table = one(out / "sub-01" / f"ses-{ses}" / "pet", "*_measures.tsv")
    return table.query("measure == @measure and level == @level")["value"].to_numpy()


def test_curves_and_blood_become_volumes_and_changes_without_bold(pet_study, tmp_path):
    study, out = pet_study(), tmp_path / "out"
    models = (
        "vt1tcm", "vtlogan", "vtfp1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2", "suvr",
    )  # fmt: skip
    assert study.run(out, "participant", *PCC, "--pet-model", *models) == 0
    np.testing.assert_allclose(values(out, "vt1tcm"), volumes("pre"), rtol=1e-3)
    np.testing.assert_allclose(values(out, "vtfp1tcm"), volumes("pre") / 0.25, rtol=1e-3)
    pet = out / "sub-01" / "ses-pre" / "pet"
    assert {path.name for path in pet.glob("*.tsv")} == {
        f"sub-01_ses-pre_trc-UCBJ_atlas-Tiny_{rest}.tsv"
        for rest in (
            "tacs",
            "kinpar",
            "measures",
            *(f"desc-{name}_tacs" for name in models if name not in ("suvr", "vtfp1tcm")),
        )
    }
    kinpar = one(pet, "*_kinpar.tsv")
    assert (kinpar["vt1tcm_se"] < 0.01).all()
    np.testing.assert_allclose(kinpar["vt1tcm_k1"], 0.34, rtol=1e-3)
    about = json.loads(next(pet.glob("*_measures.json")).read_text())
    assert about["k2prime"] == pytest.approx(K2PRIME, rel=2e-3)
    assert set(about["Measures"]) == set(models)
    assert (about["InjectedRadioactivity"], about["InjectedMass"]) == (300, 1.2)
    assert about["MeanFramewiseDisplacement"] == 3.5
    assert "the head moved by 6.5 mm from one frame to the next" in about["Warnings"]
    table = one(pet, "*_measures.tsv")
    (reference,) = table.query("measure == 'vt1tcm' and label == 'semiovale'")["value"]
    assert reference == pytest.approx(4.8, rel=2e-3)
    (pcc,) = table.query("measure == 'vt1tcm' and level == 'set' and label == 'PCC'")["value"]
    assert pcc == pytest.approx(volumes("pre")[-PER_NETWORK : -PER_NETWORK + 2].mean(), rel=1e-3)

    assert study.run(out, "group", "--baseline", "pre", "--followup", "post") == 0
    rows = read(out / "group" / "contrasts.tsv").query("measure == 'vt1tcm'")
    assert set(rows["family"]) == {"pet-primary", "pet-set", "pet-region"}
    change = rows.set_index(["level", "label"])["mean_change"]
    assert change["set", "PCC"] == pytest.approx(2.3, rel=0.01)
    assert change["network", "Vis"] == pytest.approx(0.3, rel=0.01)
    people = read(out / "group" / "participants.tsv")
    assert list(people["modality"]) == ["pet"] * 3
    activity, mass = json.loads((out / "group" / "limits.json").read_text())["Injected"]
    assert (activity["MeanBaseline"], activity["MeanChange"], activity["n"]) == (300, 0, 3)
    assert (mass["What"], mass["MeanFollowup"]) == ("InjectedMass", 1.2)
    assert people["included"].all()


def test_an_image_gives_what_its_curves_give(pet_study, tmp_path):
    study, out = pet_study(kind="image", people=("01",)), tmp_path / "out"
    mask = write_mask(tmp_path / "mask.nii.gz")
    options = ("--pet-model", "vt1tcm", "bpndsrtm2", "--pet-reference", str(mask))
    assert study.run(out, "participant", *options) == 0
    np.testing.assert_allclose(values(out, "vt1tcm", ses="post"), volumes("post"), rtol=1e-3)
    tacs = one(out / "sub-01" / "ses-pre" / "pet", "*space-*Tiny_tacs.tsv")
    assert tacs.iloc[-1]["frame_end"] == 5400
    binding = values(out, "bpndsrtm2")
    np.testing.assert_allclose(binding, volumes("pre") / 4.8 - 1, rtol=0.05)


def test_finished_values_are_read_and_not_computed(pet_study, tmp_path):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    for ses in SESSIONS:
        derived, _ = folders(study.root, "01", ses)
        (regional,) = derived.glob("*_seg-tiny_*_tacs.tsv")
        names = list(read(regional).columns[2:])
        table = pd.DataFrame({"region": names, "VT": np.arange(len(names)) + 0.5})
        name = f"sub-01_ses-{ses}_trc-UCBJ_seg-tiny_kinpar.tsv"
        table.to_csv(derived / name, sep="\t", index=False)
    assert study.run(out, "participant") == 65
    assert study.run(out, "participant", "--overwrite", "--pet-columns", "vtlogan=VT") == 0
    np.testing.assert_array_equal(values(out, "vtlogan"), np.arange(40) + 0.5)
    assert not list(out.rglob("*_tacs.tsv"))


def edit(path: Path, **changes: object) -> None:
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, **changes}))


def scale(path: Path, columns: list[str], factor: float) -> None:
    table = read(path)
    table[columns] *= factor
    table.to_csv(path, sep="\t", index=False)


def minutes(derived: Path, raw: Path) -> None:
    for path in derived.glob("*_tacs.tsv"):
        scale(path, ["frame_start", "frame_end"], 1 / 60)


def minutes_without_json(derived: Path, raw: Path) -> None:
    minutes(derived, raw)
    for path in raw.glob("*_pet.json"):
        path.unlink()


def blood_in_minutes(derived: Path, raw: Path) -> None:
    scale(next(raw.glob("*_blood.tsv")), ["time"], 1 / 60)


def blood_in_becquerel(derived: Path, raw: Path) -> None:
    scale(next(raw.glob("*_blood.tsv")), ["plasma_radioactivity"], 1000)


def no_blood_unit(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_blood.json")), plasma_radioactivity={})


def no_decay_correction(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_pet.json")), ImageDecayCorrected=False)


def other_decay_correction(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_pet.json")), ImageDecayCorrectionTime=-3600)


def other_unit(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_pet.json")), Units="counts")


def no_reference(derived: Path, raw: Path) -> None:
    next(derived.glob("*_label-semiovale_*")).unlink()
    (derived / "sub-01_ses-pre_trc-UCBJ_label-cerebellum_desc-preproc_tacs.tsv").write_text("")


def other_blood(derived: Path, raw: Path) -> None:
    path = next(raw.glob("*_blood.tsv"))
    read(path).query("time < 1800").to_csv(path, sep="\t", index=False, na_rep="n/a")


def free_share(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_blood.json")), PlasmaFreeFraction=0.25)


def other_dose_unit(derived: Path, raw: Path) -> None:
    edit(next(raw.glob("*_pet.json")), InjectedRadioactivityUnits="counts")


SUVR = ("--pet-model", "suvr")


@pytest.mark.parametrize(
    ("spoil", "options", "code", "message"),
    [
        (minutes, (), 65, "say 5400 seconds: its times are minutes. BIDS has seconds."),
        (minutes_without_json, (), 65, "ends at 90 seconds, which is no dynamic scan; the times"),
        (blood_in_minutes, (), 65, "the times of the blood are minutes. BIDS has seconds."),
        (blood_in_becquerel, (), 65, "one of them is in Bq/mL and taken for kBq/mL"),
        (no_blood_unit, (), 65, "The unit of plasma_radioactivity in"),
        (no_decay_correction, (), 65, "is not corrected for decay (ImageDecayCorrected is false"),
        (other_decay_correction, (), 65, "is corrected for decay to -3600 s"),
        (other_unit, (), 65, "is 'counts'; it must be an activity per volume"),
        (
            other_dose_unit,
            ("--pet-model", "suv"),
            65,
            "InjectedRadioactivityUnits is 'counts'; it must be one of",
        ),
        (other_blood, (), 65, "The blood samples end at 29.8 minutes, the scan at 90 minutes"),
        (free_share, ("--pet-model", "vtfplogan"), 65, "is 0.25; BIDS has per cent, such as 27."),
        (no_reference, SUVR, 65, "no curve of semiovale beside"),
        (no_reference, SUVR, 65, "curves of reference regions there: cerebellum"),
        (no_reference, ("--pet-model", "srtm"), 64, "target and centrum semiovale have nearly"),
        (no_reference, ("--pet-reference", "no.nii.gz"), 66, "There is no mask no.nii.gz"),
        (no_reference, ("--pet-model", "patlak"), 64, "There is no PET model patlak"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_does_not_fit_together_is_refused_with_the_reason(
    pet_study, tmp_path, capfd, spoil, options, code, message
):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    spoil(*folders(study.root, "01", "pre"))
    assert study.run(out, "participant", "--session-label", "pre", *options) == code
    said = capfd.readouterr().err
    assert message in said
    assert "Traceback" not in said
    if code == 65:
        table = one(out / "sub-01", "*_measures.tsv")
        assert table["value"].isna().all()
        assert table["status"].str.contains(message, regex=False).all()


def test_the_other_session_goes_on(pet_study, tmp_path):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    blood_in_becquerel(*folders(study.root, "01", "pre"))
    assert study.run(out, "participant") == 1
    assert np.isnan(values(out, "vtlogan")).all()
    assert np.isfinite(values(out, "vtlogan", ses="post")).all()


def test_a_rerun_writes_no_scan_again(pet_study, tmp_path, monkeypatch):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    assert study.run(out, "participant", *SUVR, page=True) == 0

    def fail(*_):
        raise AssertionError("done again")

    monkeypatch.setattr("gradshift.participant.nodes.savepet.SavePet._run_interface", fail)
    assert study.run(out, "participant", *SUVR, page=True) == 0
    next(out.rglob("*_measures.tsv")).unlink()
    assert study.run(out, "participant", *SUVR) == 65


def test_a_reference_model_needs_its_efflux(pet_study, tmp_path, capfd):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    for path in study.root.rglob("*_blood.*"):
        path.unlink()
    assert study.run(out, "participant", "--pet-model", "bpndsrtm2", "vtlogan") == 65
    table = one(out / "sub-01" / "ses-pre" / "pet", "*_measures.tsv")
    status = table.query("level == 'region'").groupby("measure")["status"].first()
    assert status["bpndsrtm2"].startswith("bpndsrtm2 needs k2' of the reference region")
    assert status["vtlogan"].endswith("(no blood samples)")
    other = tmp_path / "other"
    assert study.run(other, "participant", "--k2prime", str(K2PRIME)) == 0
    expected = volumes("pre") / 4.8 - 1
    np.testing.assert_allclose(values(other, "bpndmrtm2"), expected, rtol=0.05)


def write_finished(study: Study) -> Path:
    """Describe a dataset of finished kinetics, and return the folder of the first session."""
    root = study.root / "derivatives" / "finished"
    pet = root / "sub-01" / "ses-pre" / "pet"
    pet.mkdir(parents=True)
    made = {"Name": "x", "BIDSVersion": "1.10.0", "GeneratedBy": [{"Name": "PETsurfer-BIDS"}]}
    (root / "dataset_description.json").write_text(json.dumps(made))
    return pet


FINISHED = volumes("pre") + 100
"""What no model would give of the curves."""
STEM = "sub-01_ses-pre_trc-UCBJ"


def test_finished_maps_are_averaged_and_nothing_is_fitted(pet_study, tmp_path, capfd):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    pet = write_finished(study)
    space = f"{STEM}_space-{SPACE}"
    write_image(pet / f"{space}_model-Logan_meas-VT_mimap.nii.gz", FINISHED)
    write_image(pet / f"{space}_model-MRTM2_meas-BPND_mimap.nii.gz", FINISHED[:, None] / 10)
    write_image(pet / f"{space}_model-MA1_meas-VT_mimap.nii.gz", FINISHED)
    (pet / f"{STEM}_seg-gtm_model-Logan_kinpar.tsv").write_text("ROI\tVT\nPutamen\t20\n")
    options = ("--session-label", "pre")
    assert study.run(out, "participant", *options) == 0
    assert "model-MA1_meas-VT_mimap.nii.gz is not used" in capfd.readouterr().err
    np.testing.assert_allclose(values(out, "vtlogan"), FINISHED, rtol=1e-6)
    np.testing.assert_allclose(values(out, "bpndmrtm2"), FINISHED / 10, rtol=1e-6)
    assert set(one(out / "sub-01", "*_measures.tsv")["measure"]) == {"vtlogan", "bpndmrtm2"}
    assert not list(out.rglob("*_tacs.tsv"))


def test_finished_tables_of_several_models_are_put_together(pet_study, tmp_path):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    pet = write_finished(study)
    for model, name, given in (("Logan", "VT", FINISHED), ("MRTM2", "BPND", FINISHED / 10)):
        table = pd.DataFrame({"ROI": NAMES[::-1], name: given[::-1]})
        path = pet / f"{STEM}_seg-tiny_model-{model}_kinpar.tsv"
        table.to_csv(path, sep="\t", index=False)
    assert study.run(out, "participant", "--session-label", "pre") == 0
    np.testing.assert_allclose(values(out, "vtlogan"), FINISHED)
    np.testing.assert_allclose(values(out, "bpndmrtm2"), FINISHED / 10)


def test_a_static_image_gives_ratios_and_uptake(pet_study, tmp_path, capfd):
    study, out = pet_study(kind="image", people=("01",)), tmp_path / "out"
    derived, raw = folders(study.root, "01", "pre")
    (study.root / "participants.tsv").write_text("participant_id\tweight\nsub-01\t75\n")
    image = next(derived.glob("*_pet.nii.gz"))
    write_image(image, 1000 * FINISHED, 5000.0)
    edit(next(raw.glob("*_pet.json")), FrameTimesStart=[3600], FrameDuration=[1800])
    options = ("--session-label", "pre", "--pet-reference")
    assert study.run(out, "participant", *options, "semiovale") == 65
    assert "--pet-reference takes a mask on the grid of the image too" in capfd.readouterr().err
    mask, other = str(write_mask(tmp_path / "mask.nii.gz")), tmp_path / "other"
    models = ("--pet-model", "suvr", "suv", "vtlogan")
    assert study.run(other, "participant", *options, mask, *models) == 0
    np.testing.assert_allclose(values(other, "suvr"), FINISHED / 5, rtol=1e-6)
    np.testing.assert_allclose(values(other, "suv"), FINISHED / (300 / 75), rtol=1e-6)
    assert np.isnan(values(other, "vtlogan")).all()
    edit(next(raw.glob("*_pet.json")), Units="SUVR", FrameTimesStart=None)
    write_image(image, FINISHED)
    assert study.run(tmp_path / "third", "participant", "--session-label", "pre") == 0
    np.testing.assert_allclose(values(tmp_path / "third", "suvr"), FINISHED, rtol=1e-6)


def test_people_with_bold_only_and_with_pet_only_are_in_one_study(make_study, tmp_path):
    study, out = make_study(people=("01",)), tmp_path / "out"
    write_pet(study.root, ("02",), SESSIONS)
    options = ("--denoise", "none", "--measures", "withinfc", "--pet-model", "suvr")
    assert study.run(out, "participant", *options, page=True) == 0
    there = {path.name: {p.name for p in path.glob("ses-pre/*")} for path in out.glob("sub-??")}
    assert there == {"sub-01": {"func"}, "sub-02": {"pet"}}
    assert (out / "sub-01.html").exists()
    assert study.run(out, "group", "--baseline", "pre", "--followup", "post") == 0
    people = read(out / "group" / "participants.tsv").query("included")
    assert list(zip(people["participant_id"], people["modality"], strict=True)) == [
        ("sub-01", "func"), ("sub-02", "pet"),
    ]  # fmt: skip


def mrs_table(study: Study, rows: list[tuple[object, ...]]) -> None:
    folder = study.root / "phenotype"
    folder.mkdir()
    columns = ["participant_id", "session_id", "voi", "metabolite", "value", "units", "reference",
               "crlb_pct", "fCSF", "tissue_corrected", "fwhm_hz"][: len(rows[0])]  # fmt: skip
    pd.DataFrame(rows, columns=columns).to_csv(
        folder / "mrs.tsv", sep="\t", index=False, na_rep="n/a"
    )


def test_metabolites_become_measures_by_the_rules(pet_study, tmp_path):
    study, out = pet_study(people=("01", "02", "03")), tmp_path / "out"
    rows: list[tuple[object, ...]] = []
    for i, sub in enumerate(("01", "02", "03")):
        for ses in SESSIONS:
            glu = 8 + i + (0.5 + 0.1 * i) * (ses == "post")
            crlb = 25 if (sub, ses) == ("02", "post") else 5
            width = 14 if (sub, ses) == ("03", "post") else 7
            rows.append((f"sub-{sub}", f"ses-{ses}", "ACC", "Glu", glu, "mM", "water", crlb, 0.2,
                         "false", width))  # fmt: skip
            other = "tCr" if (sub, ses) == ("03", "post") else "tNAA"
            rows.append((f"sub-{sub}", f"ses-{ses}", "ACC", "GABA+", 0.1 * i + 0.1, "ratio", other,
                         5, "n/a", "n/a", 7))  # fmt: skip
    mrs_table(study, rows)
    assert study.run(out, "participant", "--pet-model", "suvr") == 0
    table = one(out / "sub-02" / "ses-post" / "mrs", "sub-02_ses-post_measures.tsv")
    glu = table.set_index("measure").loc["glutamate"]
    assert np.isnan(float(glu["value"]))
    assert (glu["level"], glu["label"]) == ("set", "ACC")
    assert glu["status"] == "not measured: CRLB of 25 %, above 20 %"
    mixed = one(out / "sub-03" / "ses-pre" / "mrs", "sub-03_ses-pre_measures.tsv")
    gaba = mixed.set_index("measure").loc["gabaplus"]
    assert np.isnan(float(gaba["value"]))
    assert gaba["status"].startswith("reference, unit or correction differs between sessions")

    assert study.run(out, "group", "--baseline", "pre", "--followup", "post") == 0
    found = read(out / "group" / "contrasts.tsv").query("modality == 'mrs'")
    assert found["recipe"].isna().all()  # values that are flagged are tested, too
    found = found.set_index("measure")
    assert found.loc["glutamate", "n"] == 2
    assert found.loc["glutamate", "mean_change"] == pytest.approx(0.6 / 0.8)
    assert found.loc["gabaplus", "n"] == 2
    strict = one(out / "sub-03" / "ses-post" / "mrs", "*_desc-qcpassed_measures.tsv")
    assert np.isnan(strict.set_index("measure").loc["glutamate", "value"])


@pytest.mark.parametrize(
    ("modality", "options"),
    [("pet", ("--blood-volume", "0.04")), ("mrs", ("--mrs-columns", "value=corrected"))],
)
def test_other_settings_for_some_people_are_never_mixed(
    pet_study, tmp_path, capfd, modality, options
):
    study, out = pet_study(people=("01", "02")), tmp_path / "out"
    mrs_table(
        study,
        [
            (f"sub-{sub}", f"ses-{ses}", "ACC", "Glu", 8, "mM", "water", 5, 0.2, "true")
            for sub in ("01", "02")
            for ses in SESSIONS
        ],
    )
    table = study.root / "phenotype" / "mrs.tsv"
    read(table).assign(corrected=9).to_csv(table, sep="\t", index=False)
    if modality == "mrs":
        shutil.rmtree(study.root / "derivatives")
    else:
        table.unlink()
    assert study.run(out, "participant") == 0
    one_person = ("--participant-label", "01", "--overwrite")
    assert study.run(out, "participant", *options, *one_person) == 0
    sessions = ("--baseline", "pre", "--followup", "post")
    assert study.run(out, "group", *sessions) == 64
    assert f"were made with different settings: {options[0]} " in capfd.readouterr().err
    assert study.run(out, "participant", *options) == 0
    assert study.run(out, "group", *sessions) == 0


def test_changes_of_all_modalities_are_coupled(make_study, tmp_path):
    people = ("01", "02", "03", "04")
    study, out = make_study(people=people), tmp_path / "out"
    write_pet(study.root, people, SESSIONS)
    options = ("--denoise", "none", "--measures", "falff", "eigenvectorcentrality", *PCC)
    assert study.run(out, "participant", *options) == 0
    assert study.run(out, "group", "--n-permutations", "200") == 0
    rows = read(out / "group" / "coupling.tsv")
    assert {"pair", "scope", "n", "estimate", "p", "p_fwe", "n_permutations"} <= set(rows)
    assert set(rows["pair"]) == {
        "vtlogan:Default~falff:Default", "vtlogan:whole~eigenvectorcentrality:PCC",
        "vtlogan:region~falff:region", "vtlogan:region~eigenvectorcentrality:region",
    }  # fmt: skip
    table = read(out / "group" / "measures.tsv")

    def change(measure: str, label: str) -> np.ndarray:
        mine = table.query("measure == @measure and label == @label")
        wide = mine.pivot_table(index="participant_id", columns="session_id", values="value")
        return (wide["ses-post"] - wide["ses-pre"]).to_numpy()

    between = rows.query("scope == 'between-people'").set_index("pair")
    first = between.loc["vtlogan:Default~falff:Default"]
    expected = stats.spearmanr(change("vtlogan", "Default"), change("falff", "Default")).statistic
    assert first["estimate"] == pytest.approx(expected)
    assert (first["n"], first["n_permutations"]) == (4, 24)
    across = rows.query("scope == 'across-regions'").set_index("pair")
    assert across["n"].eq(4).all()
    # In the tiny study the default mode network gains synapses and loses what it shared.
    assert across.loc["vtlogan:region~eigenvectorcentrality:region", "estimate"] < 0
    assert set(rows.query("scope == 'group-maps-spin'")["status"]) == {
        "fewer than ten regions with a place on fsaverage5 and both changes"
    }
    percent = read(out / "group" / "percentchange.tsv").set_index(["measure", "label"])
    before, change_ = volumes("pre")[-PER_NETWORK:].mean(), 2 + 0.3 * 1.5
    assert percent.loc[("vt1tcm", "Default"), "mean_percent"] == pytest.approx(
        100 * change_ / before, rel=0.01
    )
    assert study.run(out, "group", "--coupling", "a:b~falff:Default", "--overwrite") == 64


@pytest.mark.parametrize(("trc", "known"), [("UCBJ", True), ("FDG", False)])
def test_pages_say_what_the_tracer_stands_for_and_presume_nothing(pet_study, tmp_path, trc, known):
    study, out = pet_study(), tmp_path / "out"
    for path in sorted(study.root.rglob("*_trc-UCBJ_*")):
        path.rename(path.with_name(path.name.replace("trc-UCBJ", f"trc-{trc}")))
    assert study.run(out, "participant", "--session-label", "pre", "post", *SUVR, page=True) == 0
    assert study.run(out, "group", "--baseline", "pre", "--followup", "post", page=True) == 0
    pages = [out / "sub-01.html", out / "group" / "index.html"]
    texts = [path.read_text(encoding="utf-8") for path in (*pages, *out.glob("logs/CITATION.md"))]
    assert len(texts) == 3
    assert all(("synaptic density" in text) == known for text in texts)
    if not known:
        assert all("uptake or binding of FDG" in text for text in texts)


def test_a_late_session_has_ratios_and_takes_no_other_along(pet_study, tmp_path):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    derived, raw = folders(study.root, "01", "post")
    for path in derived.glob("*_tacs.tsv"):
        read(path).query("frame_start >= 2400").to_csv(path, sep="\t", index=False, na_rep="n/a")
    about = json.loads(next(raw.glob("*_pet.json")).read_text())
    late = [i for i, start in enumerate(about["FrameTimesStart"]) if start >= 2400]
    edit(
        next(raw.glob("*_pet.json")),
        ScanStart=2400,
        **{key: [about[key][i] for i in late] for key in ("FrameTimesStart", "FrameDuration")},
    )
    assert study.run(out, "participant") == 0
    for ses, there in (("pre", True), ("post", False)):
        table = one(out / "sub-01" / f"ses-{ses}" / "pet", "*_measures.tsv")
        table = table.query("level == 'region'").set_index("measure")
        assert table.loc["suvr", "value"].notna().all()
        for model in ("vtlogan", "vt1tcm", "vtfp1tcm"):
            assert (table.loc[model, "value"].notna() == there).all()
            assert there or table.loc[model, "status"].str.contains("starts with the inj").all()
    assert not list(out.glob("logs/crash/*"))
