"""Cleaning: equal to nilearn's, what is planted survives or goes, nothing becomes garbage."""

import numpy as np
import pytest
from nilearn import signal

from gradshift.core.series.denoise import MIN_FILTER_VOLUMES, check_band, clean
from gradshift.core.series.freedom import (
    Freedom,
    check_freedom,
    count_regressors,
    degrees_of_freedom,
    freedom_of_run,
)
from gradshift.errors import ExcludedError, InputError, SettingsError

T, R, K, TR = 241, 7, 5, 2.0
BAND = (0.01, 0.08)


@pytest.fixture
def series(rng):
    return 1000 + np.cumsum(rng.standard_normal((T, R)), axis=0)


@pytest.fixture
def confounds(rng):
    return 10 + rng.standard_normal((T, K)).cumsum(axis=0)


def all_but(*dropped, n=T):
    kept = np.ones(n, dtype=bool)
    kept[list(dropped)] = False
    return kept


def by_nilearn(series, confounds, kept, band, detrend):
    return signal.clean(
        series,
        confounds=confounds,
        sample_mask=np.flatnonzero(kept),
        t_r=TR,
        high_pass=band[0] if band else None,
        low_pass=band[1] if band else None,
        detrend=detrend,
        standardize=None,
        extrapolate=False,
    )


@pytest.mark.parametrize("detrend", [True, False])
@pytest.mark.parametrize("band", [BAND, (0.01, 0.1)])
@pytest.mark.parametrize("dropped", [(), (0, 1), (50, 51, 100), (0, 1, 2, 60), (238, 239, 240)])
def test_filtered_series_equal_nilearns(series, confounds, dropped, band, detrend):
    kept = all_but(*dropped)
    ours = clean(series, confounds, kept, tr=TR, band=band, detrend=detrend)
    theirs = by_nilearn(series, confounds, kept, band, detrend)
    assert ours.shape == (kept.sum(), R)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dropped", [(), (0, 1, 50, 190), (120,)])
def test_unfiltered_series_equal_nilearns_to_the_last_bit(series, confounds, dropped):
    kept = all_but(*dropped)
    ours = clean(series, confounds, kept, tr=TR, band=None)
    np.testing.assert_array_equal(ours, by_nilearn(series, confounds, kept, None, True))


def test_without_censoring_nothing_differs_from_nilearn(series, confounds):
    kept = all_but()
    ours = clean(series, confounds, kept, tr=TR, band=BAND)
    theirs = signal.clean(
        series, confounds=confounds, t_r=TR, high_pass=0.01, low_pass=0.08, standardize=None
    )
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dropped", [(60, 180), (120,), (0, 1, 239, 240), (0, 240, 60), (0, 1, 2)])
@pytest.mark.parametrize("band", [BAND, None])
def test_what_is_in_dropped_volumes_does_not_matter(series, confounds, dropped, band):
    kept = all_but(*dropped)
    spoiled, spoiled_confounds = series.copy(), confounds.copy()
    spoiled[~kept], spoiled_confounds[~kept] = np.nan, 1e6
    np.testing.assert_array_equal(
        clean(spoiled, spoiled_confounds, kept, tr=TR, band=band),
        clean(series, confounds, kept, tr=TR, band=band),
    )


def test_mirrored_dropped_volumes_give_what_a_filled_series_gives(series, confounds):
    """Volumes at the same distance from both ends are interpolated like any others."""
    from scipy.interpolate import CubicSpline

    kept = all_but(60, 180)
    times = np.arange(T) * TR
    filled = [CubicSpline(times[kept], x[kept])(times) for x in (series, confounds)]
    ours = clean(series, confounds, kept, tr=TR, band=BAND)
    theirs = by_nilearn(filled[0], filled[1], kept, BAND, True)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("frequency", "dropped", "lowest", "highest"),
    [
        (0.004, (), 0, 0.01),
        (0.02, (200, 201, 333), 0.97, 1.03),
        (0.05, (200, 201, 333), 0.97, 1.03),
        (0.12, (), 0, 0.01),
    ],
)
def test_a_sinusoid_survives_inside_the_band_only(frequency, dropped, lowest, highest):
    time = np.arange(600) * TR
    wave = np.sin(2 * np.pi * frequency * time)[:, None]
    kept = all_but(*dropped, n=600)
    out = clean(wave + 100, np.empty((600, 0)), kept, tr=TR, band=BAND)
    middle = slice(100, 500)
    assert lowest <= np.std(out[middle]) / np.std(wave[middle]) <= highest


