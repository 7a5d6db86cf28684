"""What is corrected together, and what no choice beside it may change."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradshift.bids.collect import SessionResult
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.group.contrasts import contrasts
from gradshift.group.primary import primary_model
from gradshift.group.recipes import recipe_differences
from studies import make, paired, rows, take_part

PEOPLE = [f"sub-{i:02}" for i in range(7)]
KEYS = sorted(CONFIRMATORY)
VALUES = ("p", "p_sign", "n_direction", "p_fwe", "p_page", "q_fdr", "p_equivalence", "bf10")


def study(tasks=("rest",), sessions=("ses-pre", "ses-post"), models=("vtlogan",), **group):
    rng = np.random.default_rng(4)
    table, people = [], []
    for task in tasks:
        for key in (*KEYS, ("betweenfc", "network-pair", "Default-Vis")):
            values = {(p, s): rng.normal(s != "ses-pre", 1) for p in PEOPLE for s in sessions}
            table += rows("func", task, key, values)
        people += take_part(
            "func", task, {p: rng.uniform(0.1, 0.3, len(sessions)) for p in PEOPLE}
        )
    pet = {(p, s): rng.normal(5 + (s != "ses-pre"), 1) for p in PEOPLE for s in sessions}
    for i, model in enumerate(models):
        values = {key: value + i * rng.normal() for key, value in pet.items()}
        table += rows("pet", "n/a", (model, "set", "PCC"), values)
    people += take_part("pet", "n/a", {p: [np.nan] * len(sessions) for p in PEOPLE})
    kind = "paired" if len(sessions) == 2 else "repeated"
    return make(table, people, paired(*sessions[1:], kind=kind), **group)


def changes(made, task, followup):
    """Arrange the changes of the confirmatory values, people x values."""
    table = made.table[(made.table["modality"] == "func") & (made.table["task"] == task)]
    wide = table.pivot_table(
        "value", "participant_id", ["session_id", "measure", "level", "label"]
    )
    return np.column_stack([wide[(followup, *key)] - wide[("ses-pre", *key)] for key in KEYS])


def largest_t(changes):
    """Return p of every column corrected for all, by a loop over all signs."""

    def t(values):
        return np.abs(values.mean(axis=0)) / values.std(axis=0, ddof=1)

    observed = t(changes)
    signs = np.array(list(product([1, -1], repeat=len(changes))))
    largest = np.array([t(changes * sign[:, None]).max() for sign in signs])
    return (largest[:, None] >= observed * (1 - 1e-8)).mean(axis=0)


def confirmatory(made, **fixed):
    found = [
        row
        for row in contrasts(made)
        if row.family == "confirmatory" and row.effect == "change" and not row.covariates
        and all(getattr(row, name) == value for name, value in fixed.items())
    ]  # fmt: skip
    return {(row.measure, row.level, row.label): row for row in found}


def test_the_confirmatory_family_holds_all_tasks():
    made = study(tasks=("movie", "rest"))
    together = np.hstack([changes(made, task, "ses-post") for task in ("movie", "rest")])
    expected = largest_t(together).reshape(2, -1)
    for task, p_fwe in zip(("movie", "rest"), expected, strict=True):
        found = confirmatory(made, task=task)
        np.testing.assert_allclose([found[key].p_fwe for key in KEYS], p_fwe)


def test_the_confirmatory_family_holds_all_follow_ups_and_their_mean():
    made = study(sessions=("ses-pre", "ses-day", "ses-week"))
    each = [changes(made, "rest", session) for session in ("ses-day", "ses-week")]
    expected = largest_t(np.hstack([*each, sum(each) / 2])).reshape(3, -1)
    for contrast, p_fwe in zip(("day-pre", "week-pre", "day+week-pre"), expected, strict=True):
        found = confirmatory(made, contrast=contrast)
        np.testing.assert_allclose([found[key].p_fwe for key in KEYS], p_fwe)


def test_swapping_the_sessions_negates_every_change_and_leaves_every_p():
    made = study(tasks=("movie", "rest"))
    table = made.table.replace({"ses-pre": "ses-post", "ses-post": "ses-pre"})
    people = [replace(person, motion=person.motion[::-1]) for person in made.people]
    swapped = contrasts(replace(made, table=table, people=people, computed={}))
    assert len(swapped) > 10
    for one, other in zip(contrasts(made), swapped, strict=True):
        assert (one.family, one.measure, one.covariates) == (
            other.family, other.measure, other.covariates,
        )  # fmt: skip
        assert other.mean_change == pytest.approx(-one.mean_change)
        assert other.verdict == one.verdict
        for name in VALUES:
            assert getattr(other, name) == pytest.approx(getattr(one, name), nan_ok=True), name


def test_the_order_of_rows_does_not_matter():
    made = study(tasks=("movie", "rest"))
    shuffled = made.table.sample(frac=1, random_state=0)

    def keyed(study):
        return {
            (r.family, r.task, r.measure, r.label, r.covariates, r.effect): r.p_fwe
            for r in contrasts(study)
        }

    assert keyed(replace(made, table=shuffled, computed={})) == pytest.approx(
        keyed(made), nan_ok=True
    )


def test_another_model_of_pet_changes_no_p_and_is_a_variant():
    one, two = study(), study(models=("vtlogan", "vt1tcm"))
    alone, beside = ([row for row in contrasts(s) if row.modality == "pet"] for s in (one, two))
    assert {row.measure for row in beside} == {"vtlogan"}
    assert [row.p_fwe for row in beside] == pytest.approx([row.p_fwe for row in alone])


def test_only_declared_families_have_a_verdict_and_a_place_on_the_page():
    found = contrasts(study())
    assert {row.family for row in found} > {"confirmatory", "pet-primary"}
    for row in found:
        declared = row.family in ("confirmatory", "pet-primary")
        assert (row.verdict != "n/a") == declared
        if not declared or row.covariates or row.effect != "change":
            assert np.isnan(row.p_page)
        else:
            assert row.p_page >= row.p_fwe


def test_an_interval_excludes_nothing_exactly_where_its_family_wise_p_says_so():
    seen = set()
    for seed in range(5):
        made = study()
        rng = np.random.default_rng(seed)
        noisy = made.table.assign(value=made.table["value"] + rng.normal(0, 1, len(made.table)))
        for row in contrasts(replace(made, table=noisy, computed={})):
            if np.isfinite(row.ci_low_fwe):
                apart = row.ci_low_fwe > 0 or row.ci_high_fwe < 0
                assert apart == (row.p_fwe <= 0.05)
                seen.add(apart)
    assert seen == {True, False}


def test_motion_that_nobody_differs_in_gives_no_row_that_repeats_the_plain_one():
    made = study()
    same = [
        replace(person, motion=(0.1, 0.2)) if person.modality == "func" else person
        for person in made.people
    ]
    held = [row for row in contrasts(replace(made, people=same, computed={})) if row.covariates]
    assert held
    assert all(np.isnan(row.p) and row.status != "ok" for row in held)


def test_values_remarked_stay_in_the_test_and_are_counted():
    made = study()
    table = made.table.copy()
    first = (table["measure"] == "lambdaref") & (table["participant_id"] == PEOPLE[0])
    table.loc[first, "status"] = "unlike the reference (r .52)"
    row = confirmatory(replace(made, table=table, computed={}))["lambdaref", "whole", "whole"]
    assert row.n == len(PEOPLE)
    assert "2 values: unlike the reference" in row.status


def test_people_without_a_session_are_left_out_of_what_lacks_it_alone():
    made = study()
    table = made.table.copy()
    gone = (table["measure"] == "lambdaref") & (table["participant_id"] == PEOPLE[0])
    table.loc[gone & (table["session_id"] == "ses-post"), "value"] = np.nan
    found = confirmatory(replace(made, table=pd.DataFrame(table), computed={}))
    assert {key[0]: row.n for key, row in found.items()} == {
        key[0]: len(PEOPLE) - (key[0] == "lambdaref") for key in KEYS
    }


def test_recipes_are_compared_by_the_difference_of_each_persons_changes():
    rng = np.random.default_rng(8)
    sessions = ("ses-pre", "ses-post")
    values = {
        (recipe, key): {(p, s): rng.normal(s != "ses-pre", 1) for p in PEOPLE for s in sessions}
        for recipe in ("24P", "36P")
        for key in KEYS
    }
    table = [
        {**row, "recipe": recipe}
        for (recipe, key), of_people in values.items()
        for row in rows("func", "rest", key, of_people)
    ]
    people = take_part("func", "rest", {p: [0.1, 0.1] for p in PEOPLE})
    made = make(table, people, paired("ses-post", recipes=("24P", "36P")))
    found = recipe_differences(made)
    assert {(row.recipe, row.other) for row in found} == {("24P", "36P")}
    by_key = {(row.measure, row.level, row.label): row for row in found}
    assert sorted(by_key) == KEYS
    for key, row in by_key.items():
        change = {
            recipe: np.array(
                [np.diff([values[recipe, key][p, s] for s in sessions])[0] for p in PEOPLE]
            )
            for recipe in ("24P", "36P")
        }
        assert row.n == len(PEOPLE)
        assert row.mean_difference == pytest.approx((change["36P"] - change["24P"]).mean())


@pytest.mark.parametrize("asked", [None, "suvr", "vtlogan"])
def test_the_model_asked_for_is_tested_or_else_the_best_there_is(asked):
    made = study(models=("suvr", "vtlogan"))
    about = {
        "Modality": "pet",
        "Entities": {"sub": "00", "ses": "pre"},
        "Settings": {"pet_model": [asked] if asked else []},
    }
    pet = SessionResult(Path("sub-00/ses-pre/pet/sub-00_ses-pre_measures.tsv"), about)
    made = replace(made, results=[pet])
    assert pet.modality == "pet"
    assert primary_model(made) == (asked or "vtlogan")
