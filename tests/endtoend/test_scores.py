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
    names = ("participants", "contrasts", "coupling")
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
