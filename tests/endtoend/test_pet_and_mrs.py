"""The whole command with PET and spectroscopy, with and without BOLD."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tiny import PER_NETWORK, Study, write_atlas
from tinypet import K2PRIME, folders, volumes, write_mask, write_pet

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
    models = ("vtlogan", "vt1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2", "suvr")
    assert study.run(out, "participant", *PCC, "--pet-model", *models) == 0
    np.testing.assert_allclose(values(out, "vt1tcm"), volumes("pre"), rtol=1e-3)
    pet = out / "sub-01" / "ses-pre" / "pet"
    assert {path.name for path in pet.glob("*.tsv")} == {
        f"sub-01_ses-pre_trc-UCBJ_atlas-Tiny_{rest}.tsv"
        for rest in (
            "tacs",
            "kinpar",
            "measures",
            *(f"desc-{name}_tacs" for name in models if name != "suvr"),
        )
    }
    kinpar = one(pet, "*_kinpar.tsv")
    assert (kinpar["vt1tcm_se"] < 0.01).all()
    np.testing.assert_allclose(kinpar["vt1tcm_k1"], 0.34, rtol=1e-3)
    about = json.loads(next(pet.glob("*_measures.json")).read_text())
    assert about["k2prime"] == pytest.approx(K2PRIME, rel=2e-3)
    assert set(about["Measures"]) == set(models)
    table = one(pet, "*_measures.tsv")
    (reference,) = table.query("measure == 'vt1tcm' and label == 'semiovale'")["value"]
    assert reference == pytest.approx(4.8, rel=2e-3)
    (pcc,) = table.query("measure == 'vt1tcm' and level == 'set' and label == 'PCC'")["value"]
    assert pcc == pytest.approx(volumes("pre")[-PER_NETWORK : -PER_NETWORK + 2].mean(), rel=1e-3)

    assert study.run(out, "group", "--baseline", "pre", "--followup", "post") == 0
    rows = read(out / "group" / "contrasts.tsv").query("measure == 'vt1tcm'")
    assert set(rows["family"]) == {"pet"}
    change = rows.set_index(["level", "label"])["mean_change"]
    assert change["set", "PCC"] == pytest.approx(2.3, rel=0.01)
    assert change["network", "Vis"] == pytest.approx(0.3, rel=0.01)
    people = read(out / "group" / "participants.tsv")
    assert list(people["modality"]) == ["pet"] * 3
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
    edit(next(raw.glob("*_pet.json")), Units="SUV")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (minutes, "say 5400 seconds: its times are minutes. BIDS has seconds."),
        (minutes_without_json, "ends at 90 seconds, which is no dynamic scan; the times look"),
        (blood_in_minutes, "the times of the blood are minutes. BIDS has seconds."),
        (blood_in_becquerel, "one of them is in Bq/mL and taken for kBq/mL"),
        (no_blood_unit, "The unit of plasma_radioactivity in"),
        (no_decay_correction, "is not corrected for decay (ImageDecayCorrected is false"),
        (other_decay_correction, "is corrected for decay to -3600 s"),
        (other_unit, "is 'SUV'; it must be an activity per volume"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_inconsistent_scans_are_refused_with_the_reason(
    pet_study, tmp_path, capfd, spoil, message
):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    spoil(*folders(study.root, "01", "pre"))
    assert study.run(out, "participant") == 1
    assert message in capfd.readouterr().err
    assert np.isnan(values(out, "vtlogan")).all()
    assert np.isfinite(values(out, "vtlogan", ses="post")).all()


def test_free_srtm_is_refused_and_a_reference_needs_its_efflux(pet_study, tmp_path, capfd):
    study, out = pet_study(people=("01",)), tmp_path / "out"
    assert study.run(out, "participant", "--pet-model", "srtm") == 64
    assert "nearly the same k2" in capfd.readouterr().err
    for path in study.root.rglob("*_blood.*"):
        path.unlink()
    assert study.run(out, "participant", "--pet-model", "bpndsrtm2", "vtlogan") == 0
    table = one(out / "sub-01" / "ses-pre" / "pet", "*_measures.tsv")
    status = table.query("level == 'region'").groupby("measure")["status"].first()
    assert status["bpndsrtm2"].startswith("bpndsrtm2 needs k2' of the reference region")
    assert status["vtlogan"].endswith("no blood samples")
    other = tmp_path / "other"
    assert study.run(other, "participant", "--k2prime", str(K2PRIME)) == 0
    expected = volumes("pre") / 4.8 - 1
    np.testing.assert_allclose(values(other, "bpndmrtm2"), expected, rtol=0.05)


def mrs_table(study: Study, rows: list[tuple[object, ...]]) -> None:
    folder = study.root / "phenotype"
    folder.mkdir()
    columns = ["participant_id", "session_id", "voi", "metabolite", "value", "units", "reference",
               "crlb_pct", "fCSF", "tissue_corrected"]  # fmt: skip
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
            rows.append((f"sub-{sub}", f"ses-{ses}", "ACC", "Glu", glu, "mM", "water", crlb, 0.2,
                         "false"))  # fmt: skip
            other = "tCr" if (sub, ses) == ("03", "post") else "tNAA"
            rows.append((f"sub-{sub}", f"ses-{ses}", "ACC", "GABA+", 0.1 * i + 0.1, "ratio", other,
                         5, "n/a", "n/a"))  # fmt: skip
    mrs_table(study, rows)
    assert study.run(out, "participant", "--pet-model", "suvr") == 0
    table = one(out / "sub-02" / "ses-post" / "mrs", "sub-02_ses-post_measures.tsv")
    glu = table.set_index("measure").loc["glutamate"]
    assert float(glu["value"]) == pytest.approx((8 + 1 + 0.6) / 0.8)
    assert (glu["level"], glu["label"], glu["status"]) == ("set", "ACC", "CRLB above 20 %")
    mixed = one(out / "sub-03" / "ses-pre" / "mrs", "sub-03_ses-pre_measures.tsv")
    gaba = mixed.set_index("measure").loc["gabaplus"]
    assert np.isnan(float(gaba["value"]))
    assert gaba["status"].startswith("reference or unit differs between sessions")

    assert study.run(out, "group", "--baseline", "pre", "--followup", "post") == 0
    found = read(out / "group" / "contrasts.tsv").query("family == 'mrs'")
    found = found.fillna({"recipe": "n/a"}).set_index(["measure", "recipe"])
    assert found.loc[("glutamate", "n/a"), "n"] == 3
    assert found.loc[("glutamate", "qcpassed"), "n"] == 2
    assert found.loc[("glutamate", "n/a"), "mean_change"] == pytest.approx(0.6 / 0.8)
    assert found.loc[("gabaplus", "n/a"), "n"] == 2


def test_changes_of_all_modalities_are_coupled(make_study, tmp_path):
    people = ("01", "02", "03", "04")
    study, out = make_study(people=people), tmp_path / "out"
    write_pet(study.root, people, SESSIONS)
    options = ("--denoise", "none", "--measures", "falff", "eigenvectorcentrality", *PCC)
    assert study.run(out, "participant", *options) == 0
    assert study.run(out, "group", "--n-permutations", "200") == 0
    rows = read(out / "group" / "coupling.tsv")
    assert list(rows.columns) == [
        "pair", "scope", "n", "estimate", "ci_low", "ci_high", "p", "p_fwe", "n_permutations",
        "status",
    ]  # fmt: skip
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
        "fewer than ten cortical regions with a hemisphere, a place and both changes"
    }
    percent = read(out / "group" / "percentchange.tsv").set_index(["measure", "label"])
    before, change_ = volumes("pre")[-PER_NETWORK:].mean(), 2 + 0.3 * 1.5
    assert percent.loc[("vt1tcm", "Default"), "mean_percent"] == pytest.approx(
        100 * change_ / before, rel=0.01
    )
    assert study.run(out, "group", "--coupling", "a:b~falff:Default", "--overwrite") == 64
