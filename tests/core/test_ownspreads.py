"""Groups that differ in spread: what normal errors with these spreads give."""

from collections import Counter

import numpy as np
import pytest
from scipy import special, stats

from gradshift.core.contrasts import compare_groups
from gradshift.core.statistics.groups import compare_labels
from gradshift.core.statistics.ownspreads import with_own_spreads
from gradshift.group import contrasts

GROUP = np.repeat([1.0, 0.0], [4, 8])
UNEQUAL = np.where(GROUP == 1, 3.0, 1.0)[:, None]


def score(values):
    """Normal score of Welch's t of one column, by scipy."""
    test = stats.ttest_ind(values[GROUP == 1], values[GROUP == 0], equal_var=False)
    return abs(special.ndtri(special.stdtr(test.df, -abs(test.statistic))))


def test_p_of_draws_is_that_of_plain_loops(rng):
    values = rng.normal(size=(12, 3)) * UNEQUAL + np.outer(GROUP, [0, 2, 6])
    draws = np.random.default_rng(5).standard_normal((99, 12, 12))
    drawn = np.empty((99, 3))
    for b, draw in enumerate(draws):
        for column, own in enumerate(values.T):
            alike, spread = np.empty(12), np.empty(12)
            for code in (0, 1):
                members = own[code == GROUP]
                spread[code == GROUP] = members.std(ddof=1)
                alike[code == GROUP] = (members - members.mean()) / members.std()
            errors = spread * (draw @ alike / np.linalg.norm(alike))
            drawn[b, column] = score(errors)
    seen = np.array([score(column) for column in values.T]) * (1 - 1e-8)
    test = compare_labels(values, GROUP, n_permutations=99, seed=5)
    found = with_own_spreads(test, values, GROUP, n_permutations=99, seed=5)
    p = (1 + (drawn >= seen).sum(axis=0)) / 100
    family = (1 + (drawn.max(axis=1)[:, None] >= seen).sum(axis=0)) / 100
    np.testing.assert_allclose(found.p_spreads, p)
    np.testing.assert_allclose(found.p_fwe_spreads, family)
    np.testing.assert_array_equal(found.p, test.p)
    np.testing.assert_array_equal(found.p_fwe, test.p_fwe)


def test_six_values_of_a_small_and_noisy_group_are_called_no_more_often_than_they_should(rng):
    """Permutations alone call one of six in more than a tenth of such studies."""
    alone = called = 0
    for _ in range(200):
        values = rng.normal(size=(12, 6)) * UNEQUAL
        test = compare_labels(values, GROUP, n_permutations=199)
        found = with_own_spreads(test, values, GROUP, n_permutations=199)
        alone += test.p_fwe.min() <= 0.05
        called += np.maximum(found.p_fwe, found.p_fwe_spreads).min() <= 0.05
    assert alone / 200 > 0.09
    assert called / 200 < 0.08


@pytest.mark.parametrize("held", [False, True])
def test_a_declared_difference_is_a_change_where_both_p_call_it(rng, held):
    told = Counter()
    for _ in range(12):
        motion = rng.normal(size=(12, 1)) + GROUP[:, None] if held else None
        values = rng.normal(size=(12, 6)) * UNEQUAL + np.outer(GROUP, np.arange(6) * 2)
        found = compare_groups(0 * values, values, GROUP, covariates=motion, n_permutations=199)
        for i, p in enumerate(zip(found.p_fwe, found.p_fwe_spreads, strict=True)):
            called = [one <= 0.05 for one in p]
            assert (contrasts._verdict(found, i, 0.05) == "change") == all(called)
            remark = contrasts._status(found, i, "", 0.05)
            assert ("differ in spread" in remark) == (called == [True, False])
            told[tuple(called)] += 1
    assert told[True, True]
    assert told[False, False]
    assert held or told[True, False]


def test_missing_values_change_only_their_own_column(rng):
    values = rng.normal(size=(12, 2)) * UNEQUAL
    some = values.copy()
    some[5, 1] = np.nan
    whole, part = (
        with_own_spreads(compare_labels(one, GROUP), one, GROUP) for one in (values, some)
    )
    assert part.p_spreads[0] == whole.p_spreads[0]
    assert part.p_spreads[1] != whole.p_spreads[1]
    assert part.n.tolist() == [12, 11]


def test_a_value_that_a_whole_group_lacks_has_no_p_and_takes_none_from_others(rng):
    values = rng.normal(size=(12, 3)) * UNEQUAL
    lacking = values.copy()
    lacking[GROUP == 1, 1] = np.nan
    found = {}
    for name, every in (("all", values), ("lacking", lacking)):
        test = compare_labels(every, GROUP, n_permutations=99, seed=5)
        found[name] = with_own_spreads(test, every, GROUP, n_permutations=99, seed=5)
    assert np.isnan(found["lacking"].p_spreads[1])
    others = [0, 2]
    np.testing.assert_array_equal(
        found["lacking"].p_spreads[others], found["all"].p_spreads[others]
    )
