"""Changes that go with something about people: groups, days, motion, the baseline."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gradshift.core.statistics.association import association, smallest_p
from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.core.statistics.motion import motion_dependence

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "data" / "stats_reference.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("sizes", "expected"), REFERENCE["perm_two_sample_min_p"].items())
def test_the_smallest_p_of_two_groups(sizes, expected):
    one, other = map(int, sizes.split("v"))
    assert smallest_p(np.repeat([0.0, 1.0], [one, other])) == pytest.approx(expected, rel=1e-12)


def test_a_number_is_permuted_over_all_orders(rng):
    values, days = rng.normal(size=(6, 2)), np.array([1, 1, 6, 7, 8, 1.0])
    observed = [abs(stats.pearsonr(days, column)[0]) for column in values.T]
    every = [
        [abs(stats.pearsonr(order, column)[0]) for column in values.T]
        for order in permutations(days)
    ]
    found = association(values, days)
    np.testing.assert_allclose(found.p, (np.array(every) >= np.array(observed) - 1e-10).mean(0))
    assert found.p_min[0] == 6 / 720


def test_missing_values_leave_people_out_of_their_column_only(rng):
    days = rng.permutation(9).astype(float)
    values = rng.normal(size=(9, 3)) + days[:, None] / 4
    values[[1, 4], 1] = np.nan
    values[2:, 2] = np.nan
    found = association(values, days)
    assert found.n.tolist() == [9, 7, 2]
    there = np.isfinite(values[:, 1])
    r = stats.pearsonr(values[there, 1], days[there])[0]
    assert found.t[1] == pytest.approx(r * np.sqrt(5 / (1 - r**2)))
    assert np.isnan(found.p[2])
    np.testing.assert_array_equal(found.p[0], association(values[:, :1], days).p[0])


def test_random_permutations_repeat_and_come_close_to_all_of_them(rng):
    values, x = rng.normal(size=(30, 2)), rng.normal(size=30)
    values += 0.3 * x[:, None]
    found = association(values, x, n_permutations=5000, seed=4)
    again = association(values, x, n_permutations=5000, seed=4)
    np.testing.assert_array_equal(found.p, again.p)
    expected = [stats.pearsonr(x, column)[1] for column in values.T]
    np.testing.assert_allclose(found.p, expected, atol=0.02)
    assert (found.p_fwe >= found.p).all()


def test_a_column_that_does_not_vary_is_no_effect():
    found = association(np.full((6, 1), 0.1), np.array([0, 0, 0, 1, 1, 1.0]))
    assert (found.t[0], found.p[0]) == (0, 1)
    assert np.isnan(association(np.ones((4, 1)), np.ones(4)).p).all()


def test_connections_that_go_with_motion_are_found(rng):
    motion, distance = rng.normal(size=12), np.linspace(10, 100, 600)
    values = rng.normal(size=(12, 600))
    values[:, :120] += 3 * motion[:, None]
    values[3, 5] = np.nan
    found = motion_dependence(values, motion, distance)
    r = [stats.pearsonr(*column) for column in _pairs(values, motion)]
    assert found.median_r == pytest.approx(np.median([abs(one.statistic) for one in r]))
    assert found.share == np.mean([one.pvalue < 0.05 for one in r])
    rho = stats.spearmanr([one.statistic for one in r], distance).statistic
    assert found.distance_rho == pytest.approx(rho)
    np.testing.assert_allclose(found.r, [one.statistic for one in r])
    assert found.n == 12
    assert found.distance_rho < -0.2


def _pairs(values, motion):
    there = ~np.isnan(values)
    return [(values[t, i], motion[t]) for i, t in enumerate(there.T)]


def test_motion_of_too_few_people_explains_nothing(rng):
    found = motion_dependence(rng.normal(size=(3, 9)), np.arange(3.0), np.arange(9.0))
    assert np.isnan([found.median_r, found.share, found.distance_rho]).all()


def test_regression_to_the_mean_is_no_dependence_on_the_baseline(rng):
    """True values stay; only noise. The raw slope is -.5, Blomqvist's about 0."""
    true = rng.normal(size=4000)
    before, after = (true + rng.normal(size=4000) for _ in range(2))
    found = baseline_dependence(before, after, reliability=0.5, n_permutations=99)
    assert np.polyfit(before, after - before, 1)[0] == pytest.approx(-0.5, abs=0.05)
    assert abs(found.blomqvist_slope) < 0.1
    assert abs(found.oldham_r) < 0.05