def test_nothing_of_the_confounds_is_left(series, confounds):
    kept = all_but(0, 80, 81)
    mixed = series + 50 * confounds @ np.ones((K, R))
    out = clean(mixed, confounds, kept, tr=TR, band=None)
    centred = signal.clean(confounds[kept], detrend=True, standardize="zscore_sample")
    unit = out / np.linalg.norm(out, axis=0)
    assert np.abs(centred.T @ unit / np.sqrt(T)).max() < 1e-10
    np.testing.assert_allclose(
        out, clean(series, confounds, kept, tr=TR, band=None), rtol=0, atol=1e-7
    )


def test_neither_band_nor_detrending_subtracts_the_mean(series):
    kept = all_but(0, 9)
    out = clean(series, np.empty((T, 0)), kept, tr=TR, band=None, detrend=False)
    np.testing.assert_allclose(out, series[kept] - series[kept].mean(axis=0), atol=1e-10)


def test_a_low_edge_of_zero_is_a_low_pass(series, confounds):
    out = clean(series, confounds, all_but(), tr=TR, band=(0, 0.08))
    theirs = signal.clean(series, confounds=confounds, t_r=TR, low_pass=0.08, standardize=None)
    np.testing.assert_array_equal(out, theirs)


@pytest.mark.parametrize("band", [BAND, None])
def test_unusable_regions_are_nan_and_touch_no_other(series, confounds, band):
    kept = all_but(7)
    spoiled = series.copy()
    spoiled[:, 1] = np.nan
    spoiled[40, 3] = np.inf
    spoiled[:, 4] = 812.3
    spoiled[:, 5] = confounds @ np.arange(1.0, K + 1)
    out = clean(spoiled, confounds, kept, tr=TR, band=band)
    bad = [1, 3, 4, 5]
    assert np.isnan(out[:, bad]).all()
    good = [i for i in range(R) if i not in bad]
    whole = clean(series, confounds, kept, tr=TR, band=band)
    np.testing.assert_allclose(out[:, good], whole[:, good], rtol=0, atol=1e-9)


def test_only_unusable_regions_or_no_volumes_give_nan(confounds):
    out = clean(np.full((T, R), np.nan), confounds, all_but(), tr=TR, band=BAND)
    assert out.shape == (T, R)
    assert np.isnan(out).all()
    nothing = np.zeros(T, dtype=bool)
    assert clean(np.ones((T, R)), confounds, nothing, tr=TR, band=BAND).shape == (0, R)


def test_repeated_and_constant_confounds_change_nothing(series, confounds):
    more = np.column_stack([confounds, confounds[:, 0] * 3 + 1, np.full(T, 4.0)])
    np.testing.assert_allclose(
        clean(series, more, all_but(), tr=TR, band=None),
        clean(series, confounds, all_but(), tr=TR, band=None),
        rtol=0,
        atol=1e-8,
    )


def test_inputs_stay_as_they_are(series, confounds):
    kept = all_but(0, 60, 180)
    inputs = (series, confounds, kept)
    before = [x.copy() for x in inputs]
    for band in (BAND, None):
        for detrend in (True, False):
            clean(*inputs, tr=TR, band=band, detrend=detrend)
    freedom_of_run(confounds, kept, tr=TR, band=BAND)
    for now, then in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_single_precision_is_cleaned_in_double(series, confounds):
    out = clean(series.astype(np.float32), confounds, all_but(), tr=TR, band=BAND)
    assert out.dtype == np.float64


def test_the_shortest_series_that_can_be_filtered(rng):
    short = rng.standard_normal((MIN_FILTER_VOLUMES, 2))
    none = np.empty((MIN_FILTER_VOLUMES, 0))
    kept = all_but(n=MIN_FILTER_VOLUMES)
    assert np.isfinite(clean(short, none, kept, tr=TR, band=BAND)).all()
    kept[0] = False
    with pytest.raises(ExcludedError, match="Only 33 volumes"):
        clean(short, none, kept, tr=TR, band=BAND)


