"""Numbers of people and sessions: what a change goes with, from whatever table has them."""

import json

import numpy as np
import pytest
from scipy import stats

from finished import finish
from gradshift.bids.collect import find_results, read_measures
from gradshift.group import table
from synthetic import grow

PEOPLE = [f"{i:02d}" for i in range(1, 8)]
LEVELS = dict(zip(PEOPLE, [3.0, 1.0, 7.0, 2.0, 6.0, 4.0, 5.0], strict=True))


@pytest.fixture(autouse=True)
def few_tables(monkeypatch):
    """Write the tables that are looked at alone."""
    names = ("participants", "contrasts", "coupling", "measures")
    few = [part for part in table.parts() if part.name in names]
    monkeypatch.setattr("gradshift.levels.group.parts", lambda: few)


@pytest.fixture
def study(tmp_path):
    """The more of the drug in the plasma, the less the default mode holds together afterwards."""
    made = finish(
        tmp_path,
        {sub: ["pre", "post"] for sub in PEOPLE},
        together=lambda sub, ses: 3.0 - LEVELS[sub] / 2.5 if ses == "post" else 3.0,
        participants=[["participant_id", "age"], *([f"sub-{s}", str(20 + i)] for i, s in
                                                   enumerate(PEOPLE))],
        told={
            sub: [["session_id", "plasma", "heart"], ["ses-pre", "n/a", "60"],
                  ["ses-post", str(LEVELS[sub]), str(60 + LEVELS[sub] ** 2)]]
            for sub in PEOPLE
        },
    )  # fmt: skip
    rows = [
        ["participant_id", "session_id", "mood"],
        *([sub, ses, str(i)] for i, sub in enumerate(PEOPLE) for ses in ("pre", "post")),
    ]
    grow(made.root, {"phenotype": {"mood.tsv": [list(map(str, row)) for row in rows]}})
    (made.root / "phenotype" / "mood.json").write_text('{"mood": {"Units": "points"}}')
    return made


def group(study, path, *words, **more):
    model = {"Design": "paired", "Baseline": "pre", "Followup": "post", **more}
    path.write_text(json.dumps(model))
    return study.group("--model", str(path), *words)


def test_a_change_goes_with_the_number_that_was_planted_and_exactly_so(study, tmp_path):
    names = ["plasma", "change:heart", "mood", "age"]
    words = ("--coupling", "withinfc:Default~score:plasma")
    assert group(study, tmp_path / "m.json", *words, Moderators=names) == 0
    rows = study.table("contrasts.tsv").query(
        "measure == 'withinfc' and label == 'Default' and family == 'confirmatory'"
    ).set_index("contrast")  # fmt: skip
    values = read_measures(find_results(study.out)).query(
        "measure == 'withinfc' and label == 'Default'"
    ).set_index(["participant_id", "session_id"])["value"].unstack()  # fmt: skip
    change = values["ses-post"] - values["ses-pre"]
    level = np.array([LEVELS[name[4:]] for name in values.index])
    rho = stats.spearmanr(change, level).statistic
    row = rows.loc["post-pre~plasma"]
    assert rho < -0.7
    assert row["t"] == pytest.approx(rho * np.sqrt(5 / (1 - rho**2)))
    assert (row["effect"], row["n"], row["n_permutations"]) == ("moderator", 7, 5040)
    assert row["p"] < 0.05
    assert rows.loc["post-pre~change:heart", "t"] == pytest.approx(row["t"])
    rho = stats.spearmanr(change, range(7)).statistic
    for name in ("mood", "age"):
        expected = rho * np.sqrt(5 / (1 - rho**2))
        assert rows.loc[f"post-pre~{name}", "t"] == pytest.approx(expected)
    sidecar = json.loads((study.out / "group" / "contrasts.json").read_text())["Moderators"]
    assert sidecar["mood"] == {"Table": "phenotype/mood.tsv", "Units": "points"}
    coupled = study.table("coupling.tsv").set_index("scope").loc["between-people"]
    assert coupled["estimate"] == pytest.approx(stats.spearmanr(change, level).statistic)


