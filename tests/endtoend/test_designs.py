"""Every design from tables to results, with people and sessions missing."""

import json
from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from finished import finish
from gradshift.bids.collect import find_results, read_measures

PEOPLE = [f"{i:02d}" for i in range(1, 9)]


def values_of(study, label="Default"):
    """Within-network connectivity by participant and session, straight from the sessions."""
    table = read_measures(find_results(study.out))
    kept = table.query("measure == 'withinfc' and label == @label")
    return kept.set_index(["participant_id", "session_id"])["value"].unstack()


def rows_of(study, effect, covariates=None, label="Default"):
    found = study.table("contrasts.tsv").query(
        "measure == 'withinfc' and label == @label and family == 'network' and effect == @effect"
    )
    held = found["covariates"].isna() if covariates is None else found["covariates"] == covariates
    return found[held].set_index("contrast")


def dates(sessions, **more):
    """Rows of sessions.tsv: sessions a day apart, with more columns."""
    header = ["session_id", "acq_time", *more]
    columns = zip(*more.values(), strict=True) if more else [()] * len(sessions)
    return [
        header,
        *(
            [f"ses-{session}", f"2024-05-{day:02d}T10:00:00", *extra]
            for day, (session, extra) in enumerate(zip(sessions, columns, strict=True), 1)
        ),
    ]


def test_delay_and_days_are_asked_where_follow_ups_differ(tmp_path, capsys):
    days = dict(zip(PEOPLE, ["1", "1", "2", "6", "7", "8", "7", "6"], strict=True))
    study = finish(
        tmp_path,
        {sub: ["pre", "post"] for sub in PEOPLE},
        together=lambda sub, ses: 0.3 if ses == "post" and float(days[sub]) > 2 else 1.5,
        excluded={("08", "pre"): "moved"},
        told={sub: dates(["pre", "post"], days_since_dose=["n/a", days[sub]]) for sub in PEOPLE},
    )
    assert study.group() == 0
    assert "delay (post-pre); days (post-pre)" in capsys.readouterr().err
    wide = values_of(study).drop("sub-08")
    changes = (wide["ses-post"] - wide["ses-pre"]).to_numpy()
    number = np.array([float(days[person[4:]]) for person in wide.index])
    late = number > 2
    delay = rows_of(study, "delay").loc["post-pre"]
    expected = stats.ttest_ind(changes[late], changes[~late], equal_var=False)
    assert delay["t"] == pytest.approx(expected.statistic, rel=1e-6)
    every = [
        stats.ttest_ind(changes[list(c)], np.delete(changes, c), equal_var=False).pvalue
        for c in combinations(range(7), 4)
    ]
    assert delay["p"] == pytest.approx(np.mean(np.array(every) <= expected.pvalue * (1 + 1e-6)))
    assert delay["mean_baseline"] == pytest.approx(changes[~late].mean())
    assert delay["mean_followup"] == pytest.approx(changes[late].mean())
    assert (delay["n"], delay["n_permutations"], delay["p_min"]) == (7, 35, pytest.approx(1 / 35))
    slope = rows_of(study, "days").loc["post-pre"]
    fit = stats.linregress(number, changes)
    assert slope["mean_change"] == pytest.approx(fit.slope)
    assert slope["se"] == pytest.approx(fit.stderr)
    rho = stats.spearmanr(number, changes).statistic
    assert slope["t"] == pytest.approx(rho * np.sqrt(5 / (1 - rho**2)))
    every = [abs(stats.spearmanr(order, changes).statistic) for order in permutations(number)]
    assert slope["p"] == pytest.approx(np.mean(np.array(every) >= abs(rho) - 1e-9))
    assert np.isnan(slope["hedges_g"])
    people = study.table("participants.tsv").query("included").set_index("participant_id")
    motion = (people["mean_fd_followup"] - people["mean_fd_baseline"]).to_numpy()
    held = rows_of(study, "change", "deltafd").loc["post-pre"]
    fit = stats.linregress(motion, changes)
    left = changes - fit.intercept - fit.slope * motion
    assert held["sd_change"] == pytest.approx(np.sqrt(left @ left / 5))
    assert held["mean_change"] == pytest.approx(fit.intercept)
    assert held["t"] == pytest.approx(fit.intercept / fit.intercept_stderr)
    families = study.table("contrasts.tsv").groupby("covariates")["family"].agg(set)["deltafd"]
    assert families == {"confirmatory", "network", "whole", "set"}


