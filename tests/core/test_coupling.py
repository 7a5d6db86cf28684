"""Coupling of changes: against scipy, against all orders by hand, and on what it must not find."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from gradshift.core.statistics.coupling import (
    _random_keys,
    across_regions,
    bca_interval,
    couple,
    leave_one_out,
    partial,
    spearman,
)
from gradshift.core.statistics.spin import BLOCK, spin_test, spins


@pytest.fixture
def changes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((11, 2))
    return x, 0.8 * x + rng.standard_normal((11, 2))


def test_the_estimate_is_spearmans_also_with_ties_and_gaps(changes):
    x, y = changes
    x[:4, 0], y[2, 1] = 1.0, np.nan
    found = couple(x, y, n_permutations=200)
    there = np.isfinite(y[:, 1])
    expected = [
        stats.spearmanr(x[:, 0], y[:, 0]).statistic,
        stats.spearmanr(x[there, 1], y[there, 1]).statistic,
    ]
    np.testing.assert_allclose(found.rho, expected)
    assert list(found.n) == [11, 10]
    assert not found.exact


def test_few_people_get_the_exact_p(changes):
    x, y = changes[0][:6], changes[1][:6]
    found = couple(x, y)
    every = np.array(
        [[abs(spearman(x[:, j], y[list(o), j])) for j in (0, 1)] for o in permutations(range(6))]
    )
    observed = np.abs(found.rho) - 1e-10
    assert (found.exact, found.n_permutations) == (True, 720)
    np.testing.assert_allclose(found.p, (every >= observed).mean(axis=0))
    np.testing.assert_allclose(found.p_fwe, (every.max(axis=1)[:, None] >= observed).mean(axis=0))


def test_random_orders_come_near_the_exact_p(changes):
    x, y = changes[0][:8], changes[1][:8]
    exact = couple(x, y)
    spare = np.full((1, 2), np.nan)
    drawn = couple(
        np.vstack([x, np.array([[0, np.nan]])]), np.vstack([y, spare]), n_permutations=20000
    )
    np.testing.assert_allclose(drawn.p, exact.p, atol=0.01)
    assert (drawn.p_fwe >= drawn.p).all()


def test_what_does_not_vary_or_is_too_little_has_no_correlation(changes):
    x, y = changes
    x[:, 0], y[3:, 1] = 2.0, np.nan
    found = couple(x, y, n_permutations=50)
    assert np.isnan([*found.rho, *found.p, *found.p_fwe]).all()
    assert np.isnan(bca_interval(x[:, 0], y[:, 0])).all()


def test_the_interval_is_scipys_and_leaving_out_is_by_hand(changes):
    x, y = changes[0][:, 0], changes[1][:, 0]
    low, high = bca_interval(x, y, n_resamples=20000, seed=1)
    expected = stats.bootstrap(
        (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False,
        n_resamples=4000, method="BCa", rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    np.testing.assert_allclose([low, high], expected, atol=0.04)
    np.testing.assert_allclose(leave_one_out(x, y)[0], stats.spearmanr(x[1:], y[1:]).statistic)


def test_holding_motion_constant_removes_what_it_alone_made():
    rng = np.random.default_rng(0)
    motion = rng.standard_normal(200)
    x, y = motion + 0.3 * rng.standard_normal((2, 200))
    left = partial(x, y, motion)
    assert spearman(x, y) > 0.8
    assert abs(np.corrcoef(*left)[0, 1]) < 0.2


def test_eleven_people_get_the_p_of_scipys_permutations_and_the_partial_of_residuals(changes):
    x, y = changes
    found = couple(x, y, n_permutations=20000, seed=4)
    for j in (0, 1):
        first, second = (stats.rankdata(v[:, j]) for v in (x, y))
        drawn = stats.permutation_test(
            (first,), lambda a, axis, b=second: stats.pearsonr(a, b, axis=axis).statistic,
            permutation_type="pairings", n_resamples=20000, rng=np.random.default_rng(5),
        )  # fmt: skip
        assert found.p[j] == pytest.approx(drawn.pvalue, abs=0.015)
    held = np.random.default_rng(6).standard_normal(11)
    ranks = [stats.rankdata(v) for v in (x[:, 0], y[:, 0], held)]
    left = [v - np.polyval(np.polyfit(ranks[2], v, 1), ranks[2]) for v in ranks[:2]]
    a, b = partial(x[:, 0], y[:, 0], held)
    expected = stats.pearsonr(*left).statistic
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(expected)
    assert couple(a[:, None], b[:, None], n_permutations=9, ranks=False).rho[0] == pytest.approx(
        expected
    )
    alone = leave_one_out(x[:, 0], y[:, 0])
    kept = [np.delete(v[:, 0], 3) for v in (x, y)]
    assert alone[3] == pytest.approx(stats.spearmanr(*kept).statistic)
    assert len(alone) == 11


def test_the_largest_of_the_pairs_corrects_as_by_hand(changes):
    """Three pairs of eleven people, one with a gap; the same orders, ranked by scipy."""
    x, y = (np.column_stack([v, v[:, 0] ** 2]) for v in changes)
    y[4, 2] = np.nan
    orders = next(iter(_random_keys(11, 300, 7)))
    found = couple(x, y, n_permutations=300, seed=7)
    own = np.zeros((300, 3))
    for j in range(3):
        there = np.isfinite(y[:, j])
        a, b = x[there, j], y[there, j]
        for i, keys in enumerate(orders):
            rho = stats.spearmanr(a, b[np.argsort(keys[there])]).statistic
            own[i, j] = abs(rho) * np.sqrt(len(a) - 1)
    largest = own.max(axis=1)
    strength = np.abs(found.rho) * np.sqrt(found.n - 1) - 1e-10
    np.testing.assert_allclose(found.p, (1 + (own >= strength).sum(axis=0)) / 301)
    np.testing.assert_allclose(found.p_fwe, (1 + (largest[:, None] >= strength).sum(axis=0)) / 301)


def test_maps_are_compared_within_people(changes):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 40))
    y = x + rng.standard_normal((5, 40))
    x[4], y[0, :3] = np.nan, np.nan
    found = across_regions(x, y)
    assert np.isnan(found[4])
    expected = np.arctanh(stats.spearmanr(x[0, 3:], y[0, 3:]).statistic)
    assert found[0] == pytest.approx(expected)


def cortex(n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Regions on two spheres, mirror images of each other."""
    one = np.random.default_rng(0).standard_normal((n, 3))
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    return np.vstack([one, one * np.array([-1, 1, 1])]), np.arange(2 * n) < n


