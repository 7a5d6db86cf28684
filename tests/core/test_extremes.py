"""The smallest numbers of people, random draws, and values of any size, each by hand."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from gradshift.core.inference.noncentral import by_bisection, noncentral_t, noncentrality_of
from gradshift.core.inference.resampling import share
from gradshift.core.statistics.association import smallest_p
from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.core.statistics.coupling import FEWEST, _row_spearman, bca_interval, couple
from gradshift.core.statistics.equivalence import equivalence_p
from gradshift.core.statistics.groupcovariates import adjusted_groups
from gradshift.core.statistics.groups import compare_labels
from gradshift.core.statistics.randomeffects import family_p, random_effects
from gradshift.core.statistics.signflip import flipped
from gradshift.core.statistics.signtest import directions
from gradshift.core.statistics.specifications import joint_test
from gradshift.core.statistics.spin import _rotations
from gradshift.core.statistics.within import contrast_of_sessions


@pytest.mark.parametrize("extra", [0, 1])
def test_the_observed_data_count_as_one_more_of_random_patterns_and_not_of_all(extra):
    largest = np.array([1.0, 2.0, 3.0])
    expected = [(reached + extra) / (3 + extra) for reached in (3, 2, 1, 0)]
    np.testing.assert_allclose(share(largest, np.array([0.5, 1.5, 2.5, 3.5]), extra), expected)


def test_random_flips_of_variants_count_themselves(rng):
    changes = rng.normal(1, 0.01, size=(12, 5))  # no flip is as large but all and none
    found = joint_test(flipped(changes, n_permutations=49, seed=1, max_exact=5))
    assert not found.exact
    assert found.p * 50 == pytest.approx(round(found.p * 50))
    assert found.p < 0.1


@pytest.mark.parametrize("probability", [1e-9, 0.025, 0.975, 1 - 1e-9])
def test_a_noncentrality_has_its_probability_however_few_people_there_are(probability):
    df, t = (one.ravel() for one in np.meshgrid([1.0, 2, 30], [-50.0, -1, 0, 1, 50]))
    found = noncentrality_of(probability, df, t)
    np.testing.assert_allclose(noncentral_t(df, found, t), probability, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("df", [1.0, 10.0, 1998.0])
@pytest.mark.parametrize("probability", [0.025, 0.975])
def test_a_noncentrality_is_that_of_bisection(rng, df, probability):
    t = np.concatenate([3 * rng.normal(size=100), [0, 1e-12, -40, 40, np.nan, np.inf]])
    found = noncentrality_of(probability, np.full(len(t), df), t)
    known = np.isfinite(t)
    slow = by_bisection(probability, np.full(known.sum(), df), t[known])
    np.testing.assert_allclose(found[known], slow, rtol=1e-12, atol=1e-11)
    assert np.isnan(found[~known]).all()


def test_a_change_that_is_the_baseline_itself_has_an_interval():
    before = np.array([1.0, 2, 3, 5, 8])
    found = baseline_dependence(before, 2 * before, reliability=0.9)
    assert found.oldham_r == pytest.approx(1)
    assert 0.99 < found.oldham_low <= found.oldham_high <= 1


def test_two_people_can_be_equivalent():
    """One degree of freedom: by the distribution function of scipy."""
    expected = stats.nct.cdf(0.1, 1, 2 * np.sqrt(2))
    np.testing.assert_allclose(
        equivalence_p(np.array([0.1]), np.array([2]), np.array([1]), smallest=2.0), expected
    )


def test_deals_that_leave_a_group_without_two_values_reach_nothing(rng):
    """Two people of four in each group have a value; others may be dealt all of them."""
    known, y = [0, 1, 4, 5], np.array([0.0, 1.0, 0.6, 1.5])
    values = np.column_stack([rng.normal(size=8), np.full(8, np.nan)])
    values[known, 1] = y
    deals = [np.isin(np.arange(8), chosen) for chosen in combinations(range(8), 4)]
    t = np.array([
        abs(stats.ttest_ind(y[deal[known]], y[~deal[known]], equal_var=False).statistic)
        if deal[known].sum() == 2 else 0.0
        for deal in deals
    ])  # fmt: skip
    found = compare_labels(values, np.repeat([0.0, 1], 4))
    assert found.t[1] == pytest.approx(t[0])
    assert len(set(np.round(t[t > 0], 9))) == 3, "three ways to part four people"
    assert found.p[1] == pytest.approx(max((t >= t[0] * (1 - 1e-9)).mean(), 1 / 3))


@pytest.mark.parametrize("unit", [1e-18, 1.0, 1e18])
def test_the_unit_of_a_value_does_not_matter_to_groups(rng, unit):
    group = np.repeat([0.0, 1], 4)
    values = rng.normal(size=(8, 2)) + np.outer(group, [0, 3])
    one, other = compare_labels(values, group), compare_labels(unit * values, group)
    np.testing.assert_allclose(other.t, one.t)
    np.testing.assert_allclose(other.p, one.p)


def test_rounding_of_a_large_value_is_no_difference_between_groups():
    group = np.repeat([0.0, 1], 4)
    values = 1e9 + 1e-6 * np.outer(group, [1.0])
    assert compare_labels(values, group).t[0] == 0


def test_as_many_people_as_covariates_need_are_enough_and_one_fewer_is_not(rng):
    group = np.repeat([0.0, 1], [5, 6])
    covariates, values = rng.normal(size=(11, 2)), rng.normal(size=(11, 3))
    values[10, 1], values[[0, 10], 2] = np.nan, np.nan
    held = adjusted_groups(values, group, covariates, n_permutations=9)
    assert [bool(reason) for reason in held.reasons] == [False, False, True]
    assert np.isfinite(held.scheme.t).tolist() == [True, True, False]
    X = np.column_stack([np.ones(11), covariates, group])
    squares = np.linalg.lstsq(X, values[:, 0], rcond=None)[1][0]
    assert held.sd[0] == pytest.approx(np.sqrt(squares / 7))


def test_a_correlation_of_the_fewest_people_is_one_and_of_fewer_is_none(rng):
    x = rng.normal(size=(FEWEST, 1))
    assert np.isfinite(couple(x, x, n_permutations=9).rho).all()
    assert np.isnan(couple(x[1:], x[1:], n_permutations=9).rho).all()
    assert np.isnan(bca_interval(x[1:, 0], x[1:, 0])).all()


def test_each_draw_of_people_is_correlated_by_itself(rng):
    x, y = rng.integers(0, 4, size=(2, 3, 7)).astype(float)
    expected = [stats.spearmanr(one, other).statistic for one, other in zip(x, y, strict=True)]
    np.testing.assert_allclose(_row_spearman(x, y), expected)


def test_a_pooled_family_counts_the_studies_themselves_as_one_draw_more():
    effects = np.array([[1e-3, 9.0], [-1e-3, 9.1], [1e-9, 9.2]])
    pooled = random_effects(effects, np.full((3, 2), 1e-6), np.full((3, 2), 99.0))
    p = family_p(pooled, [1e-6 * np.eye(2)] * 3, draws=9)
    np.testing.assert_allclose(p, [1.0, 0.1])


def test_nobody_changes_in_no_direction():
    found = directions(np.array([[np.nan, 0.0, 1.0], [np.nan, 0.0, 2.0]]))
    np.testing.assert_array_equal(found.n_direction, [np.nan, 0, 2])
    np.testing.assert_array_equal(found.p, [np.nan, 1, 0.5])


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_smallest_p_of_a_number_of_people_knows_its_mirror_image_in_any_unit(unit):
    """24 arrangements of four numbers; twice as many are as large where the mirror is one."""
    assert smallest_p(unit * np.array([0.1, 0.2, 0.4, 0.5])) == 2 / 24
    assert smallest_p(unit * np.array([0.1, 0.2, 0.4, 0.6])) == 1 / 24


def test_a_rotation_keeps_lengths_angles_and_hands(rng):
    for turn in _rotations(rng, 20):
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)


def test_weights_of_one_sign_are_a_mean_of_sessions():
    values = np.arange(6.0).reshape(2, 3, 1)
    before, after, contrast = contrast_of_sessions(values, np.array([[0, 1.0, 1], [0, 0, 0]]))
    assert contrast[0, 0] == values[0, 1:].sum()
    assert after[0, 0] == values[0, 1:].mean()
    assert np.isnan([before[0, 0], contrast[1, 0]]).all()
