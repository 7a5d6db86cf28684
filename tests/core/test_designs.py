"""Covariates, groups, crossovers and several sessions against plain loops."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from scipy import stats

from gradshift.core.contrasts import (
    compare,
    compare_crossover,
    compare_groups,
    compare_sessions,
    compare_weighted,
)
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.covariates import flipped_residuals
from gradshift.core.statistics.crossover import periods
from gradshift.core.statistics.groupcovariates import adjusted_groups
from gradshift.core.statistics.groups import compare_labels, labelled
from gradshift.core.statistics.signflip import signflip


def adjusted_signflip(changes, covariates):
    held = flipped_residuals(changes, covariates)
    return largest_t(held.scheme), held.sd, held.df


def intercept_t(values, held):
    """t of the intercept of a least-squares fit."""
    X = np.column_stack([np.ones(len(values)), held])
    fit, *_ = np.linalg.lstsq(X, values, rcond=None)
    df = len(X) - X.shape[1]
    variance = ((values - X @ fit) ** 2).sum(axis=0) / df
    return fit[0] / np.sqrt(variance * np.linalg.inv(X.T @ X)[0, 0])


@pytest.mark.parametrize("traits", [(False, False), (False, True), (True, True)])
def test_covariates_are_held_constant_flip_by_flip(rng, traits):
    """Freedman-Lane as it is written: residuals flipped, fit added back, model refitted.

    Within-person covariates as they are, traits centred, over all 2^n flips.
    """
    covariates = rng.normal(0.7, 1, size=(10, 2))
    changes = rng.normal(0.3, 1, size=(10, 3)) + covariates @ [[1, 0, 2], [0, 1, 0]]
    held = covariates - np.where(traits, covariates.mean(axis=0), 0)
    explained = held @ np.linalg.lstsq(held, changes, rcond=None)[0]
    rest = changes - explained
    every = np.array([
        np.abs(intercept_t(explained + rest * np.array(s)[:, None], held))
        for s in product((1, -1), repeat=10)
    ])  # fmt: skip
    observed = intercept_t(changes, held)
    fit = flipped_residuals(changes, covariates, traits=traits)
    found = largest_t(fit.scheme)
    np.testing.assert_allclose(found.t, observed, rtol=1e-9)
    np.testing.assert_allclose(fit.effect / fit.se, observed, rtol=1e-9)
    np.testing.assert_array_equal(found.p, (every >= np.abs(observed) * (1 - 1e-8)).mean(axis=0))
    largest = every.max(axis=1)[:, None]
    np.testing.assert_array_equal(
        found.p_fwe, (largest >= np.abs(observed) * (1 - 1e-8)).mean(axis=0)
    )
    assert fit.df.tolist() == [7, 7, 7]


def test_the_change_at_no_change_of_motion_is_tested(rng):
    """Motion makes all of the change: nothing is left at no motion, all of it at the mean."""
    motion = rng.normal(1, 0.3, size=(12, 1))
    changes = 2 * motion + 0.3 * rng.normal(size=(12, 1))
    within, trait = (flipped_residuals(changes, motion, traits=[t]) for t in (False, True))
    assert largest_t(within.scheme).p[0] > 0.2
    assert largest_t(trait.scheme).p[0] < 0.001
    assert trait.effect[0] == pytest.approx(changes.mean())
    _, intercept = np.polyfit(motion[:, 0], changes[:, 0], 1)
    assert within.effect[0] == pytest.approx(intercept)


@pytest.mark.parametrize("value", [0.0, 1.3])
@pytest.mark.parametrize("trait", [False, True])
def test_a_covariate_without_spread_gives_no_result_but_a_reason(rng, value, trait):
    changes = rng.normal(0.4, 1, size=(9, 2))
    found = compare(np.zeros((9, 2)), changes, covariates=np.full((9, 1), value), traits=[trait])
    assert np.isnan([found.t, found.p, found.p_fwe, found.hedges_g, found.ci_low_fwe]).all()
    assert all("does not vary" in text for text in found.status)


def test_a_covariate_that_repeats_another_is_refused(rng):
    motion = rng.normal(size=(12, 1))
    held = flipped_residuals(rng.normal(size=(12, 1)), np.hstack([motion, 2 * motion]))
    assert np.isnan(largest_t(held.scheme).p).all()
    assert held.reasons[0]


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


def test_motion_that_everybody_has_less_of_sharpens_the_test(rng):
    motion = rng.normal(size=(12, 1))
    changes = 0.6 + 2 * motion + 0.3 * rng.normal(size=(12, 1))
    assert adjusted_signflip(changes, motion)[0].p[0] < 0.01 < signflip(changes).p[0]


def normal_score(t, df):
    return np.sign(t) * -stats.norm.ppf(stats.t.sf(np.abs(t), df))


def welch_score(values, labels):
    """Normal score of Welch's t of each column, by scipy."""
    test = stats.ttest_ind(values[labels == 1], values[labels == 0], equal_var=False)
    return normal_score(test.statistic, test.df)


