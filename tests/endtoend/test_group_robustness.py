"""Every result over the recipes that were run, and what each measure can carry."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from finished import MEASURES, finish
from gradshift.bids.collect import find_results, read_array

PEOPLE = [f"{i:02d}" for i in range(1, 9)]
KEY = ["measure", "level", "label"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Eight people; one of them cannot be used with the second recipe."""
    made = finish(
        tmp_path_factory.mktemp("robust"),
        {sub: ["pre", "post"] for sub in PEOPLE},
        together=lambda sub, ses: (1.5 + int(sub) / 4) * (1 if ses == "pre" else 0.6),
        excluded={("08", "post"): "moved"},
        recipes=("24P", "36P", "none"),
    )
    assert made.group("--baseline", "pre") == 0
    return made


def test_a_result_is_told_over_all_variants(study):
    rows = study.table("robustness.tsv")
    contrasts = study.table("contrasts.tsv")
    contrasts = contrasts[contrasts["covariates"].isna() & (contrasts["level"] != "region")]
    unique = contrasts.drop_duplicates([*KEY, "recipe"])
    assert len(rows) == len(unique.drop_duplicates(KEY))
    for row in rows.itertuples():
        found = unique[(unique[KEY] == [row.measure, row.level, row.label]).all(axis=1)]
        signs = np.sign(found["t"])
        assert row.n_variants == len(found) == 3
        assert row.share_same_sign == pytest.approx((signs == signs.iloc[0]).mean())
        assert (row.g_min, row.g_max) == (found["hedges_g"].min(), found["hedges_g"].max())
        assert row.median_t == pytest.approx(found["t"].median(), rel=1e-6)
    default = rows[(rows[KEY] == ["withinfc", "network", "Default"]).all(axis=1)].iloc[0]
    assert default["share_same_sign"] == 1
    assert np.isnan(default["p_joint"])
    assert default["status"] == "3 variants, 4 needed for a joint test"
    assert default["variants"] == "Tiny 24P; Tiny 36P; Tiny none"


def test_every_variant_has_a_row_of_its_own_and_they_sum_up(study):
    every, rows = study.table("variants.tsv"), study.table("robustness.tsv")
    names = ["contrast", "effect", "modality", "task", *KEY]
    assert not every.duplicated([*names, "atlas", "recipe", "choice"]).any()
    for key, found in every.groupby(names):
        row = rows[(rows[names] == list(key)).all(axis=1)].iloc[0]
        assert row["n_variants"] == len(found)
        assert row["g_min"] == found["hedges_g"].min()
        assert row["g_max"] == found["hedges_g"].max()
    assert len(rows) == every.groupby(names).ngroups
    own = study.table("contrasts.tsv").query("covariates.isna()").set_index([*KEY, "recipe"])
    first = every[every["choice"].isna()].iloc[0]
    assert first["p_fwe"] == own.loc[tuple(first[[*KEY, "recipe"]]), "p_fwe"].iloc[0]


def test_reliability_is_that_of_the_halves_of_each_session(study):
    rows = study.table("reliability.tsv")
    assert set(rows["recipe"]) == {"24P"}
    assert set(rows["session"]) == {"ses-pre", "ses-post", "post-pre"}
    assert set(rows["measure"]) == set(MEASURES)
    halves = {"ses-pre": [], "ses-post": []}
    inside = np.triu_indices(4, 1)
    for result in find_results(study.out):
        if result.recipe == "24P" and result.participant != "sub-08":
            series = read_array(result.series_path(study.out))
            z = [
                np.arctanh(np.corrcoef(part[:, -4:].T)[inside]).mean()
                for part in (series[:40], series[40:])
            ]
            halves[result.session].append(z)
    default = rows[(rows[KEY] == ["withinfc", "network", "Default"]).all(axis=1)]
    default = default.set_index("session")
    change = np.array(halves["ses-post"]) - np.array(halves["ses-pre"])
    for session, values in (*halves.items(), ("post-pre", change)):
        values = np.array(values)
        both = np.cov(values.T)
        icc = 2 * both[0, 1] / np.trace(both)
        assert default.loc[session, "icc"] == pytest.approx(icc, rel=1e-5)
        assert default.loc[session, "n"] == 7
    limits = json.loads((study.out / "group" / "limits.json").read_text())
    one = next(o for o in limits["BaselineDependence"] if o["Measure"] == "withinfc")
    assert one["Reliability"] == pytest.approx(default.loc["ses-pre", "icc_full"])
    values = study.table("measures.tsv").query(
        "measure == 'withinfc' and label == 'Default' and recipe == '24P'"
    )
    wide = values.pivot(index="participant_id", columns="session_id", values="value").dropna()
    slope = stats.linregress(wide["ses-pre"], wide["ses-post"] - wide["ses-pre"]).slope
    noise = 1 - one["Reliability"]
    assert one["BlomqvistSlope"] == pytest.approx((slope + noise) / (1 - noise), rel=1e-5)
    assert one["OldhamR"] == pytest.approx(
        stats.pearsonr(wide["ses-post"] - wide["ses-pre"], wide.mean(axis=1)).statistic, rel=1e-6
    )