def test_parallel_groups_one_of_them_of_three(tmp_path, capsys):
    arm = {sub: "placebo" if sub in ("02", "05", "08") else "ketamine" for sub in PEOPLE}
    study = finish(
        tmp_path,
        {sub: ["pre", "post"] if sub != "01" else ["pre"] for sub in PEOPLE},
        together=lambda sub, ses: 0.3 if ses == "post" and arm[sub] == "ketamine" else 1.2,
        participants=[["participant_id", "group"], *([f"sub-{s}", arm[s]] for s in PEOPLE)],
        told={sub: dates(["pre", "post"]) for sub in PEOPLE},
    )
    assert study.group(page=True) == 0
    told = capsys.readouterr().err
    assert "Parallel groups: change from ses-pre (baseline) to ses-post (follow-up) in " in told
    methods = (study.out / "logs" / "CITATION.md").read_text(encoding="utf-8")
    assert "compared between groups by Welch's t" in methods
    assert "flipping their signs" not in methods
    limits = json.loads((study.out / "group" / "limits.json").read_text())
    assert "No placebo" not in " ".join(limits["Limits"])
    assert limits["Power"]["ParticipantsByGroup"] == [3, 4]
    assert limits["Power"]["SmallestP"] == pytest.approx(1 / 35)
    d = limits["Power"]["DetectableAtPower80"]["alpha"]
    high, low = stats.nct.sf(
        [stats.t.isf(0.025, 5), stats.t.ppf(0.025, 5)], 5, d * np.sqrt(12 / 7)
    )
    assert high + 1 - low == pytest.approx(0.8)
    row = rows_of(study, "drug-by-time").loc["ketamine-placebo"]
    wide = values_of(study).dropna()
    changes = wide["ses-post"] - wide["ses-pre"]
    drug = np.array([arm[person[4:]] == "ketamine" for person in wide.index])
    assert row["t"] == pytest.approx(
        stats.ttest_ind(changes[drug], changes[~drug], equal_var=False).statistic
    )
    assert (row["n"], row["n_permutations"]) == (7, 35)
    assert row["dz"] == pytest.approx(row["mean_change"] / row["sd_change"])
    assert row["ci_low"] < row["hedges_g"] < row["ci_high"] < 0
    each = rows_of(study, "change")
    assert set(each.index) == {"ketamine:post-pre", "placebo:post-pre"}
    assert each.loc["ketamine:post-pre", "n"] == 4
    assert each["p"].isna().all()
    assert each["mean_change"].notna().all()
    assert each["status"].str.contains("people in a subgroup, 6 needed").all()
    matrix = study.out / "group" / "task-rest_atlas-Tiny_stat-pfwe_desc-24P_relmat.json"
    assert json.loads(matrix.read_text())["Effect"] == "drug-by-time"


ORDER = {sub: i % 2 for i, sub in enumerate(PEOPLE)}
CROSSED = ["a1", "a2", "b1", "b2"]


def crossed(tmp_path, missing=()):
    """Half of the people have ketamine first; sessions are named by their order."""
    drugs = {sub: ["ketamine", "placebo"][:: 1 if ORDER[sub] else -1] for sub in PEOPLE}
    return finish(
        tmp_path,
        {sub: [s for s in CROSSED if (sub, s) not in missing] for sub in PEOPLE},
        together=lambda sub, ses: (
            0.3 if ses[1] == "2" and drugs[sub]["ab".index(ses[0])] == "ketamine" else 1.2
        ),
        told={
            sub: dates(
                CROSSED,
                treatment=np.repeat(drugs[sub], 2),
                timepoint=["before", "after"] * 2,
                days_since_dose=["n/a", "1"] * 2,
            )
            for sub in PEOPLE
        },
    )