@pytest.mark.parametrize(("zeros", "ones"), [(3, 6), (5, 4)])
def test_groups_are_compared_by_the_normal_score_of_welchs_t_deal_by_deal(rng, zeros, ones):
    group = np.repeat([0.0, 1], [zeros, ones])
    values = rng.normal(size=(9, 4)) * np.where(group == 1, 1, 3)[:, None]
    values += np.outer(group, [0, 1, 3, 5])
    every = np.array([
        np.abs(welch_score(values, np.isin(np.arange(9), chosen)))
        for chosen in combinations(range(9), ones)
    ])  # fmt: skip
    found = compare_labels(values, group)
    observed = np.abs(welch_score(values, group)) * (1 - 1e-8)
    test = stats.ttest_ind(values[group == 1], values[group == 0], equal_var=False)
    np.testing.assert_allclose(found.t, test.statistic, rtol=1e-10)
    np.testing.assert_array_equal(found.p, (every >= observed).mean(axis=0))
    largest = every.max(axis=1)[:, None]
    np.testing.assert_array_equal(found.p_fwe, (largest >= observed).mean(axis=0))
    np.testing.assert_allclose(np.sort(found.largest), np.sort(largest[:, 0]))
    assert (found.exact, found.n_permutations, found.scores) == (True, len(every), True)


def test_groups_with_missing_values_are_compared_over_those_who_have_one(rng):
    group = np.array([0.0, 0, 0, 0, 1, 1, 1, 1, np.nan])
    values = rng.normal(size=(9, 3)) + np.nan_to_num(group)[:, None]
    values[[0, 5], 1] = np.nan
    values[:3, 2] = np.nan
    found = compare_labels(values, group)
    assert found.n.tolist() == [8, 6, 5]
    test = stats.ttest_ind(values[[4, 6, 7], 1], values[[1, 2, 3], 1], equal_var=False)
    assert found.t[1] == pytest.approx(test.statistic)
    assert np.isnan(found.p[2])


def test_over_all_deals_of_labels_no_p_comes_more_often_than_it_says(rng):
    """A law of exact tests, with missing values: the share of deals with p <= a is at most a."""
    values = rng.normal(size=(8, 4))
    values[[0, 5], 1] = values[:3, 2] = np.nan
    deals = [np.isin(np.arange(8), chosen).astype(float) for chosen in combinations(range(8), 4)]
    found = [compare_labels(values, deal) for deal in deals]
    for p in (*np.array([one.p for one in found]).T, [np.nanmin(one.p_fwe) for one in found]):
        for a in np.unique(np.asarray(p)[np.isfinite(p)]):
            assert (np.asarray(p) <= a + 1e-12).mean() <= a + 1e-12