def test_turns_keep_hemispheres_apart_as_mirror_images_and_use_each_region_once():
    places, left = cortex()
    turned = spins(places, left, n_spins=20, seed=1)
    np.testing.assert_array_equal(np.sort(turned, axis=1), np.tile(np.arange(60), (20, 1)))
    np.testing.assert_array_equal(turned[:, 30:], turned[:, :30] + 30)
    assert (spins(places, left, n_spins=20, seed=1) == turned).all()
    many = spins(places, left, n_spins=BLOCK + 20, seed=1)
    assert many.shape == (BLOCK + 20, 60)
    assert (many[:20] == turned).all()
    assert (many[BLOCK:] != turned).any()
    near = places[:30]
    kept = [np.corrcoef(near @ near[0], (near @ near[0])[t[:30]])[0, 1] for t in turned]
    assert np.abs(kept).max() < 0.999


def test_the_same_map_is_found_and_p_counts_the_turned_ones():
    places, left = cortex()
    turned = spins(places, left, n_spins=99)
    rng = np.random.default_rng(1)
    x = places[:, 1] + 0.1 * rng.standard_normal(60)
    rho, p, null = spin_test(x, x + 0.05 * rng.standard_normal(60), turned)
    assert rho > 0.98
    assert p == (1 + (np.abs(null) >= rho).sum()) / 100
    assert p <= 0.05
    assert np.isnan(spin_test(np.ones(60), x, turned)[:2]).all()
