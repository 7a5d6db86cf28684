"""Regional homogeneity: closed forms, brute force, edges."""

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from gradshift.core.series import reho as module
from gradshift.core.series.reho import (
    concordance,
    concordance_among,
    doubled_ranks,
    planes,
)


def reho(series, mask):
    """Of (T, V) series, plane by plane."""
    parts = planes(mask)
    return concordance([doubled_ranks(series[:, part].T) for part in parts], mask, len(series))


def kendall_w(columns):
    """Concordance of columns, from ranks."""
    n, k = columns.shape
    sums = rankdata(columns, axis=0).sum(axis=1)
    return 12 * np.sum((sums - sums.mean()) ** 2) / (k**2 * (n**3 - n))


def brute(series, mask):
    """Kendall's W around each voxel, one after the other."""
    where = np.argwhere(mask)
    found = []
    for voxel in where:
        step = np.abs(where - voxel)
        near = step.max(axis=1) <= 1
        found.append(kendall_w(series[:, near]) if near.sum() else np.nan)
    return np.array(found)


@pytest.fixture
def mask(rng):
    return rng.random((7, 8, 9)) < 0.85


def test_by_brute_force(rng, mask):
    series = rng.standard_normal((31, int(mask.sum())))
    series += rng.standard_normal((31, 1))
    found = reho(series, mask)
    there = np.isfinite(found)
    assert there.sum() > 100
    np.testing.assert_allclose(found[there], brute(series, mask)[there], rtol=1e-6)


def test_concordance_follows_from_rank_correlations(rng):
    series = rng.standard_normal((40, 27)) + rng.standard_normal((40, 1))
    rho = spearmanr(series).statistic
    mean = rho[np.triu_indices(27, 1)].mean()
    centre = reho(series, np.ones((3, 3, 3), dtype=bool))[13]
    assert centre == pytest.approx((1 + 26 * mean) / 27, abs=1e-10)


@pytest.mark.parametrize("n_volumes", [25, 1213, 1214, 5000])
def test_identical_neighbours_have_concordance_one(rng, n_volumes):
    series = np.repeat(rng.standard_normal((n_volumes, 1)), 27, axis=1)
    series *= rng.uniform(1, 9, 27)
    found = reho(series, np.ones((3, 3, 3), dtype=bool))
    assert found[13] == pytest.approx(1, abs=1e-10)


def test_ties_have_average_ranks(rng):
    series = rng.integers(0, 4, (30, 27)).astype(np.float64)
    assert reho(series, np.ones((3, 3, 3), dtype=bool))[13] == pytest.approx(kendall_w(series))


def test_fewer_than_half_of_the_neighbours_have_no_value(rng):
    """Corners of a cube have 8 of 27, edges 12, faces 18."""
    found = reho(rng.standard_normal((20, 125)), np.ones((5, 5, 5), dtype=bool)).reshape(5, 5, 5)
    at_border = np.sum(np.isin(np.indices((5, 5, 5)), [0, 4]), axis=0)
    np.testing.assert_array_equal(np.isnan(found), at_border >= 2)


@pytest.mark.parametrize(("lost", "has_value"), [(13, True), (14, False)])
def test_fourteen_of_twenty_seven_are_enough(rng, lost, has_value):
    mask = np.ones((3, 3, 3), dtype=bool)
    mask.ravel()[np.delete(np.arange(27), 13)[:lost]] = False
    found = reho(rng.standard_normal((20, 27 - lost)), mask)
    assert np.isfinite(found[mask.ravel()[:13].sum()]) == has_value


def test_constant_and_missing_voxels_are_as_if_outside(rng, mask):
    series = rng.standard_normal((20, int(mask.sum())))
    spoilt = series.copy()
    spoilt[:, 100] = 4
    spoilt[3, 200] = np.nan
    smaller = mask.copy()
    smaller[tuple(np.argwhere(mask)[[100, 200]].T)] = False
    kept = np.delete(np.arange(series.shape[1]), [100, 200])
    found = reho(spoilt, mask)
    assert np.isnan(found[[100, 200]]).all()
    np.testing.assert_allclose(found[kept], reho(series[:, kept], smaller), rtol=1e-12)


def test_blocks_make_no_difference_and_input_stays(rng, mask, monkeypatch):
    series = rng.standard_normal((20, int(mask.sum()))).astype(np.float32)
    before = series.copy()
    whole = reho(series, mask)
    monkeypatch.setattr(module, "BLOCK", 11)
    np.testing.assert_array_equal(reho(series, mask), whole)
    np.testing.assert_array_equal(series, before)


def test_planes_without_voxels_are_passed_over(rng, mask):
    series = rng.standard_normal((20, int(mask.sum())))
    wider = np.zeros((12, 10, 11), dtype=bool)
    wider[3:10, 1:9, 2:11] = mask
    np.testing.assert_array_equal(reho(series, wider), reho(series, mask))
    assert len(reho(series[:, :0], np.zeros_like(mask))) == 0


def test_what_does_not_fit_is_an_error(rng):
    whole = np.ones((3, 3, 3), dtype=bool)
    with pytest.raises(ValueError, match="Plane 2 of the mask has 9 voxels of 20 volumes"):
        reho(rng.standard_normal((20, 26)), whole)
    with pytest.raises(ValueError, match="at least 2 volumes"):
        reho(rng.standard_normal((1, 27)), whole)


def test_neighbours_given_as_pairs_are_those_of_the_grid(rng, mask):
    """Planes of a grid and pairs of places are two ways to the same neighbourhoods."""
    where = np.argwhere(mask)
    step = np.abs(where[:, None] - where).max(axis=2)
    pairs = np.array(np.nonzero(np.triu(step == 1)))
    series = rng.standard_normal((31, len(where))) + rng.standard_normal((31, 1))
    series[:, 11] = 1.0
    ranks = doubled_ranks(series.T)
    full = np.full(len(where), 27)
    found = concordance_among([ranks[:100], ranks[100:]], pairs, full, 31)
    np.testing.assert_array_equal(found, reho(series, mask))


def test_more_than_half_of_a_neighbourhood_is_needed(rng):
    ranks = doubled_ranks(rng.standard_normal((5, 20)))
    pairs = np.array([[0, 0, 0, 3], [1, 2, 3, 4]])
    found = concordance_among([ranks], pairs, np.array([7, 5, 3, 5, 5]), 20)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, False, True])
    assert found[3] == pytest.approx(kendall_w(ranks[[0, 3, 4]].T.astype(float)))
