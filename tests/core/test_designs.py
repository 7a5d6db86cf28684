"""Covariates and several sessions: known answers, missing values, error rates."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.covariates import flipped_residuals, permuted_residuals
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.within import within_people


def adjusted_signflip(changes, covariates):
    held = flipped_residuals(changes, covariates)
    return largest_t(held.scheme), held.sd, held.df


def intercept_t(values, covariates):
    """t of the intercept of a least-squares fit with centred covariates."""
    X = np.column_stack([np.ones(len(values)), covariates - covariates.mean(axis=0)])
    fit, *_ = np.linalg.lstsq(X, values, rcond=None)
    df = len(X) - X.shape[1]
    variance = ((values - X @ fit) ** 2).sum(axis=0) / df
    return fit[0] / np.sqrt(variance * np.linalg.inv(X.T @ X)[0, 0])


def test_covariates_are_held_constant_flip_by_flip(rng):
    """Freedman-Lane as it is written: residuals flipped, fit added back, model refitted."""
    covariates = rng.normal(size=(10, 2))
    changes = rng.normal(0.3, 1, size=(10, 3)) + covariates @ [[1, 0, 2], [0, 1, 0]]
    centred = covariates - covariates.mean(axis=0)
    explained = centred @ np.linalg.lstsq(centred, changes, rcond=None)[0]
    rest = changes - explained
    every = np.array([
        np.abs(intercept_t(explained + rest * np.array(s)[:, None], covariates))
        for s in product((1, -1), repeat=10)
    ])  # fmt: skip
    observed = intercept_t(changes, covariates)
    found, _, df = adjusted_signflip(changes, covariates)
    np.testing.assert_allclose(found.t, observed, rtol=1e-9)
    np.testing.assert_array_equal(found.p, (every >= np.abs(observed) - 1e-9).mean(axis=0))
    largest = every.max(axis=1)[:, None]
    np.testing.assert_array_equal(found.p_fwe, (largest >= np.abs(observed) - 1e-9).mean(axis=0))
    assert df.tolist() == [7, 7, 7]


def test_people_without_a_value_or_a_covariate_are_left_out(rng):
    covariates = rng.normal(size=(14, 1))
    covariates[0] = np.nan
    changes = rng.normal(0.5, 1, size=(14, 3)) + np.nan_to_num(covariates)
    changes[[3, 4], 1] = np.nan
    changes[5:, 2] = np.nan
    found, _, df = adjusted_signflip(changes, covariates)
    assert found.n.tolist() == [13, 11, 4]
    assert df.tolist()[:2] == [11, 9]
    alone, _, _ = adjusted_signflip(
        changes[[1, 2, *range(5, 14)], 1:2], covariates[[1, 2, *range(5, 14)]]
    )
    assert (found.t[1], found.p[1]) == (pytest.approx(alone.t[0]), alone.p[0])
    assert np.isnan(found.p[2])


def test_a_covariate_that_explains_nothing_leaves_the_signs_as_they_were(rng):
    changes = rng.normal(0.4, 1, size=(9, 2))
    found, _, df = adjusted_signflip(changes, np.ones((9, 1)))
    np.testing.assert_array_equal(found.p, signflip(changes).p)
    assert df.tolist() == [8, 8]


def test_the_error_rate_with_a_covariate_is_close_to_the_nominal_one(rng):
    """Changes go with motion, but not on average; 600 families of 8.

    The method is approximate: 3000 families gave .061 (standard error .004).
    """
    called = 0
    for _ in range(600):
        motion = rng.normal(size=(11, 1))
        changes = rng.normal(size=(11, 8)) + rng.normal(size=(11, 1))
        changes += 1.5 * (motion - motion.mean())
        called += adjusted_signflip(changes, motion)[0].p_fwe.min() <= 0.05
    low, high = stats.binom.ppf([0.005, 0.995], 600, 0.061)
    assert low <= called <= high


def test_motion_that_everybody_has_less_of_sharpens_the_test(rng):
    motion = rng.normal(size=(12, 1))
    changes = 0.6 + 2 * (motion - motion.mean()) + 0.3 * rng.normal(size=(12, 1))
    assert adjusted_signflip(changes, motion)[0].p[0] < 0.01 < signflip(changes).p[0]


def group_t(values, group, covariates):
    """t of the group in a least-squares fit with intercept and covariates."""
    X = np.column_stack([group, np.ones(len(values)), covariates])
    fit, *_ = np.linalg.lstsq(X, values, rcond=None)
    df = len(X) - X.shape[1]
    variance = ((values - X @ fit) ** 2).sum(axis=0) / df
    return fit[0] / np.sqrt(variance * np.linalg.inv(X.T @ X)[0, 0]), fit[0]


def test_groups_with_covariates_are_permuted_one_by_one(rng):
    """Freedman-Lane as it is written, over all 720 orders of six people, one of a column missing.

    Residuals of the model without the group are permuted, the fit is added back, and the whole
    model is fitted again.
    """
    group, covariate = np.array([0.0, 0, 0, 1, 1, 1]), rng.normal(size=(6, 1))
    values = rng.normal(size=(6, 3)) + np.outer(group, [1, 3, 0]) + 2 * covariate
    Z = np.column_stack([np.ones(6), covariate])
    explained = Z @ np.linalg.lstsq(Z, values, rcond=None)[0]
    every = np.array([
        np.abs(group_t(explained + (values - explained)[list(order)], group, covariate)[0])
        for order in permutations(range(6))
    ])  # fmt: skip
    observed, slope = group_t(values, group, covariate)
    held = permuted_residuals(values, group, covariate)
    found = largest_t(held.scheme)
    np.testing.assert_allclose(found.t, observed, rtol=1e-9)
    np.testing.assert_allclose(held.effect, slope, rtol=1e-9)
    np.testing.assert_allclose(held.effect / held.sd * np.sqrt(held.spread), observed, rtol=1e-9)
    own = (every >= np.abs(observed) - 1e-9).mean(axis=0)
    family = (every.max(axis=1)[:, None] >= np.abs(observed) - 1e-9).mean(axis=0)
    floor = 2 / 20  # of permuting the labels of three and three people
    np.testing.assert_allclose(found.p, np.maximum(own, floor))
    np.testing.assert_allclose(found.p_fwe, np.maximum(family, floor))
    assert (found.exact, found.n_permutations) == (True, 720)
    np.testing.assert_allclose(found.p_min, floor)
    values[2, 1] = np.nan
    there = [0, 1, 3, 4, 5]
    some = permuted_residuals(values, group, covariate)
    alone = permuted_residuals(values[there, 1:2], group[there], covariate[there])
    assert largest_t(some.scheme).t[1] == pytest.approx(largest_t(alone.scheme).t[0])
    assert largest_t(some.scheme).p[1] == pytest.approx(largest_t(alone.scheme).p[0])


def test_a_covariate_that_is_the_group_leaves_nothing_to_test(rng):
    group = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
    held = permuted_residuals(rng.normal(size=(8, 2)), group, 3 * group[:, None] - 1)
    assert np.isnan(largest_t(held.scheme).p).all()


def test_the_error_rate_between_groups_with_a_covariate_is_close_to_the_nominal_one(rng):
    """The groups differ in motion, and changes go with motion; 400 families of 6."""
    group, called = np.repeat([0.0, 1], [5, 6]), 0
    for i in range(400):
        motion = rng.normal(size=(11, 1)) + group[:, None]
        values = rng.normal(size=(11, 6)) + rng.normal(size=(11, 1)) + 1.5 * motion
        held = permuted_residuals(values, group, motion, n_permutations=199, seed=i)
        called += largest_t(held.scheme).p_fwe.min() <= 0.05
    low, high = stats.binom.ppf([0.005, 0.995], 400, 0.05)
    assert low <= called <= high


def within_t(values, x):
    """t of a regression with an intercept for each person, by least squares."""
    there = np.isfinite(x)
    people = np.nonzero(there)[0]
    X = np.column_stack([x[there], (people[:, None] == np.unique(people)).astype(float)])
    y = values[there]
    fit, *_ = np.linalg.lstsq(X, y, rcond=None)
    df = len(X) - X.shape[1]
    variance = ((y - X @ fit) ** 2).sum() / df
    return fit[0] / np.sqrt(variance * np.linalg.inv(X.T @ X)[0, 0]), fit[0]


def test_sessions_are_permuted_within_people_one_by_one(rng):
    x = np.tile([0.0, 1.0, 1.0], (5, 1))
    x[2, 2] = np.nan
    values = (
        rng.normal(size=(5, 3, 1)) + 10 * rng.normal(size=(5, 1, 1)) + np.nan_to_num(x)[..., None]
    )
    values[2, 2] = np.nan
    observed, slope = within_t(values[..., 0], x)
    every = []
    for orders in product(*(permutations(row[np.isfinite(row)]) for row in x)):
        moved = np.full(x.shape, np.nan)
        moved[np.isfinite(x)] = [value for order in orders for value in order]
        every.append(abs(within_t(values[..., 0], moved)[0]))
    found, mine = within_people(values, x)
    assert found.t[0] == pytest.approx(observed)
    assert mine[0] == pytest.approx(slope)
    assert found.p[0] == (np.array(every) >= abs(observed) - 1e-9).mean()
    assert (found.exact, found.n_permutations, found.n[0]) == (True, 6**4 * 2, 5)
    assert found.p_min[0] == 1 / (3**4 * 2)


def test_two_sessions_are_the_sign_flips(rng):
    before, after = rng.normal(size=(2, 8, 3))
    found, slope = within_people(np.stack([before, after], axis=1), np.tile([0.0, 1], (8, 1)))
    flips = signflip(after - before)
    np.testing.assert_array_equal(found.p, flips.p)
    np.testing.assert_array_equal(found.p_fwe, flips.p_fwe)
    np.testing.assert_array_equal(found.p_min, flips.p_min)
    np.testing.assert_allclose(slope, (after - before).mean(axis=0))


def test_a_person_who_lacks_a_value_is_left_out_of_that_column(rng):
    values, x = rng.normal(size=(6, 3, 2)), np.tile([0.0, 1, 7], (6, 1))
    values[1, 2, 1] = np.nan
    found, _ = within_people(values, x)
    others = [0, 2, 3, 4, 5]
    alone, _ = within_people(values[others, :, 1:], x[others])
    assert found.n.tolist() == [6, 5]
    assert found.t[1] == pytest.approx(alone.t[0])
    assert found.p[1] == pytest.approx(alone.p[0])


def test_over_all_orders_of_the_data_no_p_comes_more_often_than_it_says(rng, monkeypatch):
    """A law of exact tests: the share of orders with a p of at most a is at most a.

    Three people, one of them without a session, two without a value in one column each; random
    orders keep it on average over seeds.
    """
    x = np.tile([0.0, 1, 7], (3, 1))
    x[1, 2] = np.nan
    values = rng.normal(size=(3, 3, 4)) + 5 * rng.normal(size=(3, 1, 1))
    values[1, 2], values[2, 1, 1], values[0, :, 2] = np.nan, np.nan, np.nan
    own = [np.flatnonzero(np.isfinite(row)) for row in x]
    every = []
    for orders in product(*map(permutations, own)):
        moved = values.copy()
        for person, order in enumerate(orders):
            moved[person, own[person]] = values[person, list(order)]
        every.append(moved)

    def ps(**chance):
        found = [within_people(moved, x, **chance)[0] for moved in every]
        return [
            *np.array([one.p for one in found]).T,
            np.array([one.p_fwe.min() for one in found]),
        ]

    for p in ps():
        assert all((p <= a + 1e-12).mean() <= a + 1e-12 for a in np.unique(p))
    monkeypatch.setattr("gradshift.core.statistics.within.MAX_EXACT", 1)
    drawn = [np.concatenate(p) for p in zip(*(ps(n_permutations=19, seed=i) for i in range(60)),
                                            strict=True)]  # fmt: skip
    for p in drawn:
        error = 3 * np.sqrt(0.25 / len(p))
        assert all((p <= a + 1e-12).mean() <= a + error for a in np.unique(p))


def test_the_error_rate_of_permuted_sessions_is_the_nominal_one(rng):
    """Ten people, three sessions, some missing, people of different levels; random orders."""
    x = np.tile([0.0, 1, 1], (10, 1))
    x[[1, 2], [2, 1]] = np.nan
    called = 0
    for i in range(400):
        values = rng.normal(size=(10, 3, 4)) + 5 * rng.normal(size=(10, 1, 1))
        values += rng.normal(size=(10, 3, 1))
        found, _ = within_people(values, x, n_permutations=199, seed=i)
        called += found.p_fwe.min() <= 0.05
    assert not found.exact
    low, high = stats.binom.ppf([0.005, 0.995], 400, 0.05)
    assert low <= called <= high
