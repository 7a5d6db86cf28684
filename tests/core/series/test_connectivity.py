"""Correlation matrices."""

import numpy as np
import pytest

from gradshift.core.series.connectivity import correlate, fisher_z, partial_correlate


def test_correlations_are_those_of_numpy(rng):
    series = rng.normal(size=(120, 30)) * 7 + 1000
    found = correlate(series)
    np.testing.assert_allclose(found, np.corrcoef(series.T), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diagonal(found), 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 0.1, 12345.678])
def test_a_region_without_signal_is_nan_and_no_other(rng, bad):
    series = rng.normal(size=(300, 7))
    expected = np.corrcoef(series.T)
    series[:, 4] = bad
    before = series.copy()
    found = correlate(series)
    np.testing.assert_array_equal(series, before)
    others = np.delete(np.arange(7), 4)
    assert np.isnan(found[4]).all()
    assert np.isnan(found[:, 4]).all()
    np.testing.assert_allclose(
        found[np.ix_(others, others)], expected[np.ix_(others, others)], rtol=0, atol=1e-12
    )


def test_a_region_with_one_missing_value_is_nan(rng):
    series = rng.normal(size=(30, 3))
    series[5, 1] = np.nan
    assert np.isnan(correlate(series)[1]).all()


def test_a_weak_signal_on_a_high_mean_is_still_a_signal(rng):
    series = 1e4 + 1e-4 * rng.normal(size=(300, 2))
    assert np.isfinite(correlate(series)).all()


def test_one_volume_has_no_correlation():
    with pytest.raises(ValueError, match="at least 2 volumes, got 1"):
        correlate(np.ones((1, 3)))


def test_no_usable_region_gives_a_matrix_of_nan():
    assert np.isnan(correlate(np.full((10, 3), np.nan))).all()


def test_fisher_z_leaves_the_diagonal_out(rng):
    matrix = correlate(rng.normal(size=(40, 5)))
    before = matrix.copy()
    z = fisher_z(matrix)
    np.testing.assert_array_equal(matrix, before)
    assert np.isnan(np.diagonal(z)).all()
    assert z[0, 1] == pytest.approx(np.arctanh(matrix[0, 1]))
    assert np.isfinite(fisher_z(np.ones((2, 2)))[0, 1])


def test_partial_correlation_takes_out_a_shared_cause(rng):
    cause = rng.normal(size=(4000, 1))
    series = np.hstack([cause, cause + rng.normal(size=(4000, 2)), np.full((4000, 1), np.nan)])
    matrix, shrinkage = partial_correlate(series)
    assert correlate(series)[1, 2] > 0.4
    assert abs(matrix[1, 2]) < 0.05
    assert np.isnan(matrix[3]).all()
    assert 0 <= shrinkage < 0.05
