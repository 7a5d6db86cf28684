"""Conditions of the same people without a baseline, by treatment, name, weight, dose and task."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from finished import finish
from gradshift import settings as schema
from gradshift.bids.collect import find_results, read_measures
from gradshift.group import table
from gradshift.group.testing import answer
from gradshift.study.effect import Effect

TABLES = ("participants", "contrasts", "limits", "measures")
"""All that is looked at; the others take time and are tested elsewhere."""


@pytest.fixture(autouse=True)
def few_tables(monkeypatch):
    """Write these tables alone."""
    few = [part for part in table.parts() if part.name in TABLES]
    monkeypatch.setattr("gradshift.levels.group.parts", lambda: few)
    monkeypatch.setattr("gradshift.group.limits.tested", lambda study: [])


PEOPLE = [f"{i:02d}" for i in range(1, 9)]
FIRST = {sub: i % 2 for i, sub in enumerate(PEOPLE)}
"""Whether a person had the drug first."""


def values_of(study):
    """Connectivity within the default mode by participant, and session or task."""
    results = find_results(study.out)
    kept = read_measures(results).query("measure == 'withinfc' and label == 'Default'")
    session, task = (kept[name].astype(str) for name in ("session_id", "task"))
    kept = kept.assign(session_id=session.where(session != "n/a", task))
    return kept.set_index(["participant_id", "session_id"])["value"].unstack()


def rows_of(study, effect="change", family="network", folder="group"):
    """Rows of that value without covariates, by contrast."""
    found = study.table("contrasts.tsv", folder).query(
        "measure == 'withinfc' and label == 'Default' and family == @family and effect == @effect"
    )
    return found[found["covariates"].isna()].set_index("contrast")


def by_weight(study, path, *contrasts, **more):
    path.write_text(json.dumps({"Contrasts": list(contrasts), **more}))
    return study.group("--model", str(path))


def drug_and_placebo(tmp_path, *, order=True, treatment=True, sign=1, missing=()):
    """Sessions LSD and PLCB; the drug takes away, or with `sign` -1 adds, what is in common."""
    header = ["session_id", *(["treatment"] * treatment), *(["period"] * order)]
    told = {}
    for sub in PEOPLE:
        lsd, plcb = (["ses-LSD"], ["ses-PLCB"])
        if treatment:
            lsd, plcb = [*lsd, "lsd"], [*plcb, "placebo"]
        if order:
            lsd, plcb = [*lsd, str(2 - FIRST[sub])], [*plcb, str(1 + FIRST[sub])]
        told[sub] = [header, lsd, plcb]
    return finish(
        tmp_path,
        {sub: [s for s in ("LSD", "PLCB") if (sub, s) not in missing] for sub in PEOPLE},
        together=lambda sub, ses: 0.4 if (ses == "LSD") == (sign > 0) else 1.4,
        told=told if treatment or order else None,
    )


def test_drug_against_placebo_accounts_for_periods_where_the_order_is_known(tmp_path, capsys):
    study = drug_and_placebo(tmp_path, missing={("08", "PLCB")})
    assert study.group() == 0
    told = capsys.readouterr().err
    assert "Conditions within people: lsd against placebo in the same people" in told
    assert "orders are exchangeable" in told
    assert "Left out: sub-08 (no result for placebo)." in told
    wide = values_of(study).dropna()
    first = np.array([bool(FIRST[name[4:]]) for name in wide.index])
    drug, placebo = wide["ses-LSD"].to_numpy(), wide["ses-PLCB"].to_numpy()
    periods = np.where(first, drug - placebo, placebo - drug)
    row = rows_of(study).loc["lsd-placebo"]
    expected = stats.ttest_ind(periods[first], periods[~first], equal_var=False)
    assert row["t"] == pytest.approx(expected.statistic)
    assert row["n"] == 7
    assert row["mean_change"] < 0
    assert row["p"] < 0.05
    assert set(rows_of(study, "period").index) == {"period1-period2"}
    order = rows_of(study, "order").loc["lsd first-placebo first"]
    means = (drug + placebo) / 2
    expected = stats.ttest_ind(means[first], means[~first], equal_var=False)
    assert order["t"] == pytest.approx(expected.statistic)
    limits = " ".join(json.loads((study.out / "group" / "limits.json").read_text())["Limits"])
    assert "without a placebo" not in limits
    assert "order of the treatments is not known" not in limits


@pytest.mark.parametrize("named", [(), ("--baseline", "PLCB", "--followup", "LSD")], ids=str)
def test_a_session_called_placebo_is_one_and_the_order_is_said_to_be_unknown(
    tmp_path, capsys, named
):
    study = drug_and_placebo(tmp_path, order=False, treatment=False)
    assert study.group(*named) == 0
    assert "LSD against PLCB in the same people; which came first is not known" in (
        capsys.readouterr().err
    )
    wide = values_of(study)
    row = rows_of(study).loc["LSD-PLCB"]
    assert row["t"] == pytest.approx(stats.ttest_rel(wide["ses-LSD"], wide["ses-PLCB"]).statistic)
    assert row["n_permutations"] == 256
    limits = " ".join(json.loads((study.out / "group" / "limits.json").read_text())["Limits"])
    assert "without a placebo" not in limits
    assert "order of the treatments is not known" in limits


def test_the_sign_turns_where_the_effect_does(tmp_path):
    one, other = (
        drug_and_placebo(tmp_path / name, sign=sign) for name, sign in (("a", 1), ("b", -1))
    )
    assert one.group() == other.group() == 0
    changes = [rows_of(study).loc["lsd-placebo", "mean_change"] for study in (one, other)]
    assert changes[0] < -0.1 < 0.1 < changes[1]


def test_groups_of_unequal_size_are_compared_in_drug_against_placebo(tmp_path, capsys):
    """Patients lose what is in common under the drug; controls, fewer, do not."""
    patients = PEOPLE[3:]
    study = finish(
        tmp_path,
        {sub: ("LSD", "PLCB") if sub != "08" else ("LSD",) for sub in PEOPLE},
        together=lambda sub, ses: 0.3 if ses == "LSD" and sub in patients else 1.4,
        participants=[
            ["participant_id", "kind"],
            *([f"sub-{sub}", "patient" if sub in patients else "control"] for sub in PEOPLE),
        ],
    )
    path = tmp_path / "m.json"
    about = {"Column": "kind", "Reference": "control", "Against": "patient"}
    path.write_text(json.dumps({"Design": "conditions", **about}))
    assert study.group("--model", str(path)) == 0
    assert "Left out: sub-08 (no result for ses-PLCB)." in capsys.readouterr().err
    wide = values_of(study).dropna()
    changes = wide["ses-LSD"] - wide["ses-PLCB"]
    ill = np.array([name[4:] in patients for name in wide.index])
    row = rows_of(study, "group-by-time").loc["patient-control in LSD-PLCB"]
    expected = stats.ttest_ind(changes[ill], changes[~ill], equal_var=False)
    assert row["t"] == pytest.approx(expected.statistic)
    assert row["mean_change"] == pytest.approx(changes[ill].mean() - changes[~ill].mean())
    assert (row["n"], row["n_permutations"], row["p"]) == (7, 35, pytest.approx(1 / 35))


SHARED = ("b0", "d2", "d10", "p2", "p10")


def shared_baseline(tmp_path, missing=()):
    return finish(
        tmp_path,
        {sub: [s for s in SHARED if (sub, s) not in missing] for sub in PEOPLE},
        together=lambda sub, ses: 0.4 if ses == "d2" else 1.4,
        participants=[
            ["participant_id", "diagnosis"],
            *([f"sub-{s}", "yes" if int(s) > 5 else "no"] for s in PEOPLE),
        ],
    )


def test_weights_compare_what_they_say_each_over_those_who_have_it(tmp_path, capsys):
    study = shared_baseline(tmp_path, missing={("03", "p10"), ("04", "b0")})
    contrasts = (
        {"Name": "early", "Weights": {"d2": 1, "p2": -1}},
        {"Name": "late", "Weights": {"d10": 1, "p10": -1}},
        {"Name": "both", "Weights": {"d2": 0.5, "d10": 0.5, "b0": -1}, "Family": "baseline"},
    )
    assert by_weight(study, tmp_path / "m.json", *contrasts, Column="diagnosis", Reference="no",
                     Against="yes") == 0  # fmt: skip
    assert "early = +1 d2 -1 p2" in capsys.readouterr().err
    wide = values_of(study)
    rows = rows_of(study)
    early, late = wide["ses-d2"] - wide["ses-p2"], wide["ses-d10"] - wide["ses-p10"]
    both = (wide["ses-d2"] + wide["ses-d10"]) / 2 - wide["ses-b0"]
    for name, change, n in (("early", early, 8), ("late", late, 7), ("both", both, 7)):
        expected = stats.ttest_1samp(change.dropna(), 0)
        assert (rows.loc[name, "t"], rows.loc[name, "n"]) == (pytest.approx(expected.statistic), n)
    assert rows.loc["early", "p"] < 0.05 < rows.loc["late", "p"]
    held = rows_of(study, family="confirmatory")["p_fwe"]
    assert held["early"] >= rows.loc["early", "p"]
    between = rows_of(study, "group-by-time").loc["yes-no in early"]
    ill = np.array([int(name[4:]) > 5 for name in wide.index])
    expected = stats.ttest_ind(early[ill], early[~ill], equal_var=False)
    assert between["t"] == pytest.approx(expected.statistic)
    people = study.table("participants.tsv").set_index("participant_id")
    assert people["included"].all()
    assert people.loc["sub-03", "remarks"] == "no result for ses-p10"


def test_contrasts_of_another_family_are_corrected_by_themselves(tmp_path):
    study = shared_baseline(tmp_path)
    one = {"Name": "early", "Weights": {"d2": 1, "p2": -1}}
    other = {"Name": "late", "Weights": {"d10": 1, "p10": -1}}
    found = []
    for name, contrasts in (
        ("alone", [one]),
        ("together", [one, other]),
        ("apart", [one, {**other, "Family": "late"}]),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"Contrasts": contrasts}))
        assert study.group("--model", str(path), "--comparison", name) == 0
        found.append(
            rows_of(study, family="confirmatory", folder=f"group-{name}")["p_fwe"]["early"]
        )
    assert found[0] == found[2] <= found[1]


def test_a_further_comparison_is_never_refused_and_leaves_the_first_alone(tmp_path, capsys):
    study = shared_baseline(tmp_path)
    assert study.group("--baseline", "p2", "--followup", "d2") == 0
    before = (study.out / "group" / "contrasts.tsv").read_bytes()
    assert study.group("--baseline", "p10", "--followup", "d10") == 64
    assert "--comparison LABEL" in capsys.readouterr().err
    assert study.group("--baseline", "p10", "--followup", "d10", "--comparison", "late") == 0
    assert (study.out / "group" / "contrasts.tsv").read_bytes() == before
    assert set(study.table("contrasts.tsv", "group-late")["contrast"]) == {"d10-p10"}
    assert study.group("--baseline", "b0", "--followup", "d10", "--comparison", "late") == 64
    assert study.group("--baseline", "p2", "--followup", "d2") == 0


def test_doses_are_asked_for_their_slope_and_one_by_one(tmp_path):
    doses = {"a": "0", "b": "0.2", "c": "1"}
    strength = {"a": 1.6, "b": 1.1, "c": 0.3}
    study = finish(
        tmp_path,
        {sub: [s for s in "abc" if (sub, s) != ("02", "b")] for sub in PEOPLE},
        together=lambda sub, ses: strength[ses],
        told={
            sub: [["session_id", "dose"], *([f"ses-{s}", dose] for s, dose in doses.items())]
            for sub in PEOPLE
        },
    )
    assert study.group() == 0
    rows, wide = rows_of(study), values_of(study)
    assert list(rows.index) == ["slope(dose)", "dose0.2-dose0", "dose1-dose0"]
    complete = wide.dropna()
    slopes = [np.polyfit([0, 0.2, 1], row, 1)[0] for row in complete.to_numpy()]
    assert rows.loc["slope(dose)", "mean_change"] == pytest.approx(np.mean(slopes))
    assert rows.loc["slope(dose)", "t"] == pytest.approx(stats.ttest_1samp(slopes, 0).statistic)
    assert rows["n"].tolist() == [7, 7, 8]
    assert rows.loc["slope(dose)", "p"] < 0.05


def test_several_baselines_are_averaged(tmp_path):
    days = {"b1": "-7", "b2": "-1", "day1": "1", "week1": "7"}
    study = finish(
        tmp_path,
        {sub: list(days) for sub in PEOPLE},
        told={
            sub: [["session_id", "days_since_dose"], *([f"ses-{s}", d] for s, d in days.items())]
            for sub in PEOPLE
        },
    )
    assert study.group() == 0
    rows, wide = rows_of(study), values_of(study)
    assert list(rows.index) == ["day1-b1+b2", "week1-b1+b2", "day1+week1-b1+b2"]
    base = wide[["ses-b1", "ses-b2"]].mean(axis=1)
    for name, after in (
        ("day1-b1+b2", wide["ses-day1"]),
        ("day1+week1-b1+b2", wide[["ses-day1", "ses-week1"]].mean(axis=1)),
    ):
        expected = stats.ttest_1samp(after - base, 0).statistic
        assert rows.loc[name, "t"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "words", [(), ("--baseline", "restPRE", "--followup", "restPOST")], ids=str
)
def test_tasks_of_one_session_are_conditions(tmp_path, capsys, words):
    study = finish(
        tmp_path,
        {sub: ["restPRE", "restPOST"] if sub != "02" else ["restPRE"] for sub in PEOPLE},
        together=lambda sub, ses: 0.4 if ses == "restPOST" else 1.4,
        tasks=True,
    )
    assert study.group(*words) == 0
    assert "Left out: sub-02 (no result for ses-restPOST)." in capsys.readouterr().err
    row, wide = rows_of(study).loc["restPOST-restPRE"], values_of(study).dropna()
    assert row["t"] == pytest.approx(stats.ttest_rel(wide["restPOST"], wide["restPRE"]).statistic)
    assert (row["task"], row["n"]) == ("restP", 7)


def test_a_model_names_runs_as_conditions_and_says_which_it_lacks(tmp_path, capsys):
    study = finish(tmp_path, {sub: ["eyes", "music"] for sub in PEOPLE}, tasks=True)
    assert study.group() == 65
    assert "tasks there are eyes, music" in capsys.readouterr().err
    model = tmp_path / "model.json"
    told = {
        "Conditions": {"silence": {"task": "eyes"}, "music": {"task": "music"}},
        "Contrasts": [{"Name": "music", "Weights": {"music": 1, "silence": -1}}],
    }
    model.write_text(json.dumps(told))
    assert study.group("--model", str(model)) == 0
    wide = values_of(study)
    assert rows_of(study).loc["music", "t"] == pytest.approx(
        stats.ttest_rel(wide["music"], wide["eyes"]).statistic
    )
    for wrong, message in (
        ({"Conditions": {"silence": {"task": "none"}}}, "No result is of the condition silence"),
        ({"Conditions": {"silence": {"place": "x"}}}, "runs are told by session, task, run"),
        ({"Contrasts": [{"Name": "x", "Weights": {"music": 1}}]}, "sum to 1; those of a change"),
        (
            {"Contrasts": [{"Name": "x", "Weights": {"a": 1, "silence": -1}}]},
            "weighs a, which is no",
        ),
        ({"Contrasts": [{"Weights": {"music": 1, "silence": -1}}]}, "has the contrast"),
    ):
        model.write_text(json.dumps({**told, **wrong}))
        assert study.group("--model", str(model), "--overwrite") == 64
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("spread", [(1, 1, 1, 1, 1), (1, 3, 1, 1, 0.5)], ids=str)
def test_weights_of_a_shared_baseline_err_at_the_nominal_rate(spread):
    """Of 2000 values without any effect, in people who differ, one in twenty has p <= .05."""
    rng = np.random.default_rng(4)
    people = rng.normal(size=(10, 1, 2000)) * 3
    values = people + rng.normal(size=(10, 5, 2000)) * np.array(spread)[None, :, None]
    effect = Effect(contrast="c", effect="change", minus=(1, 0, 0, 0, 0), plus=(0, 0.5, 0.5, 0, 0))
    group = schema.make(Path("in"), Path("out"), "group", {}).group
    p = answer(effect, [f"sub-{i:02d}" for i in range(10)], values, None, group).p
    assert 0.035 < np.mean(p <= 0.05) < 0.065
