"""Voxel maps: what holds whatever the data."""

import numpy as np
import pytest

from gradshift.core.denoise import clean, cleaning_operator
from gradshift.core.maps import activity_maps, clean_voxels, homogeneity_map, region_means, smooth
from gradshift.core.reho import reho

SHAPE = (5, 6, 7)
BAND = (0.01, 0.08)


@pytest.fixture
def scan(rng):
    """Voxels of a run with large means, confounds, and a tenth of the volumes censored."""
    n_volumes, n_voxels = 150, 40
    confounds = rng.standard_normal((n_volumes, 6))
    voxels = 10_000 + 50 * rng.standard_normal((n_volumes, n_voxels)) + 30 * confounds[:, :1]
    kept = rng.random(n_volumes) > 0.1
    kept[:2] = False
    return voxels, confounds, kept


@pytest.mark.parametrize("band", [BAND, None])
@pytest.mark.parametrize("detrend", [True, False])
def test_cleaning_is_a_matrix_product(scan, band, detrend):
    voxels, confounds, kept = scan
    how = {"tr": 2.0, "band": band, "detrend": detrend}
    operator = cleaning_operator(confounds, kept, **how)
    expected = clean(voxels, confounds, kept, **how)
    centred = voxels[kept] - voxels[kept].mean(axis=0)
    np.testing.assert_allclose(operator @ centred, expected, atol=1e-7)


@pytest.mark.parametrize("block", [7, 8192])
def test_voxels_are_cleaned_as_regions_are(scan, block):
    voxels, confounds, kept = scan
    operator = cleaning_operator(confounds, kept, tr=2.0, band=BAND)
    columns = np.array([3, 4, 11, 39])
    single = voxels.astype(np.float32)
    before = single.copy()
    found = clean_voxels(operator, single, kept, columns, block=block)
    expected = clean(single[:, columns], confounds, kept, tr=2.0, band=BAND)
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.std())
    np.testing.assert_array_equal(single, before)


def test_a_censored_volume_reaches_no_voxel(scan):
    voxels, confounds, kept = scan
    operator = cleaning_operator(confounds, kept, tr=2.0, band=BAND)
    columns = np.arange(voxels.shape[1])
    wild = voxels.astype(np.float32)
    wild[~kept] = np.nan
    np.testing.assert_array_equal(
        clean_voxels(operator, wild, kept, columns),
        clean_voxels(operator, voxels.astype(np.float32), kept, columns),
    )


def test_homogeneity_knows_who_is_a_neighbour(rng):
    mask = rng.random(SHAPE) > 0.1
    places = np.flatnonzero(mask.ravel(order="F"))
    image = rng.standard_normal((30, *SHAPE))
    image += np.linspace(0, 3, SHAPE[2])[None, None, None] * image[:, :1, :1, :1]
    fast_x = np.array([volume.ravel(order="F")[places] for volume in image])
    found = np.full(mask.size, np.nan)
    found[places] = homogeneity_map(fast_x, places, SHAPE)
    expected = np.full(SHAPE, np.nan)
    expected[mask] = reho(image[:, mask], mask)
    np.testing.assert_allclose(found.reshape(SHAPE, order="F"), expected, atol=1e-6)


def test_slow_voxels_have_larger_amplitudes(rng):
    t = 2.0 * np.arange(240)
    noise = rng.standard_normal((240, 4))
    voxels = noise + np.array([0, 1, 2, 4]) * np.sin(2 * np.pi * 0.05 * t)[:, None]
    found = activity_maps(voxels, np.arange(240), np.zeros(240, dtype=int), 2.0, BAND)
    for name in ("alff", "falff", "malff", "zfalff"):
        assert (np.diff(found.values[name]) > 0).all()
    assert found.values["malff"].mean() == pytest.approx(1)
    assert found.values["zfalff"].mean() == pytest.approx(0, abs=1e-12)


def test_a_long_repetition_time_gives_a_reason_instead_of_maps(rng):
    series = rng.standard_normal((100, 3))
    found = activity_maps(series, np.arange(100), np.zeros(100, dtype=int), 6.5, BAND)
    assert not found.values
    assert set(found.missing) == {"alff", "falff", "malff", "zfalff"}
    assert "6.5 s" in found.missing["alff"]


def test_means_are_over_the_voxels_that_have_a_value():
    values = np.array([1.0, 3.0, np.nan, 10.0, np.nan])
    labels = np.array([1, 1, 1, 0, 3])
    np.testing.assert_array_equal(region_means(values, labels, 3), [2.0, np.nan, np.nan])


def test_smoothing_keeps_constants_and_spreads_no_gap(rng):
    mask = rng.random(SHAPE) > 0.3
    places = np.flatnonzero(mask.ravel(order="F"))
    flat = np.full(len(places), 2.5)
    np.testing.assert_allclose(smooth(flat, places, SHAPE, (2, 2, 3), 6.0), 2.5)
    flat[::5] = np.nan
    found = smooth(flat, places, SHAPE, (2, 2, 3), 6.0)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(flat))
    np.testing.assert_allclose(found[np.isfinite(found)], 2.5)


def test_smoothing_has_the_width_it_was_asked_for():
    shape, zooms = (41, 3, 1), (1.0, 50.0, 50.0)
    point = np.zeros(np.prod(shape))
    point[20 + 41] = 1.0
    found = smooth(point, np.arange(len(point)), shape, zooms, 6.0)[41:82]
    assert found[20 + 3] == pytest.approx(found[20] / 2, rel=0.01)
