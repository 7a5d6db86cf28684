"""Sentences claim no more than their row of the table."""

import math
from dataclasses import replace

import pytest

from gradshift.group.contrasts import Contrast
from gradshift.report import wording, words

NAME = "connectivity within the default mode network"


def row(**other):
    values = {
        "contrast": "post-pre", "effect": "change", "family": "confirmatory", "modality": "func",
        "task": "rest", "atlas": "A", "recipe": "aCompCor", "measure": "withinfc",
        "level": "network", "label": "Default", "covariates": None, "n": 11,
        "mean_baseline": 0.35, "mean_followup": 0.24, "mean_change": -0.11, "sd_change": 0.05,
        "se": 0.015, "dz": -2.35, "hedges_g": -2.17, "ci_low": -3.51, "ci_high": -1.16,
        "t": -7.8, "p": 0.000977, "p_fwe": 0.00195, "q_fdr": 0.00195, "n_permutations": 2048,
        "exact": True, "p_min": 0.000977, "status": "ok",
    }  # fmt: skip
    return Contrast(**{**values, **other})


def told(found):
    return wording.finding(found, NAME, "Fisher z", 0.05, 4)


def test_a_significant_fall_is_told_with_its_numbers():
    text = told(row())
    assert "fell from 0.35 to 0.24 Fisher z" in text
    assert "g -2.17, 95 % interval -3.51 to -1.16; n = 11" in text
    assert "family-wise p = 0.00195 (confirmatory: 4 tests)" in text
    assert wording.verdict(row(), 0.05) == "evidence of a fall"
    assert wording.verdict(row(mean_change=0.1), 0.05) == "evidence of a rise"


def test_no_evidence_of_a_change_is_not_no_change():
    found = row(p_fwe=0.2)
    assert wording.verdict(found, 0.05) == "no evidence of a change"
    text = told(found)
    assert "no evidence of a change at the level 0.05, and no evidence that there is none" in text
    assert "fell" not in text
    assert "rose" not in text


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_five_people_or_fewer_never_give_significance(n):
    p_min = 2 / 2**n
    for p_fwe in (p_min, 0.04, 1e-9):
        found = row(n=n, p=p_min, p_fwe=p_fwe, p_min=p_min)
        assert not wording.is_significant(found, 0.05)
        assert wording.verdict(found, 0.05) == f"no test: {n} people are too few"
        assert wording.kind(found, 0.05) == "none"
        text = told(found)
        assert "no result can be significant" in text
        assert "fell" not in text
        assert "evidence of a fall" not in wording.beside(found, found, 0.05)
    (first, *_) = wording.claim(
        [row(n=n, p_min=p_min)], alpha=0.05, n_left_out=0, detectable=1.0, effect="change"
    )
    assert "the smallest p" in first
    assert "no result on this page can be significant" in first


def test_what_was_not_tested_gives_the_reason():
    found = row(p=math.nan, p_fwe=math.nan, status="1 with both sessions, 2 needed")
    assert told(found) == f"The {NAME} was not tested (1 with both sessions, 2 needed)."
    assert wording.verdict(found, 0.05) == "not tested"
    assert wording.verdict(None, 0.05) == "not measured"


def test_another_recipe_that_differs_is_said_to_differ():
    assert "evidence of a fall, the same direction" in wording.beside(row(), row(), 0.05)
    other = row(recipe="36P", mean_change=0.02, p_fwe=0.9)
    text = wording.beside(row(), other, 0.05)
    assert "With recipe 36P: no evidence of a change, the sign differs" in text
    assert "rests on how the data were cleaned" in text


