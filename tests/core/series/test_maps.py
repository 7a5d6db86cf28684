"""Voxel maps: what holds whatever the data."""

import numpy as np
import pytest

from gradshift.core.series import maps
from gradshift.core.series.connectivity import join_runs
from gradshift.core.series.denoise import clean, cleaning_operator
from gradshift.core.series.maps import Grid, Volumes, VoxelRun, session_maps
from gradshift.core.series.reho import concordance, doubled_ranks, planes
from gradshift.core.series.seeds import seed_map
from gradshift.core.series.smooth import region_means, smooth
from gradshift.core.series.spectra import over_mean, spectrum, z_scores

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


@pytest.fixture
def session(rng):
    """Two runs on a small grid, of different length and censored here and there."""
    mask = rng.random(SHAPE) > 0.1
    places = np.flatnonzero(mask.ravel(order="F"))
    columns = np.arange(len(places)) + 2  # two voxels lack a signal in the other run
    runs, volumes, run_of = [], [], []
    for number, n_volumes in enumerate((150, 140)):
        confounds = rng.standard_normal((n_volumes, 6))
        voxels = 50 * rng.standard_normal((n_volumes, len(places) + 2)) + 30 * confounds[:, :1]
        voxels[:, 2:] += 20 * rng.standard_normal((n_volumes, 1))
        kept = rng.random(n_volumes) > 0.1
        kept[:2] = False
        operators = [cleaning_operator(confounds, kept, tr=2.0, band=b) for b in (None, BAND)]
        single = (10_000 + voxels).astype(np.float32)
        runs.append((VoxelRun(voxels=single, columns=columns, kept=kept, cleaning=operators[0],
                              filtering=operators[1]), confounds))  # fmt: skip
        volumes.append(np.flatnonzero(kept))
        run_of.append(np.full(kept.sum(), number))
    return runs, np.concatenate(volumes), np.concatenate(run_of), places


def mapped(session, n_common, tr=2.0, seeds=(), **options):
    runs, volumes, run_of, places = session
    return session_maps(
        [run for run, _ in runs], Volumes(volumes, run_of, tr), Grid(places, SHAPE),
        n_common=n_common, band=BAND, seeds=seeds, **options,
    )  # fmt: skip


@pytest.mark.parametrize("block", [7, 4096])
@pytest.mark.parametrize("n_common", [100, 200])
def test_one_pass_gives_what_every_step_by_itself_gives(session, block, n_common, monkeypatch):
    """Cleaning, amplitudes, homogeneity and seed maps as their own functions make them."""
    monkeypatch.setattr(maps, "BLOCK", block)
    runs, volumes, run_of, places = session
    cleaned = {
        band: [
            clean(run.voxels[:, run.columns], confounds, run.kept, tr=2.0, band=band)
            for run, confounds in runs
        ]
        for band in (None, BAND)
    }
    joined = join_runs(cleaned[BAND])
    seed = joined[:, :3].mean(axis=1)
    found = mapped(session, n_common, seeds=[seed])
    rows = slice(n_common)
    measured = spectrum(volumes[rows], run_of[rows], 2.0, BAND)
    alff, falff = measured.measure(np.concatenate(cleaned[None])[rows].T)
    np.testing.assert_allclose(found.values["alff"], alff, rtol=1e-5)
    np.testing.assert_allclose(found.values["falff"], falff, rtol=1e-5)
    np.testing.assert_allclose(found.values["malff"], over_mean(alff), rtol=1e-5)
    np.testing.assert_allclose(found.values["zfalff"], z_scores(falff), atol=1e-4)
    np.testing.assert_allclose(found.seeds[0], seed_map(joined, seed), atol=1e-5)
    mask = np.zeros(SHAPE, dtype=bool)
    mask[np.unravel_index(places, SHAPE, order="F")] = True
    image = np.zeros((*SHAPE, n_common))
    image[*np.unravel_index(places, SHAPE, order="F"), :] = joined[rows].T
    ranks = doubled_ranks(image[mask])
    homogeneity = np.full(SHAPE, np.nan)
    homogeneity[mask] = concordance([ranks[plane] for plane in planes(mask)], mask, n_common)
    by_place = homogeneity.ravel(order="F")[places]
    np.testing.assert_allclose(found.values["reho"], by_place, atol=1e-5)
    without = mapped(session, n_common, seeds=[seed], homogeneity=False)
    assert set(without.values) == set(found.values) - {"reho"}
    for name, values in without.values.items():
        np.testing.assert_array_equal(values, found.values[name])
    np.testing.assert_array_equal(without.seeds, found.seeds)


def test_a_censored_volume_reaches_no_voxel(session):
    runs, _, _, _ = session
    before = mapped(session, 200)
    for run, _ in runs:
        run.voxels[~run.kept] = np.nan
    after = mapped(session, 200)
    for name, values in before.values.items():
        np.testing.assert_array_equal(after.values[name], values)


def test_voxels_are_only_read(session):
    copies = [run.voxels.copy() for run, _ in session[0]]
    mapped(session, 200)
    for copy, (run, _) in zip(copies, session[0], strict=True):
        np.testing.assert_array_equal(run.voxels, copy)


def test_a_long_repetition_time_gives_a_reason_instead_of_maps(session):
    found = mapped(session, 200, tr=6.5)
    assert set(found.values) == {"reho"}
    assert set(found.missing) == {"alff", "malff", "falff", "zfalff"}
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
