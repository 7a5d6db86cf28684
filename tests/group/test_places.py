"""What a table takes from where: the primary atlas and recipe, and no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.planted import CORRELATION, PERCENT, Planted
from gradshift.bids.rows import write_rows
from gradshift.bids.write import write_json
from gradshift.core.cortex.regions import Regions
from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.core.statistics.coupling import FEWEST
from gradshift.group import covariances, planted
from gradshift.group.balance import balance
from gradshift.group.changes import Changes
from gradshift.group.contrasts import TABLE, Contrast, contrasts, on_page
from gradshift.group.coupling import couplings
from gradshift.group.frombaseline import dependence
from gradshift.group.pairs import Term
from gradshift.group.percent import percent_changes
from gradshift.group.sharedtables import StudyTables as SharedTables
from gradshift.group.variants import changes
from gradshift.group.written import Written
from gradshift.report.methods import TESTS
from gradshift.report.planted import truth
from studies import make, paired, rows, take_part

PEOPLE = [f"sub-{i}" for i in range(6)]
SESSIONS = ("ses-pre", "ses-post")
DEFAULT = ("withinfc", "network", "Default")


def values(rng, mean=0.0):
    return {(p, s): rng.normal(mean, 1) for p in PEOPLE for s in SESSIONS}


def bold(rng, **more):
    """Return values of BOLD by the primary atlas and recipe, and who takes part."""
    motion = {person: rng.uniform(0.1, 0.3, 2) for person in PEOPLE}
    return rows("func", "rest", DEFAULT, values(rng)), take_part("func", "rest", motion)


def pet(rng, *models):
    people = take_part("pet", "n/a", {person: [np.nan] * 2 for person in PEOPLE})
    table = [row for model in models for row in rows(
        "pet", "n/a", (model, "network", "Default"), values(rng, 10))]  # fmt: skip
    return table, people


def of(table, **fixed):
    """Return the values of some rows, people x sessions."""
    table = pd.DataFrame(table)
    for name, value in fixed.items():
        table = table[table[name] == value]
    return table.pivot_table("value", "participant_id", "session_id")[list(SESSIONS)].to_numpy()


def result(person, session, recipe="24P", excluded=None):
    about = {
        "Entities": {"sub": person[4:], "ses": session[4:], "task": "rest"},
        "Atlas": "A",
        "AtlasEntities": {"atlas": "A"},
        "Recipe": recipe,
        "Excluded": excluded,
    }
    return SessionResult(Path(person), about)


def test_sessions_left_out_are_those_of_the_primary_recipe(rng):
    table, people = bold(rng)
    for row in table[:4:2]:
        row["status"] = "short"
    design = paired(recipes=("24P", "36P"))
    lost = {("sub-5", "ses-post", "24P"), ("sub-0", "ses-pre", "36P"), ("sub-1", "ses-pre", "36P")}
    results = [
        result(p, s, recipe, "moved" if (p, s, recipe) in lost else None)
        for p in PEOPLE
        for s in SESSIONS
        for recipe in ("24P", "36P")
    ]
    sessions, remarked = balance(replace(make(table, people, design), results=results))
    counts = ("Sessions", "n", "MoreAtFollowup", "MoreAtBaseline", "p")
    assert [sessions[name] for name in counts] == [1, 6, 1, 0, 1.0]
    assert [remarked[name] for name in counts] == [2, 6, 0, 2, 0.5]


def test_the_baseline_that_a_change_may_depend_on_is_of_the_primary_atlas_and_recipe(rng):
    table, people = bold(rng)
    others = [
        {**row, name: other, "value": rng.normal()}
        for name, other in (("atlas", "B"), ("recipe", "36P"))
        for row in table
    ]
    design = paired(atlases=("A", "B"), recipes=("24P", "36P"))
    (block,) = dependence(make(others + table, people, design))
    expected = baseline_dependence(*of(table).T)
    assert (block["n"], block["OldhamR"]) == (6, pytest.approx(expected.oldham_r))


def test_a_result_of_another_recipe_is_not_on_the_page(rng):
    table, people = bold(rng)
    row = next(row for row in contrasts(make(table, people, paired())) if np.isfinite(row.p_fwe))
    made = make(table, people, paired())
    assert on_page(made, row)
    assert not on_page(made, replace(row, recipe="36P"))
    assert on_page(made, replace(row, recipe="36P", modality="pet"))
    assert not on_page(made, replace(row, covariates="deltafd"))


def test_another_model_of_pet_is_a_way_of_its_own(rng):
    table, people = pet(rng, "vtlogan", "bpndsrtm2")
    by_way = changes(make(table, people, paired()))
    for choice, model in (("", "vtlogan"), ("model bpndsrtm2", "bpndsrtm2")):
        found = by_way["A", "24P", choice]["pet", "n/a", "vtlogan", "network", "Default"]
        before, after = of(table, measure=model).T
        np.testing.assert_allclose(found, after - before)


def test_a_pair_is_placed_where_its_side_of_bold_is():
    changes = Changes(
        task="rest",
        contrast="post-pre",
        people=PEOPLE,
        values=np.zeros((6, 2)),
        positions={("falff", "set", "PCC"): 0, ("vtlogan", "set", "PCC"): 1},
        places={"falff": ("func", "A", "24P"), "vtlogan": ("pet", "B", "gtm")},
        motion=np.zeros(6),
    )
    activity, density = Term("falff", "PCC"), Term("vtlogan", "PCC")
    for pair in ((activity, density), (density, activity)):
        place = changes.place_of(*pair)
        assert (place.task, place.atlas, place.recipe) == ("rest", "A", "24P")
    place = changes.place_of(density, density)
    assert (place.task, place.atlas, place.recipe) == ("n/a", "B", "gtm")


PAIR = "vtlogan:Default~withinfc:Default"


def coupled(rng, n, *, still=False, pair=PAIR):
    """Couple the changes of n people, those of BOLD all alike where `still`."""
    (one, first), (other, second) = pet(rng, "vtlogan"), bold(rng)
    for row in other:
        row["value"] = float(row["session_id"] == "ses-post") if still else row["value"]
    known = [row for row in one + other if row["participant_id"] in PEOPLE[:n]]
    made = make(known, first + second, paired(), coupling=(pair,), n_permutations=20)
    return next(row for row in couplings(made) if row.scope == "between-people")


def test_a_pair_that_cannot_be_coupled_has_its_reason(rng):
    assert coupled(rng, FEWEST).status == "ok"
    few, still = coupled(rng, FEWEST - 1), coupled(rng, FEWEST, still=True)
    nowhere = coupled(rng, FEWEST, pair="vtlogan:ACC~withinfc:Default")
    assert str(FEWEST) in few.status
    assert str(FEWEST - 1) in few.status
    assert "same" in still.status
    assert "vtlogan ACC" in nowhere.status
    assert np.isnan([one.estimate for one in (few, still, nowhere)]).all()


@pytest.mark.parametrize("n", [1, 6])
def test_maps_of_change_are_compared_region_by_region_within_people(rng, tmp_path, n):
    names = [f"r{i}" for i in range(12)]
    regions = Regions(
        names=tuple(names),
        networks=("Vis",) * 12,
        hemispheres=("L", "R") * 6,
        centroids=rng.normal(size=(12, 3)),
        sets={},
    )
    write_json(outputs.regions_path(tmp_path, {"atlas": "A"}), outputs.plain_regions(regions))
    table = [
        row
        for modality, task, measure in (("func", "rest", "falff"), ("pet", "n/a", "vtlogan"))
        for name in names
        for row in rows(modality, task, (measure, "region", name), values(rng))
        if row["participant_id"] in PEOPLE[:n] or modality == "pet"
    ]
    made = make(table, bold(rng)[1] + pet(rng)[1], paired(), n_permutations=20,
                coupling=("vtlogan:r0~falff:r0",))  # fmt: skip
    made = replace(
        made,
        results=[result(PEOPLE[0], "ses-pre")],
        settings=replace(made.settings, output_dir=tmp_path),
    )
    within, spun = (
        next(row for row in couplings(made) if row.scope == scope)
        for scope in ("across-regions", "group-maps-spin")
    )
    wide = pd.DataFrame(table).pivot_table(
        "value", "participant_id", ["session_id", "measure", "label"]
    )
    change = wide["ses-post"] - wide["ses-pre"]
    each = [
        stats.spearmanr(change.loc[p, "vtlogan"][names], change.loc[p, "falff"][names]).statistic
        for p in PEOPLE[:n]
    ]
    assert within.n == n
    assert within.estimate == pytest.approx(np.tanh(np.mean(np.arctanh(each))))
    assert (within.status == "ok") is (n > 1)
    assert within.pair == spun.pair == "vtlogan:region~falff:region"
    assert spun.status != "ok", "nothing is known of where these regions lie"


def plant(**other):
    row = {"what": "", "modality": "pet", "atlas": "A", "recipe": "24P", "measure": "vtlogan",
           "level": "network", "label": "Default", "unit": "ml/cm3", "planted": 1.0,
           "expected": 1.0, "sd": 1.0}  # fmt: skip
    return Planted(**{**row, **other})


def test_what_was_planted_is_held_against_its_own_row(rng, monkeypatch):
    """As a change, in per cent, and as a correlation; each with the interval of that row."""
    (one, first), (other, second) = pet(rng, "vtlogan"), bold(rng)
    for row in one:
        row["value"] = 0.2 * (row["value"] + 2.0 * (row["session_id"] == "ses-post"))
    made = make(one + other, first + second, paired(), coupling=(PAIR,), n_permutations=20)
    change = next(
        row for row in contrasts(made) if (row.modality, row.covariates) == ("pet", None)
    )
    (percent,), (pair, *_) = percent_changes(made), couplings(made)
    correlation = {"unit": CORRELATION, "measure": PAIR, "label": "between-people"}
    wanted = [
        plant(expected=change.mean_change),
        plant(expected=change.mean_change + 100),
        plant(expected=-change.mean_change),
        plant(unit=PERCENT, expected=percent.mean_percent),
        plant(**correlation, expected=(pair.ci_low + pair.ci_high) / 2),
        plant(unit=PERCENT, label="Vis"),
        plant(**{**correlation, "label": "nowhere"}),
    ]
    monkeypatch.setattr(planted, "read_planted", lambda root: wanted)
    found = planted.recoveries(made)
    assert [row.inside for row in found] == [True, False, False, True, True, None, None]
    assert [row.found for row in found[:5]] == [
        *(change.mean_change,) * 3, percent.mean_percent, pair.estimate,
    ]  # fmt: skip
    assert (found[3].ci_low, found[3].ci_high) == (percent.ci_low, percent.ci_high)
    assert change.p_fwe <= made.group.alpha
    assert [row.detected for row in found[:3]] == [True, True, False]
    assert found[0].reason is None, "detected, inside"
    assert all(row.reason for row in found[1:3] + found[5:])
    told = truth(found)
    assert [one.row for one in told.rows] == found[:5], "what was not asked for is not missed"
    assert told.summary.startswith("3 of 4 planted changes were found")
    assert " 2 more " in told.summary
    nothing = truth(found[5:])
    assert nothing.rows == []
    assert "Nothing was planted" not in nothing.summary


def test_of_several_tasks_what_was_planted_is_held_against_the_first(rng, monkeypatch):
    table, people = pet(rng, "vtlogan")
    later = [{**row, "task": "zz", "value": 2 * row["value"] + rng.normal()} for row in table]
    people += [replace(person, task="zz") for person in people]
    made = make(table + later, people, paired())
    first, second = percent_changes(made)
    assert first.mean_percent != second.mean_percent
    monkeypatch.setattr(planted, "read_planted", lambda root: [plant(unit=PERCENT)])
    (found,) = planted.recoveries(made)
    assert (found.found, found.ci_low) == (first.mean_percent, first.ci_low)


@pytest.mark.parametrize(
    ("asked", "described"),
    [
        ("change", "signflip"),
        ("crossover", "crossover"),
        ("change crossover", "signflip crossover"),
        ("change groups", "signflip groups"),
        ("change sessions", "signflip within"),
    ],
)
def test_the_methods_describe_the_tests_that_were_made_and_no_other(
    rng, tmp_path, asked, described
):
    tested = [row for row in contrasts(make(*bold(rng), paired())) if np.isfinite(row.p)]
    write_json(tmp_path / "contrasts.json", {"TestedBy": asked.split()})
    written = Written(tmp_path, {"contrasts": tested})
    named = {name for name in TESTS if TABLE.uses[name](written)}
    assert named == set(described.split())
    nothing = Written(tmp_path, {"contrasts": [replace(row, p=np.nan) for row in tested]})
    assert not TABLE.uses["signflip"](nothing)


def test_covariances_are_those_of_the_means_of_the_main_question_of_the_primary_alone(
    rng, tmp_path
):
    table, people = bold(rng)
    more = [row for key in (("segregation", *DEFAULT[1:]), ("betweenfc", "network-pair", "A-B"))
            for row in rows("func", "rest", key, values(rng))]  # fmt: skip
    other = [{**row, "recipe": "36P", "value": rng.normal()} for row in table]
    design = paired(recipes=("24P", "36P"))
    covariances.write(make(table + more + other, people, design), tmp_path)
    with np.load(tmp_path / "covariances.npz") as arrays:
        assert {name.rpartition("/")[0] for name in arrays} == {
            "rest/confirmatory",
            "rest/network",
        }
        named = arrays["rest/confirmatory/values"].tolist()
        found = arrays["rest/confirmatory/covariance"]
    changes = [np.diff(of(table + more, measure=name.split("|")[0]))[:, 0] for name in named]
    np.testing.assert_allclose(found, np.cov(changes) / len(PEOPLE))


def test_a_pooled_study_gives_its_first_question_of_the_primary_atlas_and_recipe(rng, tmp_path):
    sessions = (*SESSIONS, "ses-late")
    table = [
        row
        for recipe in ("24P", "36P")
        for key in (DEFAULT, ("betweenfc", "network-pair", "A-B"))
        for one in rows("func", "rest", key, {(p, s): rng.normal() for p in PEOPLE
                                              for s in sessions})
        for row in [{**one, "recipe": recipe}]
    ]  # fmt: skip
    people = take_part("func", "rest", {person: rng.uniform(0.1, 0.3, 3) for person in PEOPLE})
    design = paired(*sessions[1:], kind="repeated", recipes=("24P", "36P"))
    every = contrasts(make(table, people, design))
    assert len({(row.contrast, row.recipe) for row in every}) > 3
    about = {"PrimaryAtlas": "A", "PrimaryRecipe": "24P"}
    write_rows(tmp_path / "contrasts.tsv", Contrast, every, about)
    found = SharedTables.find(tmp_path).rows
    assert {(row.contrast, row.effect, row.covariates) for row in found} == {
        ("post-pre", "change", None)
    }
    assert {(row.atlas, row.recipe) for row in found} == {("A", "24P")}
    assert {row.measure for row in found} == {"withinfc", "betweenfc"}
