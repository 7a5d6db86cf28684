"""What the page of several studies says, and what it does not say."""

import math
from dataclasses import fields, replace

import pytest

from gradshift.core.statistics.randomeffects import random_effects
from gradshift.group.pooledrows import PooledRow
from gradshift.report.pooled import _common_interval, _sentence
from gradshift.report.questions import QUESTIONS

ASKED = QUESTIONS[0].asked[0]
AGREED = replace(
    PooledRow(**{one.name: math.nan for one in fields(PooledRow)}),
    family="confirmatory", measure="withinfc", k=2, n=22, mean_change=-0.2, se=0.001,
    ci_low=-0.2127, ci_high=-0.1873, p=0.003, p_fwe=0.01, tau2=0.0, i2=0.0, q=0.0004, p_q=0.98,
    p_within=0.001, p_within_fwe=0.004,
)  # fmt: skip


def test_a_declared_value_changed_only_where_both_tests_say_so():
    assert "evidence of a fall" in _sentence(ASKED, AGREED, 0.05)
    for doubtful in ({"p_within_fwe": 0.06}, {"p_fwe": 0.06}):
        assert "undecided" in _sentence(ASKED, replace(AGREED, **doubtful), 0.05)
    exploratory = replace(AGREED, family="network", p_within_fwe=math.nan)
    assert "exploratory: a fall" in _sentence(ASKED, exploratory, 0.05)


def test_the_interval_of_a_common_effect_stands_beside_one_that_agreement_made_short():
    common = 1.959964 * 0.001 / math.sqrt(0.0004)
    wider = f"[{-0.2 - common:.3g}, {-0.2 + common:.3g}]"
    assert wider in _sentence(ASKED, AGREED, 0.05)
    apart = replace(AGREED, q=1.7, se=0.065, ci_low=-1.03, ci_high=0.63)
    for other in (apart, replace(AGREED, tau2=0.1, q=3.0), replace(AGREED, k=1, q=math.nan)):
        assert "common" not in _sentence(ASKED, other, 0.05)


@pytest.mark.parametrize("k", [2, 3])
def test_a_common_effect_has_the_standard_error_of_the_studies_own_precision(k, rng):
    variances = rng.uniform(0.01, 0.02, size=(k, 1))
    effects = 0.3 + 0.01 * rng.normal(size=(k, 1))
    pooled = random_effects(effects, variances, variances * 0 + 9)
    row = replace(AGREED, k=k, mean_change=pooled.mean[0], se=pooled.se[0],
                  ci_high=pooled.high[0], q=pooled.q[0], tau2=pooled.tau2[0])  # fmt: skip
    low, high = _common_interval(row, 0.05)
    assert (high - low) / 2 == pytest.approx(1.959964 / math.sqrt((1 / variances).sum()))
