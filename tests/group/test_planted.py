"""A study that brings what was planted in it: found or missed, inside the interval or not."""

import numpy as np
import pytest
from scipy import stats

from finished import finish
from gradshift.bids.planted import NAME, Planted
from gradshift.bids.rows import write_rows
from gradshift.core.inference.power import power_paired

ROW = Planted(
    what="a loss", modality="func", atlas="Tiny", recipe="24P", measure="withinfc",
    level="network", label="Default", unit="Fisher z", planted=-0.5, expected=-0.4, sd=0.2,
)  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Ten people whose default mode network falls apart; a table says so, rightly or not."""
    people = [f"{i:02d}" for i in range(1, 11)]
    study = finish(
        tmp_path_factory.mktemp("planted"),
        {sub: ["pre", "post"] for sub in people},
        together=lambda sub, ses: 1.0 if ses == "pre" else 0.3,
    )
    rows = [
        ROW,
        replaced(expected=0.4, planted=0.5),
        replaced(expected=-9.0),
        replaced(
            measure="betweenfc", level="network-pair", label="Cont-Vis", expected=0.2, sd=1.0
        ),
        replaced(measure="betweenfc", level="network-pair", label="Cont-Vis", expected=0.0),
        replaced(recipe="36P"),
    ]
    folder = study.root / "derivatives" / "truth"
    folder.mkdir(parents=True)
    write_rows(folder / NAME, Planted, rows, {})
    assert study.group("--baseline", "pre", "--followup", "post") == 0
    return study


def replaced(**other):
    return Planted(**{name: getattr(ROW, name) for name in ROW.__slots__} | other)


def test_what_was_found_is_that_of_the_table_of_results(study):
    row = study.table(NAME).iloc[0]
    table = study.table("contrasts.tsv")
    chosen = (table["measure"] == "withinfc") & (table["label"] == "Default")
    chosen &= (table["effect"] == "change") & table["covariates"].isna()
    result = table[chosen].iloc[0]
    assert row["found"] == pytest.approx(result["mean_change"])
    half = stats.t.ppf(0.975, result["n"] - 1) * result["sd_change"] / np.sqrt(result["n"])
    assert row["ci_high"] - row["found"] == pytest.approx(half)
    assert row["p_fwe"] == result["p_fwe"]
    assert row["power"] == pytest.approx(power_paired(2.0, 10))
    assert bool(row["detected"]) is True


def test_a_change_is_detected_with_its_sign_only_and_a_miss_has_its_reason(study):
    _, opposite, far, weak, nothing, other = study.table(NAME).to_dict("records")
    assert not opposite["detected"]
    assert "opposite" in opposite["reason"]
    assert far["detected"]
    assert far["inside"] is False or far["inside"] == 0
    assert isinstance(far["reason"], str)
    assert not weak["detected"]
    assert f"{power_paired(0.2, 10):.0%}" in weak["reason"]
    assert weak["power_corrected"] < weak["power"]
    assert not nothing["detected"]
    assert np.isnan(other["found"])
    assert isinstance(other["reason"], str)


def test_nothing_is_said_of_a_study_of_real_people(tmp_path):
    study = finish(tmp_path, {f"{i:02d}": ["pre", "post"] for i in range(1, 6)})
    assert study.group("--baseline", "pre", "--followup", "post") == 0
    assert not (study.out / "group" / NAME).exists()
