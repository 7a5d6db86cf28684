"""What was planted in PET and spectroscopy is there, and nothing where nothing was planted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradshift.atlases.catalogue import load_atlas
from gradshift.cli import main
from gradshift.example.connectome import ATLAS, group_connectome
from gradshift.example.molecules import RISE_GLUTAMATE, RISE_PCC, write_molecules
from gradshift.example.people import draw_person
from tiny import without_pictures


def write(folder: Path, effect: float) -> Path:
    truth = folder / "derivatives" / "simulation" / "truth.json"
    truth.parent.mkdir(parents=True)
    truth.write_text("{}")
    about = {"Name": "example", "BIDSVersion": "1.10.0"}
    (folder / "dataset_description.json").write_text(json.dumps(about))
    base = group_connectome()
    people = [draw_person(base, number=n, effect=effect, seed=1) for n in range(1, 12)]
    write_molecules(folder, people, load_atlas(ATLAS).regions(), effect=effect, seed=1)
    return folder


def run(study: Path, out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    words = [str(study), str(out)]
    with without_pictures():
        assert main([*words, "participant", "--pet-model", "vt1tcm"]) == 0
        assert main([*words, "group", "--baseline", "pre", "--followup", "post"]) == 0
    rows = pd.read_csv(out / "group" / "contrasts.tsv", sep="\t", na_values="n/a")
    rows = rows[(rows["effect"] == "change") & rows["covariates"].isna()]
    coupling = pd.read_csv(out / "group" / "coupling.tsv", sep="\t", na_values="n/a")
    return rows.set_index(["measure", "label"]), coupling.set_index("scope")


@pytest.mark.parametrize("effect", [1.0, 0.0])
def test_the_planted_rises_and_their_coupling_are_found(tmp_path, effect):
    study = write(tmp_path / "study", effect)
    rows, coupling = run(study, tmp_path / "out")
    truth = json.loads((study / "derivatives" / "simulation" / "truth.json").read_text())
    drawn = np.mean(list(truth["PlantedMolecules"]["PersonFactors"].values()))
    pcc, glu = rows.loc[("vt1tcm", "PCC")], rows.loc[("glutamate", "ACC")]
    between = coupling.loc["between-people"]
    assert between["pair"] == "vt1tcm:ACC~glutamate:ACC"
    if effect:
        assert pcc["p_fwe"] < 0.01
        assert pcc["mean_change"] / pcc["mean_baseline"] == pytest.approx(RISE_PCC, abs=0.02)
        assert glu["p_fwe"] < 0.01
        rise = RISE_GLUTAMATE * drawn
        assert glu["mean_change"] / glu["mean_baseline"] == pytest.approx(rise, abs=0.02)
        assert between["estimate"] > 0.6
        assert between["p_fwe"] < 0.05
    else:
        for row in (pcc, glu):
            half = stats.t.ppf(0.9995, 10) * row["se"]
            assert abs(row["mean_change"]) < half
        assert np.abs(between["estimate"]) < 0.8
