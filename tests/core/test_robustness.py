"""Reliability of halves, and changes over many ways to analyse them."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from gradshift.core.contrasts import compare_variants
from gradshift.core.statistics.reliability import split_half
from gradshift.core.statistics.signflip import flipped, signflip
from gradshift.core.statistics.specifications import joint_test


def by_anova(first, second):
    """ICC(3,1) and ICC(3,2) from the table of a two-way analysis of variance."""
    values = np.column_stack([first, second])
    grand, people, halves = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rows = 2 * ((people - grand) ** 2).sum() / (len(values) - 1)
    rest = values - people[:, None] - halves + grand
    error = (rest**2).sum() / (len(values) - 1)
    return (rows - error) / (rows + error), (rows - error) / rows, rows / error


def test_intraclass_correlations_are_those_of_the_analysis_of_variance(rng):
    true = rng.normal(size=(9, 3))
    first, second = true + 0.5 * rng.normal(size=(2, 9, 3)) + np.array([0, 2])[:, None, None]
    first[4, 1] = np.nan
    found = split_half(first, second)
    for i in range(3):
        there = np.isfinite(first[:, i])
        icc, full, ratio = by_anova(first[there, i], second[there, i])
        assert found.icc[i] == pytest.approx(icc)
        assert found.full[i] == pytest.approx(full)
        df = there.sum() - 1
        bound = ratio / stats.f.ppf(0.975, df, df)
        assert found.low[i] == pytest.approx((bound - 1) / (bound + 1))
    assert found.n.tolist() == [9, 8, 9]


def test_a_planted_reliability_is_recovered_and_its_interval_holds_it(rng):
    true = np.sqrt(0.6) * rng.normal(size=(12, 3000))
    first, second = true + np.sqrt(0.4) * rng.normal(size=(2, 12, 3000))
    found = split_half(first, second)
    assert np.median(found.icc) == pytest.approx(0.6, abs=0.03)
    covered = ((found.low <= 0.6) & (found.high >= 0.6)).sum()
    assert stats.binom.ppf(0.005, 3000, 0.95) <= covered <= stats.binom.ppf(0.995, 3000, 0.95)


def test_halves_that_are_the_same_or_say_nothing():
    values = np.array([[1.0, 0.1, 3], [2, 0.1, np.nan], [4, 0.1, 5]])
    found = split_half(values, values + np.array([1.0, 0, 0]))
    assert (found.icc[0], found.full[0], found.low[0]) == (1, 1, 1)
    assert np.isnan(found.icc[1:]).all()
    assert np.isnan(found.full[1:]).all()


def t_of(changes):
    return changes.mean(axis=0) / (changes.std(axis=0, ddof=1) / np.sqrt(len(changes)))


def test_variants_are_flipped_together(rng):
    changes = rng.normal(size=(7, 1)) + 0.3 * rng.normal(size=(7, 4)) + 0.4
    every = [np.median(t_of(changes * np.array(s)[:, None])) for s in product((1, -1), repeat=7)]
    found = joint_test(flipped(changes))
    assert found.median_t == pytest.approx(np.median(t_of(changes)))
    assert found.p == (np.abs(every) >= abs(found.median_t) - 1e-9).mean()
    assert (found.p_min, found.n_permutations, found.exact) == (2 / 128, 128, True)
    assert np.isnan(joint_test(flipped(changes[:, :3])).p)
    assert np.isnan(joint_test(flipped(np.full((4, 4), np.nan))).p)


def test_variants_are_compared_by_the_difference_of_their_effects(rng):
    """Two recipes give nearly the same changes; a third has no effect."""
    shared = rng.normal(1, 0.5, size=(12, 1))
    one, other = (shared + 0.1 * rng.normal(size=(12, 1)) for _ in range(2))
    noisy = shared - shared.mean() + rng.normal(0, 0.3, size=(12, 1))
    same, worse = compare_variants(one, 10 * other), compare_variants(one, noisy)
    assert same.p[0] > 0.05 > worse.p[0]
    size = [np.sqrt((v**2).mean()) for v in (one, noisy)]
    assert worse.p[0] == signflip(one / size[0] - noisy / size[1]).p[0]
    raw = compare_variants(one, other, same_unit=True)
    assert raw.mean_change[0] == pytest.approx((one - other).mean())


def test_the_error_rate_over_variants_is_the_nominal_one(rng):
    studies = rng.normal(size=(1000, 9, 1)) + 0.5 * rng.normal(size=(1000, 9, 4))
    called = sum(joint_test(flipped(changes)).p <= 0.05 for changes in studies)
    low, high = stats.binom.ppf([0.005, 0.995], 1000, 0.05)
    assert low <= called <= high