def test_names_are_checked_before_anything_is_computed(study, tmp_path, capsys):
    grow(study.root, {"phenotype": {"more.tsv": [["participant_id", "age"], ["sub-01", "3"]]}})
    for names, code, message in (
        (["weight"], 64, "which have age, heart, mood, plasma"),
        (["age"], 64, "participants.tsv:age or phenotype/more.tsv:age"),
        (["phenotype/more.tsv:age"], 0, ""),
    ):
        assert group(study, tmp_path / "m.json", "--dry-run", Moderators=names) == code
        assert message in capsys.readouterr().err


def rated(study, column, value, more=None, **described):
    """Write a rating of every session but those of which there is none, and what it is."""
    rows = [["participant_id", "session_id", column]]
    for i, sub in enumerate(PEOPLE):
        for ses in ("pre", "post"):
            number = value(i, ses)
            rows.append([f"sub-{sub}", f"ses-{ses}", "n/a" if number is None else str(number)])
    grow(study.root, {"phenotype": {
        f"{column}.tsv": [*rows, *(more or [])], f"{column}.json": {column: described},
    }})  # fmt: skip


def test_a_rating_that_rises_in_everybody_is_a_change_and_its_p_is_exact(study, tmp_path):
    rated(study, "Dizzy_VAS", lambda i, ses: i if ses == "pre" else 2 * i + 1,
          Units="points", Levels={"0": "not at all", "20": "extremely"})  # fmt: skip
    calm = [None, None, -1, 4, -0.1, 0.2, -3]  # two have no rating after the drug
    rated(study, "calm", lambda i, ses: 0 if ses == "pre" else calm[i])
    names = ["Dizzy_VAS", "calm", "heart"]
    words = ("--coupling", "dizzyvas:whole~score:plasma")
    model = {"Outcomes": names, "Moderators": ["plasma", "change:heart"]}
    assert group(study, tmp_path / "m.json", *words, **model) == 0
    rows = study.table("contrasts.tsv").query("family == 'score'").set_index("measure")
    change = rows.query("contrast == 'post-pre'")
    assert list(change.index) == ["dizzyvas", "calm", "heart"]
    assert set(change["modality"]) == {"score"}
    assert set(change["level"] + change["label"]) == {"wholewhole"}
    assert list(change["n"]) == [7, 5, 7]
    assert list(change["mean_change"]) == pytest.approx([4.0, 0.02, 20.0])
    assert list(change["p_min"]) == [2 / 2**7, 2 / 2**5, 2 / 2**7]
    assert list(change["p"])[::2] == [2 / 2**7, 2 / 2**7]
    assert all(change["p_fwe"] >= change["p"])
    assert list(change["verdict"]) == ["change", "undecided", "change"]
    assert all(change["p_page"] >= change["p_fwe"])
    goes = rows.query("contrast == 'post-pre~plasma'")
    assert goes.loc["heart", "p"] == pytest.approx(2 / 5040)  # heart rises with plasma, exactly
    own = rows.query("contrast == 'post-pre~change:heart'")
    assert list(own.index) == ["dizzyvas", "calm"]  # what goes with itself says nothing
    values = study.table("measures.tsv").query("modality == 'score' and measure == 'dizzyvas'")
    assert set(values["unit"]) == {"points"}
    assert len(values) == 14
    people = study.table("participants.tsv").query("modality == 'score'")
    assert people["included"].all()
    assert people["remarks"].tolist()[:3] == ["no calm for ses-post"] * 2 + [np.nan]
    coupled = study.table("coupling.tsv").set_index("scope").loc["between-people"]
    rho = stats.spearmanr(range(7), list(LEVELS.values())).statistic
    assert coupled["estimate"] == pytest.approx(rho)


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        ("mod", 64, "did you mean mood?"),
        ("age", 65, "one number for each person"),
        ("words", 65, "a number or n/a"),
        ("coded", 65, "99 for sub-01 ses-pre, and the JSON beside it says 0 to 4"),
        ("twice", 65, "several values of twice for sub-01 ses-pre"),
        ("later", 65, "Nobody has later"),
        ("change:mood", 64, "write mood"),
        ("withinfc", 64, "the name of a measure"),
    ],
)
def test_an_outcome_that_cannot_be_one_is_refused_before_anything_is_computed(
    study, tmp_path, capsys, outcome, code, words
):
    rated(study, "words", lambda i, ses: "much")
    rated(study, "coded", lambda i, ses: 3 if i else 99, Levels={"0": "no", "4": "very"})
    rated(study, "twice", lambda i, ses: i, more=[["01", "pre", "3"]])
    rated(study, "later", lambda i, ses: i if ses == "post" else None)
    rated(study, "withinfc", lambda i, ses: i)
    assert group(study, tmp_path / "m.json", Outcomes=[outcome]) == code
    message = capsys.readouterr().err
    assert words in message
    assert "Traceback" not in message
    assert not (study.out / "group").exists()