def test_a_crossover_with_a_session_missing(tmp_path, capsys):
    study = crossed(tmp_path, missing={("03", "b2")})
    assert study.group(page=True) == 0
    told = capsys.readouterr().err
    assert "Crossover: change from before to after under ketamine against" in told
    assert "Left out: sub-03 (no result for ketamine after)." in told
    wide = values_of(study).drop("sub-03")
    one, two = (wide[f"ses-{p}2"] - wide[f"ses-{p}1"] for p in "ab")
    first = np.array([bool(ORDER[person[4:]]) for person in wide.index])
    difference = np.where(first, one - two, two - one)
    row = rows_of(study, "drug-by-time").loc["ketamine-placebo"]
    periods = (one - two).to_numpy()  # their difference between orders is free of the period
    hills_armitage = stats.ttest_ind(periods[first], periods[~first], equal_var=False)
    assert row["t"] == pytest.approx(hills_armitage.statistic)
    assert row["n"] == 7
    assert (row["n_permutations"], row["p_min"]) == (35, pytest.approx(1 / 35))
    assert row["mean_followup"] == pytest.approx(np.where(first, one, two).mean())
    assert row["p"] < 0.05
    period = rows_of(study, "period").loc["period1-period2"]
    assert period["t"] == pytest.approx(
        stats.ttest_ind(difference[first], difference[~first], equal_var=False).statistic
    )
    assert period["mean_change"] == pytest.approx(
        (one - two)[first].mean() / 2 + (one - two)[~first].mean() / 2
    )
    order = rows_of(study, "order").loc["ketamine first-placebo first"]
    both = ((one + two) / 2).to_numpy()
    assert order["t"] == pytest.approx(
        stats.ttest_ind(both[first], both[~first], equal_var=False).statistic
    )
    assert rows_of(study, "drug-by-time", "deltafd").loc["ketamine-placebo", "n"] == 7


def repeated(tmp_path, names=("base", "day1", "week1")):
    base, day, week = names
    return finish(
        tmp_path,
        {sub: [base, day, week] if sub not in ("02", "05") else [base, week] for sub in PEOPLE},
        together=lambda sub, ses: 1.2 if ses == base else 0.4,
        told={sub: dates([base, day, week], days_since_dose=["n/a", "1", "7"]) for sub in PEOPLE},
    )


def test_several_follow_ups_with_some_missing(tmp_path, capsys):
    study = repeated(tmp_path)
    assert study.group(page=True) == 0
    methods = (study.out / "logs" / "CITATION.md").read_text(encoding="utf-8")
    assert "one contrast" in methods
    assert "compared between groups" not in methods
    told = capsys.readouterr().err
    assert "Repeated sessions: ses-day1, ses-week1 (follow-ups) against ses-base" in told
    rows = rows_of(study, "change")
    assert list(rows.index) == ["day1-base", "week1-base", "day1+week1-base"]
    wide = values_of(study)
    for later, n in (("day1", 6), ("week1", 8)):
        pair = wide[["ses-base", f"ses-{later}"]].dropna()
        expected = stats.ttest_rel(pair[f"ses-{later}"], pair["ses-base"])
        assert rows.loc[f"{later}-base", "t"] == pytest.approx(expected.statistic)
        assert rows.loc[f"{later}-base", "n"] == n
    together = rows.loc["day1+week1-base"]
    later = wide[["ses-day1", "ses-week1"]].mean(axis=1) - wide["ses-base"]
    assert together["mean_change"] == pytest.approx(later.mean())
    assert together["t"] == pytest.approx(stats.ttest_1samp(later, 0).statistic)
    assert together["n"] == 8
    assert together["p"] < 0.01
    over = rows_of(study, "days").loc["day1+week1"]
    both = wide[["ses-day1", "ses-week1"]].dropna()
    expected = stats.ttest_rel(both["ses-week1"], both["ses-day1"]).statistic
    assert over["t"] == pytest.approx(expected)
    assert over["mean_change"] == pytest.approx((both["ses-week1"] - both["ses-day1"]).mean() / 6)
    people = study.table("participants.tsv").set_index("participant_id")
    assert people["included"].all()
    assert people.loc["sub-02", "remarks"] == "no result for ses-day1"