def test_families_are_those_of_the_file(study, tmp_path, capsys):
    study = replace(study, out=shutil.copytree(study.out, tmp_path / "out"))
    own = tmp_path / "families.json"
    chosen = [["withinfc", "network", "Default"], ["withinfc", "network", "Vis"]]
    own.write_text(json.dumps({"confirmatory": chosen, "strong": [["strength", "*", "*"]]}))
    assert study.group("--baseline", "pre", "--families", str(own)) == 0
    rows = study.table("contrasts.tsv").query("recipe == '24P' and covariates.isna()")
    sizes = rows["family"].value_counts().to_dict()
    assert sizes == {"confirmatory": 2, "strong": 17, "network": 8, "whole": 3}
    limits = json.loads((study.out / "group" / "limits.json").read_text())
    assert {one["Label"] for one in limits["BaselineDependence"]} == {"Default", "Vis"}
    capsys.readouterr()
    own.write_text(json.dumps({"confirmatory": ["withinfc"]}))
    assert study.group("--baseline", "pre", "--families", str(own)) == 64
    assert "a family is a list of [measure, level, label]" in capsys.readouterr().err


def test_the_number_of_processes_changes_no_byte(study, tmp_path):
    out = shutil.copytree(study.out, tmp_path / "out")
    assert replace(study, out=out).group("--baseline", "pre", "--nprocs", "2") == 0
    assert_same_bytes(study.out / "group", out / "group")


def test_no_order_changes_a_byte(tmp_path, monkeypatch):
    """Of people and sessions in tables and on disk; so many people that flips are random."""

    def backwards(listed):
        return lambda *words: iter(list(listed(*words))[::-1])

    made = []
    for folder, step in (("one", 1), ("other", -1)):
        people = [f"{i:02d}" for i in range(1, 18)][::step]
        times = [["ses-pre", "2024-05-01", "n/a"], ["ses-post", "2024-05-03", None]][::step]
        found = finish(
            tmp_path / folder,
            {sub: ["pre", "post"][::step] for sub in people},
            participants=[["participant_id", "sex"], *([f"sub-{sub}", "M"] for sub in people)],
            told={
                sub: [
                    ["session_id", "acq_time", "days_since_dose"],
                    *([ses, date, day or str(int(sub) % 4)] for ses, date, day in times),
                ]
                for sub in people
            },
        )
        if step == -1:  # a disk that lists its files the other way round
            for name in ("glob", "rglob", "iterdir"):
                monkeypatch.setattr(Path, name, backwards(getattr(Path, name)))
        assert found.group("--n-permutations", "200") == 0
        made.append(found)
    tested = made[0].table("contrasts.tsv").dropna(subset="p")
    assert {"change", "days"} <= set(tested.query("not exact")["effect"])
    assert_same_bytes(*(one.out / "group" for one in made))


def assert_same_bytes(one, other):
    """Compare every file of the group, all but the page and its figures."""
    files, others = (
        {
            path.relative_to(folder)
            for path in folder.rglob("*")
            if path.suffix in (".tsv", ".json", ".gz")
        }
        for folder in (one, other)
    )
    assert files == others
    assert len(files) > 20
    assert not [path for path in files if (one / path).read_bytes() != (other / path).read_bytes()]