def test_the_page_says_what_became_of_a_rating(study, tmp_path):
    rated(study, "dizzy", lambda i, ses: i if ses == "pre" else 2 * i + 1,
          Units="points", Levels={"0": "not at all", "20": "extremely"})  # fmt: skip
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"Design": "paired", "Baseline": "pre", "Followup": "post",
                                "Outcomes": ["dizzy"], "Moderators": ["plasma"]}))  # fmt: skip
    words = ("--model", str(path), "--coupling", "withinfc:Default~score:plasma")
    assert study.group(*words, page=True) == 0
    page = (study.out / "group" / "index.html").read_text()
    section = page.partition('id="scores"')[2].partition("</section>")[0]
    assert "rose from 3 to 7 points" in section
    assert "not at all" in section
    assert "phenotype/dizzy.tsv" in section
    assert "0.0156" in section
    assert "Does the change go with plasma?" in page
    assert "dizzy, person" in page


def test_a_rating_under_drug_and_placebo_whatever_session_that_was(tmp_path):
    """The drug is the first session of some and the second of others."""
    first = {sub: i % 2 == 0 for i, sub in enumerate(PEOPLE)}

    def rows(sub, i):
        names = ["lsd", "placebo"] if first[sub] else ["placebo", "lsd"]
        return [
            [f"ses-{period}", name, str(period), str(i + (5 + i / 10) * (name == "lsd"))]
            for period, name in enumerate(names, start=1)
        ]

    made = finish(
        tmp_path,
        dict.fromkeys(PEOPLE, ("1", "2")),
        told={sub: [["session_id", "treatment", "period", "intensity"], *rows(sub, i)]
              for i, sub in enumerate(PEOPLE)},
    )  # fmt: skip
    model = tmp_path / "m.json"
    model.write_text(json.dumps({"Design": "conditions", "Outcomes": ["intensity"]}))
    assert made.group("--model", str(model)) == 0
    (row,) = made.table("contrasts.tsv").query(
        "family == 'score' and contrast == 'lsd-placebo'"
    ).to_dict("records")  # fmt: skip
    # Orders are permuted: 4 of 7 had the drug first, 35 arrangements.
    assert (row["n"], row["n_permutations"], row["p"]) == (7, 35, pytest.approx(1 / 35))
    assert row["mean_change"] == pytest.approx(5.3, abs=0.1)
    assert row["mean_followup"] - row["mean_baseline"] == pytest.approx(row["mean_change"])
    held = json.loads((made.out / "group" / "contrasts.json").read_text())["Compared"]
    assert held["lsd-placebo"]["against"] == "under lsd"