def test_sizes_and_kinds_are_checked(series, confounds):
    with pytest.raises(ValueError, match="'confounds': 240"):
        clean(series, confounds[1:], all_but(), tr=TR, band=BAND)
    with pytest.raises(ValueError, match="kept must be True or False"):
        clean(series, confounds, np.arange(T), tr=TR, band=BAND)
    confounds[5, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        clean(series, confounds, all_but(), tr=TR, band=BAND)


def test_a_long_repetition_time_is_refused(series, confounds):
    with pytest.raises(InputError, match=r"6\.5 s shows nothing above 0\.07692 Hz.*0\.01-0\.08"):
        clean(series, confounds, all_but(), tr=6.5, band=BAND)
    check_band(6.5, (0.01, 0.07))


@pytest.mark.parametrize(
    "band", [(0.08, 0.01), (-0.1, 0.1), (0.1, 0.1), (0.0, np.inf), (np.nan, 1)]
)
def test_a_band_out_of_order_is_refused(band):
    with pytest.raises(SettingsError, match="pass band"):
        check_band(TR, band)


@pytest.mark.parametrize("tr", [0.0, -2.0, np.nan, np.inf])
def test_a_repetition_time_must_be_positive(tr):
    with pytest.raises(InputError, match="repetition time"):
        check_band(tr, BAND)


def test_degrees_of_freedom_are_those_of_the_reference():
    filtered = degrees_of_freedom(240, tr=2.0, band=BAND, n_regressors=34)
    assert filtered == pytest.approx(33.2)
    assert degrees_of_freedom(240, tr=2.0, band=None, n_regressors=34) == 204
    assert degrees_of_freedom(240, tr=2.0, band=None, n_regressors=0, detrend=False) == 239


@pytest.mark.parametrize("n_regressors", [17, 34])
def test_filtered_noise_has_the_degrees_of_freedom_we_say(rng, n_regressors):
    """Correlations of cleaned white noise spread as 1 / sqrt(df), to a fifth."""
    noise, nuisance = rng.standard_normal((240, 200)), rng.standard_normal((240, n_regressors))
    kept = all_but(n=240)
    out = clean(noise, nuisance, kept, tr=TR, band=BAND)
    spread = np.corrcoef(out.T)[np.triu_indices(200, 1)].std()
    df = degrees_of_freedom(240, tr=TR, band=BAND, n_regressors=n_regressors)
    assert spread**-2 == pytest.approx(df, rel=0.2)


@pytest.mark.parametrize(
    ("n_runs", "n_regressors", "left"), [(1, 34, 33.2), (1, 38, 29.2), (2, 60, 14.4)]
)
def test_degrees_of_freedom_are_asked_of_the_joined_session(rng, n_runs, n_regressors, left):
    """A run that leaves too few by itself adds what it leaves to the others."""
    run, _ = freedom_of_run(
        rng.standard_normal((240, n_regressors)), all_but(n=240), tr=2.0, band=BAND
    )
    df, warnings = check_freedom([run] * n_runs, tr=2.0, band=BAND)
    assert df == pytest.approx(left)
    assert [f"only {left} degrees of freedom" in warning for warning in warnings] == [True] * (
        left < 30
    )


@pytest.mark.parametrize("each", [[9.9], [5.0, 4.9], [3.0, 3.0, 3.0]])
def test_a_session_with_too_few_degrees_of_freedom_is_left_out(each):
    runs = [Freedom(degrees=df, n_retained=100, n_regressors=30) for df in each]
    with pytest.raises(ExcludedError, match=rf"{sum(each):.1f} degrees .*at least 10"):
        check_freedom(runs, tr=2.0, band=BAND)


def test_a_run_of_which_nothing_is_left_is_not_joined(rng):
    with pytest.raises(ExcludedError, match="nothing"):
        freedom_of_run(rng.standard_normal((240, 67)), all_but(n=240), tr=2.0, band=BAND)


def test_regressors_that_repeat_each_other_count_once(rng):
    three = rng.standard_normal((240, 3)) * [1, 1e-9, 1e9]
    given = np.column_stack([three, three @ [1, 0, 1e-9], np.full(240, 7.0)])
    kept = all_but(n=240)
    assert count_regressors(given, kept) == 3
    freedom, (warning,) = freedom_of_run(given, kept, tr=2.0, band=BAND)
    assert freedom.degrees == pytest.approx(64.2)
    assert "Of 5 confounds only 3 are linearly independent" in warning
    assert count_regressors(np.empty((240, 0)), kept) == 0
    assert count_regressors(given, np.zeros(240, dtype=bool)) == 0