@pytest.mark.parametrize("group", [np.zeros(5), np.array([1.0, 0, 0, 0, 0]), np.full(5, np.nan)])
def test_groups_that_are_none_are_not_tested(rng, group):
    found = compare_groups(np.zeros((5, 2)), rng.normal(size=(5, 2)), group)
    assert np.isnan([found.t, found.p, found.p_fwe, found.ci_low_fwe, found.bf10]).all()
    assert all("2 needed" in text for text in found.status)


def test_groups_without_any_spread():
    group = np.array([0.0, 0, 0, 1, 1, 1])
    found = compare_labels(np.column_stack([np.ones(6), group + 0.1, 3 + group]), group)
    assert found.t.tolist() == [0, np.inf, np.inf]
    np.testing.assert_allclose(found.p, [1, 0.1, 0.1])
    with pytest.raises(ValueError, match="coded 0 and 1"):
        compare_labels(np.ones((6, 1)), group + 1)


def test_random_deals_of_labels_come_close_to_all(rng):
    group = np.repeat([0.0, 1], [5, 9])
    values = rng.normal(size=(14, 3)) + np.outer(group, [0, 1, 1.5])
    drawn = labelled(values, group, n_permutations=5000, seed=3, max_exact=1)
    np.testing.assert_allclose(largest_t(drawn).p, compare_labels(values, group).p, atol=0.02)


def adjusted_score(y, group, covariates):
    """Score of the group in a model whose groups have a variance of their own, step by step."""
    X = np.column_stack([group, np.ones(len(y)), covariates])
    pseudo = np.linalg.inv(X.T @ X) @ X.T
    hat, fit = X @ pseudo, pseudo @ y
    rest, variance, shares = y - X @ fit, 0, []
    residual = np.eye(len(y)) - hat
    found = np.linalg.solve(
        [[(residual[group == a][:, group == b] ** 2).sum() for b in (0, 1)] for a in (0, 1)],
        [(rest[group == a] ** 2).sum() for a in (0, 1)],
    )
    for code in (0, 1):
        own = group == code
        df = (1 - np.diag(hat)[own]).sum()
        part = max(found[code], 0) * (pseudo[0, own] ** 2).sum()
        variance += part
        shares.append(part**2 / df)
    t = fit[0] / np.sqrt(variance)
    return normal_score(t, variance**2 / sum(shares)), t, fit[0]


def test_groups_with_covariates_are_permuted_one_by_one(rng):
    """Freedman-Lane as it is written, over all 5040 orders of seven people.

    Residuals of the model without the group are permuted, the fit is added back, and the whole
    model is fitted again.
    """
    group, covariate = np.array([0.0, 0, 0, 1, 1, 1, 1]), rng.normal(size=(7, 1))
    values = rng.normal(size=(7, 2)) + np.outer(group, [1, 3]) + 2 * covariate
    Z = np.column_stack([np.ones(7), covariate])
    explained = Z @ np.linalg.lstsq(Z, values, rcond=None)[0]
    every = np.abs([
        [adjusted_score(y, group, covariate)[0]
         for y in (explained + (values - explained)[list(order)]).T]
        for order in permutations(range(7))
    ])  # fmt: skip
    observed, t, slope = np.transpose([adjusted_score(y, group, covariate) for y in values.T])
    held = adjusted_groups(values, group, covariate)
    found = largest_t(held.scheme)
    np.testing.assert_allclose(found.t, t, rtol=1e-9)
    np.testing.assert_allclose(held.effect, slope, rtol=1e-9)
    np.testing.assert_allclose(held.effect / held.se, t, rtol=1e-9)
    least = np.abs(observed) * (1 - 1e-8)
    np.testing.assert_allclose(found.p, np.maximum((every >= least).mean(axis=0), 1 / 35))
    family = (every.max(axis=1)[:, None] >= least).mean(axis=0)
    np.testing.assert_allclose(found.p_fwe, np.maximum(family, 1 / 35))
    assert (found.exact, found.n_permutations) == (True, 5040)


