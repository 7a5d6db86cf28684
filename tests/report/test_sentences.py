"""Sentences about one result hold its numbers and claim no more than its row."""

import math
import re
from dataclasses import replace

import pytest

from contrastrows import row, undecided
from gradshift.report.direction import sides
from gradshift.report.numbers import apart, number, p_value
from gradshift.report.sentences import Terms, adjusted, finding, interval, remarks

TERMS = Terms(
    name="connectivity within the default mode network",
    unit="Fisher z",
    alpha=0.05,
    smallest=0.5,
    n_tests=6,
)


def tell(result):
    return finding(result, TERMS)


def numbers(text):
    return set(re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text))


def test_a_change_is_told_with_its_numbers_and_the_interval_of_its_verdict():
    text = tell(row())
    wanted = {"0.35", "0.24", "-0.11", "-2.17", "-3.1", "-1.2", "11", "0.00195", "6", "0.00391"}
    assert wanted <= numbers(text)
    assert "-3.51" not in numbers(text)  # the single interval is not the one of the verdict
    assert "fell" in text


@pytest.mark.parametrize("result", [row(), undecided(), row(family="x", verdict="n/a")])
def test_no_interval_contradicts_its_verdict(result):
    low, high = interval(result)
    if result.verdict != "n/a":
        assert (low > 0 or high < 0) == (result.p_fwe <= 0.05)
    else:
        assert (low, high) == (result.ci_low, result.ci_high)


def test_undecided_is_said_to_be_no_absence():
    text = tell(undecided())
    assert "undecided" in text
    assert not re.search(r"\b(fell|rose) from", text)
    assert "evidence" not in text


def test_a_change_smaller_than_what_matters_is_evidence_of_just_that():
    text = tell(undecided(verdict="smaller", p_equivalence=0.012))
    assert "smaller than 0.5" in text
    assert "0.012" in numbers(text)


def test_what_was_not_declared_says_so_however_certain():
    text = tell(row(family="network", verdict="n/a", p_fwe=1e-6))
    assert "no evidence" in text
    assert "exploratory" in text


def test_a_result_that_the_page_as_a_whole_does_not_bear_says_so():
    assert "does not stay" in tell(row(p_page=0.08))
    assert "does not stay" not in tell(row(p_page=0.03))


def test_what_was_not_tested_gives_its_reason():
    text = tell(row(p=math.nan, p_fwe=math.nan, status="1 with both sessions, 2 needed"))
    assert "1 with both sessions, 2 needed" in text


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_too_few_people_are_described(n):
    text = tell(row(n=n, p_min=2 / 2**n, p_fwe=1e-9))
    assert "no result can be significant" in text
    assert not re.search(r"\b(fell|rose) from", text)


@pytest.mark.parametrize(
    ("alpha", "p_min", "level"), [(0.05, 0.000977, "95"), (0.05, 0.0625, "93.8"), (0.01, 0, "99")]
)
def test_an_interval_has_the_level_that_the_people_allow(alpha, p_min, level):
    text = finding(row(p_min=p_min), replace(TERMS, alpha=alpha))
    assert f"simultaneous {level} % interval" in text


def test_a_difference_is_told_of_both_sides():
    result = row(
        effect="drug-by-time", contrast="ketamine-placebo", mean_baseline=0.02,
        mean_followup=-0.09, n_direction=math.nan, p_sign=math.nan,
    )  # fmt: skip
    text = tell(result)
    assert "-0.09 Fisher z in ketamine" in text
    assert "+0.02 in placebo" in text
    assert "fell from" not in text
    assert sides("a-b-c") == ("the one", "the other")


def test_motion_held_constant_is_told_by_what_is_left_of_the_change():
    held = row(covariates="deltafd", mean_change=-0.011, hedges_g=-0.2, p_fwe=0.8)
    text = adjusted(row(), held, 0.05)
    assert "10 %" in text
    assert "0.8" in numbers(text)
    assert adjusted(row(), None, 0.05) == ""
    assert "no spread" in adjusted(
        row(), row(covariates="deltafd", p_fwe=math.nan, status="no spread"), 0.05
    )


def test_remarks_leave_out_what_the_sentence_says_already():
    assert remarks(row()) == ""
    assert remarks(row(status="cannot be significant: p_min 0.125 > 0.05")) == ""
    assert "skewed" in remarks(row(status="skewed changes (skewness 1.4): see the sign test"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000977, "0.000977"), (-0.11, "-0.11"), (1234.5, "1234"), (math.nan, "n/a"), (0, "0")],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_rounding_hides_no_rise_and_moves_no_p_over_its_level():
    assert apart(0.12345, 0.12349) == ("0.12345", "0.12349")
    assert apart(1.0, 1.0) == ("1", "1")
    for value in (0.0499, 0.04999, 0.05, 0.05001, 0.0500001):
        assert (float(p_value(value, 0.05)) <= 0.05) == (value <= 0.05)