def test_a_planted_dependence_on_the_baseline_is_recovered(rng):
    true = rng.normal(size=4000)
    before = true + rng.normal(size=4000)
    after = 0.4 * true + rng.normal(size=4000)
    found = baseline_dependence(before, after, reliability=0.5, n_permutations=99)
    assert found.blomqvist_slope == pytest.approx(-0.6, abs=0.1)
    assert found.oldham_r == pytest.approx(stats.pearsonr(after - before, before + after)[0])
    assert found.oldham_p == 0.01
    assert found.oldham_low < found.oldham_r < found.oldham_high
    assert found.blomqvist_low < found.blomqvist_slope < found.blomqvist_high
    assert np.isnan(baseline_dependence(before[:3], after[:3]).oldham_r)


def test_the_dependence_on_the_baseline_has_its_interval(rng):
    """Fisher's z against scipy, Blomqvist's against a slope scaled by hand."""
    before, after = rng.normal(size=(2, 11))
    found = baseline_dependence(before, after, reliability=0.8, n_permutations=99)
    interval = stats.pearsonr(after - before, before + after).confidence_interval()
    assert (found.oldham_low, found.oldham_high) == pytest.approx(tuple(interval))
    fit = stats.linregress(before, after - before)
    half = stats.t.ppf(0.975, 9) * fit.stderr
    ends = [(fit.slope + side * half + 0.2) / 0.8 for side in (-1, 1)]
    assert [found.blomqvist_low, found.blomqvist_high] == pytest.approx(ends)
    unreliable = baseline_dependence(before, after, reliability=0.49, n_permutations=99)
    assert np.isnan([unreliable.blomqvist_slope, unreliable.blomqvist_low]).all()
    assert unreliable.oldham_r == found.oldham_r


def test_days_go_by_ranks_over_all_orders(rng):
    """Spearman's rho with ties, and with a person who lacks a value in one column."""
    values, days = rng.normal(size=(7, 3)), np.array([1, 1, 6, 7, 8, 1.0, 3])
    values[:, 1] += days**3
    values[2, 2] = np.nan
    kept = [np.isfinite(column) for column in values.T]

    def rho(order):
        pairs = zip(values.T, kept, strict=True)
        return np.array([stats.spearmanr(order[there], one[there])[0] for one, there in pairs])

    found = association(values, days, ranked=True)
    df = np.array([5, 5, 4])
    np.testing.assert_allclose(found.t / np.hypot(found.t, np.sqrt(df)), rho(days), rtol=1e-10)
    every = np.abs([rho(np.array(order)) for order in permutations(days)])
    t = every * np.sqrt(df / np.maximum(1 - every**2, 1e-300))
    np.testing.assert_allclose(found.p, (every >= np.abs(rho(days)) - 1e-10).mean(axis=0))
    largest = t.max(axis=1)[:, None]
    np.testing.assert_allclose(found.p_fwe, (largest >= np.abs(found.t) - 1e-8).mean(axis=0))
    assert found.p_min.tolist() == [6 / 5040, 6 / 5040, 6 / 720]


def test_a_rank_does_not_care_how_far(rng):
    values, days = rng.normal(size=(9, 4)), rng.permutation(9).astype(float)
    found = association(values, days, ranked=True, n_permutations=300)
    bent = association(np.exp(3 * values), days**5, ranked=True, n_permutations=300)
    np.testing.assert_array_equal(found.p_fwe, bent.p_fwe)
    np.testing.assert_allclose(found.t, bent.t, rtol=1e-12)
