"""One line for a question: from declared results, judged by the direction that was asked for."""

import math

import pytest

from contrastrows import row, undecided
from gradshift.group.recipes import RecipeDifference
from gradshift.report import words
from gradshift.report.questions import QUESTIONS, Asked
from gradshift.report.summaries import agreement, answer, beside, claim, summary

FALL = Asked("withinfc", "network", "Default", "connectivity", "c", -1)
RISE = Asked("lowhighfc", "whole", "whole", "exchange", "e", 1)
UP = row(mean_change=0.11)
DOWN = row()


@pytest.mark.parametrize(
    ("asked", "result", "lead"),
    [(FALL, DOWN, "Yes"), (FALL, UP, "No: the opposite"), (RISE, UP, "Yes"),
     (RISE, DOWN, "No: the opposite")],
)  # fmt: skip
def test_the_direction_is_judged_against_the_question(asked, result, lead):
    assert answer([(asked, result)], 0.05).startswith(lead)


def test_values_that_disagree_are_told_apart():
    assert answer([(FALL, DOWN), (FALL, undecided())], 0.05).startswith("In part")
    assert answer([(FALL, DOWN), (FALL, UP)], 0.05).startswith("Mixed")
    assert answer([(FALL, undecided()), (FALL, undecided())], 0.05) == "Undecided in both."


def test_no_exploratory_result_answers_a_question():
    hint = row(family="network", verdict="n/a")
    assert answer([(FALL, undecided()), (RISE, hint)], 0.05).startswith("Undecided")
    assert answer([(RISE, hint)], 0.05).startswith("Exploratory")
    assert answer([(FALL, None)], 0.05) == "Not measured."
    assert answer([(FALL, row(n=4, p_min=0.125))], 0.05).startswith("No test: 4 people")
    assert answer([(FALL, row(p=math.nan, p_fwe=math.nan))], 0.05).startswith("Not tested")


def test_a_difference_between_treatments_answers_in_the_same_way():
    more = {"effect": "drug-by-time", "contrast": "ketamine-placebo"}
    assert answer([(FALL, row(**more))], 0.05).startswith("Yes")
    assert "fell" not in answer([(FALL, row(**more))], 0.05)


def test_several_results_are_summed_up_by_verdict_evidence_first():
    text = summary([("a", undecided()), ("b", DOWN), ("c", DOWN)], 0.05)
    assert text.index("the b and the c") < text.index("the a")
    assert summary([("a", DOWN), ("b", DOWN)], 0.05).endswith("in both.")
    many = [(f"v{i}", undecided()) for i in range(6)]
    assert "the 6 others" in summary([("a", DOWN), *many], 0.05)


def difference(other, p_fwe):
    return RecipeDifference(
        contrast="post-pre", effect="change", task="rest", atlas="A", recipe="aCompCor",
        other=other, measure="withinfc", level="network", label="Default", n=11,
        mean_difference=0.02, hedges_g=0.4, p=p_fwe, p_fwe=p_fwe, status="ok",
    )  # fmt: skip


def test_recipes_are_compared_by_their_difference_never_by_their_verdicts():
    names = {FALL.key: FALL.name}
    assert "depends on how" in agreement([difference("36P", 0.01)], names, 0.05)
    text = agreement([difference("36P", 0.4), difference("24P", 0.03)], names, 0.05)
    assert "No evidence that recipe 36P" in text
    assert "Recipe 24P gives another" in text
    assert agreement([], names, 0.05) == ""
    assert agreement([difference("36P", math.nan)], names, 0.05) == ""


def test_another_recipe_beside_it_says_whether_the_sign_differs():
    assert "the sign differs" in beside(DOWN, row(recipe="36P", mean_change=0.02, p_fwe=0.9), 0.05)
    assert "the same direction" in beside(DOWN, row(recipe="36P"), 0.05)
    assert "evidence" not in beside(DOWN, row(recipe="36P"), 0.05)


def test_the_claim_rests_on_the_people_of_the_declared_family():
    rows = [
        row(), row(family="network", verdict="n/a", n=12, p_min=0.0005),
        row(family="network", p=math.nan),
    ]  # fmt: skip
    text = " ".join(claim(rows, alpha=0.05, n_left_out=2, chance={"Expected": 0.31}))
    assert "11 people were compared (2 left out)" in text
    assert "0.000977" in text
    assert "2 tests were made in 2 families" in text
    assert "0.31 families" in text
    few = claim([row(n=4, p_min=0.125)], alpha=0.05, n_left_out=0, chance={})
    assert "no result on this page can be significant" in few[0]
    assert claim([], alpha=0.05, n_left_out=0, chance={}) == ["Nothing could be tested."]


def test_every_question_has_a_confirmatory_value_and_a_direction():
    from gradshift.core.inference.families import CONFIRMATORY

    keys = [{asked.key for asked in question.asked} for question in QUESTIONS]
    assert all(asked & CONFIRMATORY for asked in keys)
    assert set().union(*keys) >= CONFIRMATORY
    assert {asked.expected for question in QUESTIONS for asked in question.asked} == {-1, 1}


def test_names_of_the_tables_are_put_into_words():
    assert words.label("network-pair", "Default-SomMot") == "default mode and somatomotor"
    assert words.where("network", "ContA") == "the control A network"
    assert words.where("set", "PCC") == "the posterior cingulate"
    assert words.label("network", "Own") == "Own"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
