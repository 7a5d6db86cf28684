"""Persons: who changed beyond the own noise, and beyond what days differ by."""

import json

import numpy as np
import pytest
from scipy import stats

from finished import finish
from gradshift.bids.collect import find_results, read_matrix
from gradshift.group import table

PEOPLE = [f"{i:02d}" for i in range(1, 7)]


@pytest.fixture(autouse=True)
def few_tables(monkeypatch):
    """Write the table of persons alone."""
    few = [part for part in table.parts() if part.name in ("participants", "persons")]
    monkeypatch.setattr("gradshift.levels.group.parts", lambda: few)


def study_of(tmp_path, days, together):
    return finish(
        tmp_path,
        {sub: list(days) for sub in PEOPLE},
        together=together,
        told={
            sub: [["session_id", "days_since_dose"], *([f"ses-{s}", d] for s, d in days.items())]
            for sub in PEOPLE
        },
    )


def test_one_of_all_changed_and_days_are_known_from_two_baselines(tmp_path):
    study = study_of(
        tmp_path,
        {"a": "-8", "b": "-1", "day1": "1"},
        lambda sub, ses: 0.0 if (sub, ses) == ("03", "day1") else 2.0,
    )
    assert study.group() == 0
    rows = study.table("persons.tsv").query("measure == 'withinfc'").set_index("participant_id")
    assert (rows["contrast"] == "day1-a+b").all()
    assert rows.loc["sub-03", ["beyond_noise", "beyond_days"]].tolist() == [True, True]
    assert rows.loc["sub-03", "change"] < 0
    assert rows["beyond_noise"].sum() <= 2
    assert (rows["reliable_change"] * rows["day_sd"] * np.sqrt(1.5)).tolist() == pytest.approx(
        rows["change"].tolist()
    )
    assert (rows["n_repeats"] == 2).all()
    assert rows["p_days"].tolist() == pytest.approx(
        (2 * stats.t.sf(rows["reliable_change"].abs(), 6)).tolist()
    )
    whole = study.table("persons.tsv").query("measure == 'fcchange'").set_index("participant_id")
    assert whole["change"].idxmax() == "sub-03"
    assert whole.loc["sub-03", "beyond_days"]
    found = {r.session: r for r in find_results(study.out) if r.participant == "sub-03"}
    upper = {
        session: read_matrix(result.matrix_path(study.out))[1][np.triu_indices(16, k=1)]
        for session, result in found.items()
    }

    def apart(one, other):
        return np.linalg.norm(upper[f"ses-{one}"] - upper[f"ses-{other}"])

    by_drug = (apart("a", "day1") + apart("b", "day1")) / 2
    assert whole.loc["sub-03", "change"] == pytest.approx(by_drug / apart("a", "b"))


def test_with_one_baseline_the_limit_is_said(tmp_path):
    study = study_of(tmp_path, {"pre": "n/a", "post": "1", "late": "7"}, lambda sub, ses: 1.0)
    assert study.group() == 0
    rows = study.table("persons.tsv")
    assert rows["status"].str.contains("what days differ by is not known").all()
    assert rows["p_days"].isna().all()
    assert rows["se"].notna().sum() == 2 * len(PEOPLE)
    assert rows.query("measure == 'fcchange'")["change"].isna().all()


def test_many_sessions_of_a_person_are_exchanged(tmp_path):
    days = {f"b{i}": str(i - 9) for i in range(3)} | {f"f{i}": str(i + 1) for i in range(3)}
    study = study_of(tmp_path, days, lambda sub, ses: 0.2 if ses[0] == "f" else 2.0)
    weights = {s: (1 if s[0] == "f" else -1) / 3 for s in days}
    model = tmp_path / "model.json"
    model.write_text(json.dumps({"Contrasts": [{"Name": "drug", "Weights": weights}]}))
    assert study.group("--model", str(model)) == 0
    rows = study.table("persons.tsv").query("measure == 'withinfc'")
    assert (rows["p_sessions"] == 2 / 20).mean() > 0.5
    assert rows["p_sessions"].min() == 2 / 20  # no fewer, however large the change
    assert rows["p_people"].nunique() == 1
    assert rows["p_people"].iloc[0] < 0.001  # of all six together