def test_the_variance_of_a_group_is_free_of_the_spread_of_the_other(rng):
    """Mean squared standard error against the variance of the adjusted difference itself."""
    group, covariate = np.repeat([0.0, 1], [8, 4]), rng.normal(size=(12, 1))
    values = rng.normal(size=(12, 4000)) * np.where(group == 1, 3, 1)[:, None]
    held = adjusted_groups(values, group, covariate, n_permutations=1)
    assert (held.se**2).mean() == pytest.approx(held.effect.var(), rel=0.05)


def test_without_anything_to_hold_constant_it_is_welchs_t(rng):
    """A covariate that has nothing to do with the groups or the values changes little."""
    group = np.repeat([0.0, 1], [8, 12])
    values = rng.normal(size=(20, 1)) * np.where(group == 1, 1, 3)[:, None] + group[:, None]
    x = rng.normal(size=(20, 1))
    for column in (values[:, 0], group, np.ones(20)):
        x[:, 0] -= column * (column @ x[:, 0]) / (column @ column)
    for _ in range(50):
        for column in (group, np.ones(20), group * values[:, 0], (1 - group) * values[:, 0]):
            x[:, 0] -= column * (column @ x[:, 0]) / (column @ column)
    held = adjusted_groups(values, group, x, n_permutations=9)
    test = stats.ttest_ind(values[group == 1], values[group == 0], equal_var=False)
    assert held.scheme.t[0] == pytest.approx(test.statistic[0], rel=0.05)
    assert held.df_t[0] == pytest.approx(test.df[0], rel=0.1)


def test_a_person_without_a_value_is_left_out_of_that_column_only(rng):
    group, covariate = np.repeat([0.0, 1], 5), rng.normal(size=(10, 1))
    values = rng.normal(size=(10, 2))
    values[2, 1] = np.nan
    there = np.arange(10) != 2
    some = adjusted_groups(values, group, covariate, n_permutations=2000)
    alone = adjusted_groups(values[there, 1:], group[there], covariate[there], n_permutations=2000)
    assert some.scheme.t[1] == pytest.approx(alone.scheme.t[0])
    assert largest_t(some.scheme).p[1] == pytest.approx(largest_t(alone.scheme).p[0], abs=0.04)


def test_a_covariate_that_is_the_group_leaves_nothing_to_test(rng):
    group = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
    held = adjusted_groups(rng.normal(size=(8, 2)), group, 3 * group[:, None] - 1)
    assert np.isnan(largest_t(held.scheme).p).all()
    assert all(held.reasons)


def crossover_study(rng, first, period, drug=0.0, n_columns=3):
    """Values after placebo and after the drug, of people who had the drug first or not."""
    order = np.repeat([1.0, 0], [first, 11 - first])
    base = rng.normal(size=(11, n_columns)) * 3
    placebo, active = base + rng.normal(size=(2, 11, n_columns))
    in_second = np.where(order == 1, period, 0)[:, None], np.where(order == 0, period, 0)[:, None]
    return placebo + in_second[0], active + in_second[1] + drug, order


def test_a_crossover_is_compared_between_orders_deal_by_deal(rng):
    """Hills and Armitage: first period less second, drug first against placebo first."""
    placebo, drug, order = crossover_study(rng, 6, 1.5, drug=1)
    first, second = np.where(order[:, None] == 1, [drug, placebo], [placebo, drug])
    periods = first - second
    every = np.array([
        np.abs(welch_score(periods, np.isin(np.arange(11), chosen)))
        for chosen in combinations(range(11), 6)
    ])  # fmt: skip
    found = compare_crossover(placebo, drug, order)
    observed = np.abs(welch_score(periods, order)) * (1 - 1e-8)
    np.testing.assert_array_equal(found.p, (every >= observed).mean(axis=0))
    np.testing.assert_array_equal(found.p_fwe, (every.max(axis=1)[:, None] >= observed).mean(0))
    half = (periods[order == 1].mean(axis=0) - periods[order == 0].mean(axis=0)) / 2
    np.testing.assert_allclose(found.mean_change, half)
    np.testing.assert_allclose(found.t, found.mean_change / found.se)
    assert (found.method, found.p_min[0]) == ("crossover", 1 / 462)


