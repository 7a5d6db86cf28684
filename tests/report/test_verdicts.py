"""Few words for a result: evidence only of what was declared, corrected, and could be found."""

import math

import pytest

from contrastrows import row, undecided
from gradshift.report.verdicts import is_significant, verdict

ALPHA = 0.05


def kind(**other):
    return verdict(row(**other), ALPHA).kind


@pytest.mark.parametrize(
    ("p_fwe", "evidence"), [(0.0499, True), (0.05, True), (0.0501, False), (0.2, False)]
)
@pytest.mark.parametrize("change", [-0.11, 0.11, 1e-9])
def test_evidence_ends_at_the_level(p_fwe, evidence, change):
    said = "change" if evidence else "undecided"
    result = verdict(row(p_fwe=p_fwe, mean_change=change, verdict=said), ALPHA)
    assert result.is_evidence == evidence
    assert result.sign == (int(math.copysign(1, change)) if evidence else 0)


def test_what_was_not_declared_is_never_evidence():
    for p_fwe in (1e-9, 0.04, 0.9):
        result = verdict(row(family="network", verdict="n/a", p_fwe=p_fwe), ALPHA)
        assert not result.is_evidence
        assert result.text.startswith("exploratory")
        assert result.kind == ("hint-down" if p_fwe <= ALPHA else "open")


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("p_fwe", [1e-9, 0.04, 0.5])
def test_five_people_or_fewer_never_give_evidence(n, p_fwe):
    few = row(n=n, p_min=2 / 2**n, p_fwe=p_fwe)
    assert not is_significant(few, ALPHA)
    assert verdict(few, ALPHA).kind == "none"
    assert f"{n} people" in verdict(few, ALPHA).text


def test_without_a_test_there_is_no_verdict():
    assert verdict(None, ALPHA).kind == "none"
    assert kind(p=math.nan, p_fwe=math.nan) == "none"


def test_a_change_that_does_not_matter_and_one_that_is_not_known_are_told_apart():
    assert kind(p_fwe=0.9, verdict="smaller") == "smaller"
    assert verdict(undecided(), ALPHA).kind == "open"


def test_a_difference_between_changes_is_not_called_a_rise_or_fall():
    result = verdict(row(effect="drug-by-time", contrast="ketamine-placebo"), ALPHA)
    assert result.kind == "down"
    assert "fall" not in result.text


@pytest.mark.parametrize(
    ("effect", "contrast", "text"),
    [
        ("moderator", "post-pre~plasma", "evidence of a change that falls with plasma"),
        ("days", "post-pre", "evidence of a change that falls with the days"),
    ],
)
def test_a_slope_of_the_change_says_what_it_goes_with(effect, contrast, text):
    assert verdict(row(effect=effect, contrast=contrast), 0.05).text == text