def test_a_model_file_says_what_the_tables_do_not(tmp_path, capsys):
    ages = {sub: str(20 + int(sub) ** 2) for sub in PEOPLE}
    study = finish(
        tmp_path,
        {sub: ["a", "b"] for sub in PEOPLE},
        participants=[
            ["participant_id", "dose", "age"],
            *([f"sub-{s}", "low" if int(s) < 4 else "high", ages[s]] for s in PEOPLE),
        ],
    )
    model = tmp_path / "model.json"
    model.write_text(json.dumps({
        "Name": "doses", "BIDSModelVersion": "1.0.0", "Design": "parallel", "Baseline": "b",
        "Followup": "a", "Column": "dose", "Reference": "low", "Against": "high",
    }))  # fmt: skip
    assert study.group("--model", str(model)) == 0
    assert rows_of(study, "group-by-time").loc["high-low", "n"] == 8
    told = {"Design": "paired", "Baseline": "a", "Followup": "b", "Covariates": ["age"]}
    model.write_text(json.dumps(told))
    assert study.group("--model", str(model)) == 0
    held = rows_of(study, "change", "age").loc["b-a"]
    wide = values_of(study)
    changes = (wide["ses-b"] - wide["ses-a"]).to_numpy()
    age = np.array([float(ages[person[4:]]) for person in wide.index])
    X = np.column_stack([np.ones(8), age - age.mean()])
    fit, squares, *_ = np.linalg.lstsq(X, changes, rcond=None)
    assert held["t"] == pytest.approx(fit[0] / np.sqrt(squares[0] / 6 / 8))
    capsys.readouterr()
    for wrong, message in (
        ({"Covariates": ["age", "deltafd"]}, "8 people allow 1 covariates"),
        ({"Covariates": ["weight"]}, "there is deltafd (the change of motion) and dose, age"),
        ({"Followup": "c"}, "names ses-c, which is not there; there is ses-a, ses-b"),
        ({"Followups": "c"}, "unknown keys: Followups. Keys are Name"),
        ({"Design": "other"}, "one of doses, conditions, crossover, repeated, parallel, paired"),
        ({"Design": "crossover"}, "the treatments in sessions.tsv are none"),
    ):
        model.write_text(json.dumps({**told, **wrong}))
        assert study.group("--model", str(model)) == 64
        assert message in capsys.readouterr().err


def test_what_is_not_clear_is_asked_and_never_guessed(tmp_path, capsys):
    study = finish(
        tmp_path,
        {sub: ["pre", "post"] for sub in PEOPLE},
        participants=[
            ["participant_id", "group"],
            *([f"sub-{s}", g] for s, g in zip(PEOPLE, "abcabcab", strict=True)),
        ],
    )
    assert study.group("--baseline", "pre") == 64
    told = capsys.readouterr().err
    assert "the values of group in participants.tsv are a, b, c" in told
    assert "--model FILE" in told
    assert not (study.out / "group").exists()


def test_neither_names_nor_their_order_change_a_number(tmp_path):
    """Sessions sort the other way round on disk, and the tables are the same."""
    there = repeated(tmp_path / "one")
    assert there.group() == 0
    first = there.table("contrasts.tsv")
    renamed = {"base": "z", "day1": "y", "week1": "x"}
    other = repeated(tmp_path / "two")
    for path in sorted(other.out.rglob("*"), reverse=True):
        name = path.name
        for old, new in renamed.items():
            name = name.replace(f"ses-{old}", f"ses-{new}")
        if path.is_file() and path.suffix == ".json":
            text = path.read_text()
            for old, new in renamed.items():
                text = text.replace(f'"ses": "{old}"', f'"ses": "{new}"')
            path.write_text(text)
        path.rename(path.with_name(name))
    for path in other.root.rglob("*_sessions.tsv"):
        lines = path.read_text()
        for old, new in renamed.items():
            lines = lines.replace(f"ses-{old}", f"ses-{new}")
        rows = lines.splitlines()
        path.write_text("\n".join([rows[0], *rows[:0:-1]]) + "\n")
    assert other.group() == 0
    second = other.table("contrasts.tsv")
    assert second["contrast"].iloc[0] == "y-z"
    assert first.drop(columns="contrast").equals(second.drop(columns="contrast"))
