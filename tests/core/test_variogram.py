"""Surrogates of maps: as smooth as the map, and a fair null hypothesis beyond the cortex."""

import numpy as np
import pytest
from scipy import stats

from gradshift.core.statistics.variogram import Variogram, surrogate_test, surrogates

N_REGIONS = 40
LENGTH = 40.0
"""Millimetres over which the smooth maps of these tests are alike."""


@pytest.fixture(scope="module")
def places() -> np.ndarray:
    return np.random.default_rng(5).uniform(-40, 40, size=(N_REGIONS, 3))


@pytest.fixture(scope="module")
def distances(places) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=2)


@pytest.fixture(scope="module")
def draw(distances):
    root = np.linalg.cholesky(np.exp(-distances / LENGTH) + 1e-9 * np.eye(N_REGIONS))
    return lambda rng: root @ rng.standard_normal(N_REGIONS)


def test_the_variogram_of_noise_is_flat_and_that_of_a_slope_rises(places, distances):
    variogram = Variogram.over(distances)
    noise = np.random.default_rng(0).standard_normal((4000, N_REGIONS))
    np.testing.assert_allclose(variogram.of(noise).mean(axis=0), 1.0, atol=0.05)
    slope = variogram.of(places[:, :1].T)[0]
    assert slope[0] < slope[-1] / 2


def test_surrogates_keep_the_variogram_that_permutations_lose(places, distances, draw):
    variogram, rng = Variogram.over(distances), np.random.default_rng(1)
    errors = []
    for seed in range(20):
        values = draw(rng)
        wanted = variogram.of(values[None])[0]
        made = surrogates(values, places, n=200, seed=seed)
        permuted = rng.permuted(np.tile(values, (200, 1)), axis=1)
        errors.append(
            [abs(variogram.of(m).mean(axis=0) - wanted).mean() for m in (made, permuted)]
            / wanted.mean()
        )
    ours, theirs = np.mean(errors, axis=0)
    assert ours < 0.25
    assert theirs > 2 * ours


def test_unrelated_smooth_maps_are_rarely_called_alike_and_related_ones_often(places, draw):
    rng = np.random.default_rng(2)
    p = {"unrelated": [], "permuted": [], "related": []}
    for seed in range(150):
        x, y = draw(rng), draw(rng)
        null = surrogates(y, places, n=99, seed=seed)
        p["unrelated"].append(surrogate_test(x, y, null)[1])
        p["related"].append(surrogate_test(x + 2 * y, y, null)[1])
        permuted = rng.permuted(np.tile(y, (99, 1)), axis=1)
        p["permuted"].append(surrogate_test(x, y, permuted)[1])
    share = {name: np.mean(np.array(values) <= 0.05) for name, values in p.items()}
    assert share["unrelated"] <= 0.1 < 0.15 < share["permuted"]
    assert share["related"] > 0.7


def test_the_estimate_is_spearmans_and_a_flat_map_has_none(places, draw):
    rng = np.random.default_rng(3)
    x, y = draw(rng), draw(rng)
    null = surrogates(y, places, n=30, seed=0)
    rho, p, each = surrogate_test(x, y, null)
    assert rho == pytest.approx(stats.spearmanr(x, y).statistic)
    assert each == pytest.approx([stats.spearmanr(x, row).statistic for row in null])
    assert p == (1 + (abs(each) >= abs(rho)).sum()) / 31
    assert np.isnan(surrogate_test(np.ones(N_REGIONS), y, null)[0])
    np.testing.assert_array_equal(surrogates(y, places, n=30, seed=0), null)