def test_a_difference_between_changes_is_not_told_as_a_change():
    found = row(
        effect="drug-by-time", contrast="ketamine-placebo", mean_baseline=0.02,
        mean_followup=-0.09,
    )  # fmt: skip
    assert wording.verdict(found, 0.05) == "evidence of a lower change"
    text = told(found)
    assert "changed by -0.09 Fisher z in ketamine and by +0.02 in placebo" in text
    assert "difference -0.11; Hedges' g -2.17" in text
    assert "fell" not in text
    open_ = replace(found, p_fwe=0.4)
    assert wording.verdict(open_, 0.05) == "no evidence of a difference"
    assert "no evidence of a difference at the level 0.05, and no evidence" in told(open_)
    few = replace(found, n=4, p_min=0.1)
    assert wording.verdict(few, 0.05) == "no test: 4 people are too few"
    assert "no result can be significant" in told(few)
    assert wording.sides("a-b-c") == ("the one", "the other")


def test_several_results_are_summed_up_by_verdict():
    fall, open_, many = row(), row(p_fwe=0.2), [(f"v{i}", row(p_fwe=0.5)) for i in range(6)]
    assert wording.summary([("a", fall)], 0.05) == "Evidence of a fall."
    assert wording.summary([("a", fall), ("b", fall)], 0.05) == "Evidence of a fall in both."
    assert wording.summary([("a", open_), ("b", fall), ("c", fall)], 0.05) == (
        "Evidence of a fall in the b and the c; no evidence of a change in the a."
    )
    assert wording.summary([("a", fall), *many], 0.05) == (
        "Evidence of a fall in the a; no evidence of a change in the 6 others."
    )
    assert wording.summary([("a", fall), ("b", None)], 0.05) == (
        "Evidence of a fall in the a; not measured for the b."
    )
    few = row(n=4, p_min=0.125)
    assert wording.summary([("a", few), ("b", few)], 0.05) == "No test: 4 people are too few."


def test_recipes_that_disagree_are_named_with_what_they_say():
    fall, open_, few = row(), row(p_fwe=0.2), row(n=4, p_min=0.125)
    told = wording.agreement(["a", "b"], [fall, fall], {"36P": [fall, fall]}, 0.05)
    assert told == "Recipe 36P leads to the same verdicts."
    told = wording.agreement(["a"], [fall], {"x": [fall], "y": [fall], "z": [open_]}, 0.05)
    assert told == (
        "Recipes x and y lead to the same verdict. With recipe z: no evidence of a change in the "
        "a. So the answer depends on how the data were cleaned."
    )
    assert wording.agreement(["a"], [few], {"36P": [few]}, 0.05) == ""
    assert wording.agreement(["a"], [None], {"36P": [None]}, 0.05) == ""


def test_names_of_the_tables_are_put_into_words():
    assert words.label("network-pair", "Default-SomMot") == "default mode and somatomotor"
    assert words.where("network", "ContA") == "the control A network"
    assert words.where("set", "PCC") == "the posterior cingulate"
    assert words.label("network", "Own") == "Own"
    assert words.measure("glutamate") == "glutamate"
    assert words.measure("withinfc") == "connectivity within networks"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_the_claim_counts_tests_and_names_the_missing_placebo():
    rows = [row(), row(family="network"), row(family="network", p=math.nan)]
    text = " ".join(
        wording.claim(rows, alpha=0.05, n_left_out=2, detectable=0.94, effect="change")
    )
    assert "11 people were compared (2 left out)" in text
    assert "2 tests were made in 2 families" in text
    assert "without a placebo" in text
    assert "0.94 standard deviations" in text
    other = wording.claim(rows, alpha=0.05, n_left_out=0, detectable=0.94, effect="drug-by-time")
    assert "without a placebo" not in " ".join(other)
    assert wording.claim([], alpha=0.05, n_left_out=0, detectable=1, effect="change") == [
        "Nothing could be tested."
    ]


def test_remarks_count_the_values_that_were_not_used():
    status = (
        "cannot be significant: p_min 0.125 > 0.05; 3 values: unreliable: r is 0.58; "
        "1 values: unreliable: r is 0.51"
    )
    assert wording.remarks(row(status=status)) == (
        "Remark: 4 values of single sessions were unreliable and not used."
    )
    assert wording.remarks(row()) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000977, "0.000977"), (-0.11, "-0.11"), (1234.5, "1234"), (math.nan, "n/a"), (0, "0")],
)
def test_numbers_have_three_digits(value, text):
    assert wording.number(value) == text