def test_what_periods_add_drops_out_of_a_crossover(rng):
    placebo, drug, order = crossover_study(rng, 9, 0)
    moved = np.where(order[:, None] == 1, [placebo + 5, drug], [placebo, drug + 5])
    still, shifted = compare_crossover(placebo, drug, order), compare_crossover(*moved, order)
    np.testing.assert_allclose(shifted.mean_change, still.mean_change)
    np.testing.assert_array_equal(shifted.p, still.p)
    assert still.p_min[0] == 1 / 55
    effects = periods(*moved, order)
    plain = periods(placebo, drug, order)
    np.testing.assert_allclose(effects.period, plain.period - 5)
    np.testing.assert_allclose(effects.order, plain.order)


@pytest.mark.parametrize("order", [np.ones(11), np.array([*np.zeros(5), *np.ones(5), np.nan])])
def test_a_crossover_whose_order_says_nothing_is_flipped(rng, order):
    placebo, drug, _ = crossover_study(rng, 6, 0)
    found, flips = compare_crossover(placebo, drug, order), compare(placebo, drug)
    assert found.method == "signflip"
    np.testing.assert_array_equal(found.p, flips.p)


def test_follow_ups_are_one_contrast_of_each_person(rng):
    """The mean of the follow-ups less the mean of the baselines, flipped over people."""
    values = rng.normal(size=(8, 4, 3)) + np.array([0, 0, 1, 1.0])[:, None]
    number = np.tile([0.0, 0, 1, 1], (8, 1))
    number[2, 3] = number[5, 0] = np.nan
    values[2, 3] = np.nan
    followup, baseline = (
        np.nanmean(np.where((number == code)[:, :, None], values, np.nan), axis=1)
        for code in (1, 0)
    )
    found, plain = compare_sessions(values, number), compare(baseline, followup)
    for name, value in vars(plain).items():
        if name not in ("method", "status"):
            np.testing.assert_allclose(getattr(found, name), value, rtol=1e-9, err_msg=name)


def test_days_are_a_slope_of_each_person(rng):
    days = rng.uniform(0, 30, size=(9, 4))
    days[3, 2] = np.nan
    values = rng.normal(size=(9, 4, 2)) + 0.2 * np.nan_to_num(days)[:, :, None]
    values[4, 1, 1] = np.nan
    slopes = np.full((9, 2), np.nan)
    for person, column in product(range(9), range(2)):
        there = np.isfinite(days[person])
        y = values[person, there, column]
        if np.isfinite(y).all():
            slopes[person, column] = np.polyfit(days[person, there], y, 1)[0]
    found, test = compare_sessions(values, days), signflip(slopes)
    np.testing.assert_allclose(found.mean_change, np.nanmean(slopes, axis=0))
    np.testing.assert_allclose(found.t, test.t)
    np.testing.assert_array_equal(found.p, test.p)
    assert found.n.tolist() == [9, 8]


def test_any_weights_make_a_contrast_and_who_has_none_is_left_out(rng):
    values = rng.normal(size=(7, 3, 2))
    weights = np.tile([-1.0, 0.5, 0.5], (7, 1))
    weights[6] = np.nan
    values[0, 1, 0] = np.nan
    found = compare_weighted(values, weights)
    expected = compare(values[:6, 0], (values[:6, 1] + values[:6, 2]) / 2)
    np.testing.assert_allclose(found.t, expected.t)
    np.testing.assert_allclose(found.mean_followup, expected.mean_followup)
    assert found.n.tolist() == [5, 6]
    with pytest.raises(ValueError, match="people x sessions"):
        compare_weighted(values, weights[:, :2])
