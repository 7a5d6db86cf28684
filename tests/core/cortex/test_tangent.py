"""Where a session is, seen from the mean of everybody."""

from dataclasses import replace

import numpy as np
import pytest
from nilearn.connectome import ConnectivityMeasure
from scipy.linalg import expm, sqrtm
from sklearn.covariance import LedoitWolf

from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.tangent import covariance, displacement, geometric_mean
from gradshift.core.measures import measures
from gradshift.errors import InputError

SIZES = {"Vis": 4, "SomMot": 3, "Default": 5}
N = sum(SIZES.values())


@pytest.fixture
def sessions(make_regions, as_session, rng):
    """Eight sessions of different lengths, in which networks hold together more or less."""
    regions = make_regions(SIZES)
    member = np.repeat(np.eye(len(SIZES)), list(SIZES.values()), axis=0)
    made = []
    for i in range(8):
        shared = rng.standard_normal((90 + i, len(SIZES))) * rng.uniform(0.4, 1.5, len(SIZES))
        series = shared @ member.T + rng.standard_normal((90 + i, N))
        made.append(as_session(regions, series=series, n_common=90))
    return made


def standard(session):
    series = session.series[:90]
    return (series - series.mean(axis=0)) / series.std(axis=0)


def test_displacements_are_those_of_nilearn(sessions):
    oracle = ConnectivityMeasure(
        LedoitWolf(assume_centered=True), kind="tangent", standardize=False
    )
    expected = oracle.fit_transform([standard(session) for session in sessions])
    matrices = [covariance(session) for session in sessions]
    mean = geometric_mean(matrices)
    np.testing.assert_allclose(mean, oracle.mean_, atol=1e-6)
    for matrix, away in zip(matrices, expected, strict=True):
        np.testing.assert_allclose(displacement(matrix, mean), away, atol=1e-6)


def test_what_was_planted_around_a_mean_is_found(rng):
    """Sessions are the mean, moved there and back by the same step."""
    noise = rng.standard_normal((N, 3 * N))
    mean = noise @ noise.T / (3 * N)
    step = rng.standard_normal((N, N)) / 5
    step = step + step.T
    root = np.real(sqrtm(mean))
    sizes = (-1.0, -0.5, 0.25, 1.25)
    matrices = [root @ expm(size * step) @ root for size in sizes]
    found = geometric_mean(matrices)
    np.testing.assert_allclose(found, mean, atol=1e-7)
    np.testing.assert_allclose(geometric_mean(matrices[::-1]), found, atol=1e-9)
    for size, matrix in zip(sizes, matrices, strict=True):
        np.testing.assert_allclose(displacement(matrix, found), size * step, atol=1e-6)


def test_values_are_means_over_pairs_of_the_displacement(sessions):
    mean = geometric_mean([covariance(session) for session in sessions])
    away = displacement(covariance(sessions[0]), mean)
    rows = {
        row.label: row.value
        for row in evaluate(measures()["tangentfc"], replace(sessions[0], centre=mean))
    }
    assert rows["SomMot"] == pytest.approx(away[4:7, 4:7][np.triu_indices(3, 1)].mean())
    assert rows["SomMot-Vis"] == pytest.approx(away[:4, 4:7].mean())


def test_a_region_that_somebody_lacks_takes_no_part(sessions):
    gone = sessions[3].series.copy()
    gone[:, 2] = np.nan
    with_gap = [*sessions[:3], replace(sessions[3], series=gone), *sessions[4:]]
    mean = geometric_mean([covariance(session) for session in with_gap])
    kept = np.arange(N) != 2
    assert np.array_equal(np.isfinite(np.diagonal(mean)), kept)
    rows = evaluate(measures()["tangentfc"], replace(with_gap[3], centre=mean))
    assert all(np.isfinite(row.value) for row in rows)


def test_there_is_a_reason_where_there_is_no_mean(sessions):
    for row in evaluate(measures()["tangentfc"], sessions[0]):
        assert np.isnan(row.value)
        assert row.status == "computed at the group level, from all sessions compared"
    with pytest.raises(InputError, match="no session compared"):
        geometric_mean([])
