"""ALFF and fALFF: closed forms, gaps, limits."""

from typing import NamedTuple

import numpy as np
import pytest

from gradshift.core.series.spectra import over_mean, spectrum, z_scores
from gradshift.errors import InputError

TR = 2.0


class Fluctuations(NamedTuple):
    alff: np.ndarray
    falff: np.ndarray
    remarks: tuple[str, ...]


def measure(series, volumes=None, run_of=None, tr=TR, **choices):
    volumes = np.arange(len(series)) if volumes is None else volumes
    run_of = np.zeros(len(series), dtype=np.intp) if run_of is None else run_of
    measured = spectrum(volumes, run_of, tr, **choices)
    return Fluctuations(*measured.measure((series - series.mean(axis=0)).T), measured.remarks)


def two_waves(n_volumes=240, phase=0.3):
    """Amplitude 3 within the band, 1 beyond it."""
    t = np.arange(n_volumes) * TR
    return (3 * np.sin(2 * np.pi * 0.05 * t) + np.sin(2 * np.pi * 0.15 * t + phase))[:, None]


def by_fourier(series, band=(0.01, 0.08)):
    n = len(series)
    amplitude = 2 * np.abs(np.fft.rfft(series - series.mean(axis=0), axis=0)) / n
    if n % 2 == 0:
        amplitude[-1] /= 2
    frequency = np.fft.rfftfreq(n, TR)
    inside = (frequency >= band[0] - 1e-12) & (frequency <= band[1] + 1e-12)
    return amplitude[inside].mean(axis=0), amplitude[inside].sum(axis=0) / amplitude[1:].sum(
        axis=0
    )


def test_two_waves_have_known_values():
    found = measure(two_waves())
    assert found.alff[0] == pytest.approx(3 / 34, abs=1e-10)
    assert found.falff[0] == pytest.approx(0.75, abs=1e-10)
    assert found.remarks == ()


@pytest.mark.parametrize("n_volumes", [240, 241, 200])
def test_without_gaps_it_is_the_fourier_transform(rng, n_volumes):
    """Also at the highest frequency, and at 200 volumes, which put bins on both edges."""
    series = rng.standard_normal((n_volumes, 9)).cumsum(axis=0) + 500
    alff, falff = by_fourier(series)
    found = measure(series)
    np.testing.assert_allclose(found.alff, alff, rtol=1e-10)
    np.testing.assert_allclose(found.falff, falff, rtol=1e-10)


def test_edges_belong_to_the_band():
    t = np.arange(200) * TR
    for edge in (0.01, 0.08):
        assert measure(np.sin(2 * np.pi * edge * t)[:, None]).falff[0] == pytest.approx(1)


def test_a_wave_keeps_its_amplitude_over_gaps(rng):
    kept = np.sort(rng.choice(240, 200, replace=False))
    kept[[0, -1]] = 0, 239
    t = kept * TR
    series = 3 * np.sin(2 * np.pi * 0.05 * t + 0.4)[:, None]
    (waves,) = spectrum(kept, np.zeros_like(kept), TR).waves
    amplitude = waves.amplitudes(series.T)
    at = np.abs(waves.frequency - 0.05).argmin()
    assert amplitude[0, at] == pytest.approx(3, rel=0.01)


def test_amplitudes_over_gaps_are_those_of_a_least_squares_fit(rng):
    kept = np.delete(np.arange(101), np.r_[3:9, 40, 77:80])
    series = rng.standard_normal(len(kept)).cumsum()
    series -= series.mean()
    (waves,) = spectrum(kept, np.zeros_like(kept), TR).waves
    expected = []
    for frequency in waves.frequency:
        angle = 2 * np.pi * frequency * kept * TR
        design = np.column_stack([np.cos(angle), np.sin(angle)])
        expected.append(np.hypot(*np.linalg.lstsq(design, series)[0]))
    np.testing.assert_allclose(waves.amplitudes(series[None])[0], expected, rtol=1e-9)


def test_gaps_bias_the_share_little(rng):
    """Filling gaps with zeros would."""
    share = rng.standard_normal((240, 400))
    share = np.fft.irfft(
        np.fft.rfft(share, axis=0) * np.linspace(3, 1, 121)[:, None], n=240, axis=0
    )
    kept = np.delete(np.arange(240), np.r_[30:36, 80:84, 150:170])
    whole, gapped = measure(share), measure(share[kept], volumes=kept)
    assert gapped.falff.mean() == pytest.approx(whole.falff.mean(), rel=0.02)


def test_runs_are_averaged_by_their_length(rng):
    one, two = rng.standard_normal((150, 3)), 4 * rng.standard_normal((90, 3))
    both = measure(
        np.vstack([one, two]),
        volumes=np.r_[0:150, 0:90],
        run_of=np.repeat([1, 2], [150, 90]),
    )
    alff, falff = (
        (150 * long + 90 * short) / 240
        for long, short in zip(by_fourier(one), by_fourier(two), strict=True)
    )
    np.testing.assert_allclose(both.alff, alff)
    np.testing.assert_allclose(both.falff, falff)


def test_a_piece_too_short_for_the_band_is_left_out(rng):
    one, piece = rng.standard_normal((150, 3)), 100 * rng.standard_normal((20, 3))
    both = measure(
        np.vstack([one, piece]),
        volumes=np.r_[0:150, 0:20],
        run_of=np.repeat([1, 2], [150, 20]),
    )
    np.testing.assert_allclose(both.alff, measure(one).alff)


def test_single_precision_is_enough_and_input_stays(rng):
    series = (rng.standard_normal((160, 30)) * 20).astype(np.float32)
    before = series.copy()
    whole = measure(series.astype(np.float64))
    np.testing.assert_allclose(measure(series).alff, whole.alff, rtol=1e-4)
    np.testing.assert_array_equal(series, before)


def test_constant_and_missing_series():
    series = np.hstack([two_waves(), np.full((240, 1), 7.0), two_waves()])
    series[3, 2] = np.nan
    found = measure(series)
    assert found.alff[1] == 0
    assert np.isnan(found.falff).tolist() == [False, True, True]
    assert np.isnan(found.alff).tolist() == [False, False, True]


@pytest.mark.parametrize("tr", [6.25, 6.5])
def test_a_repetition_time_too_long_for_the_band_is_an_error(tr):
    with pytest.raises(InputError, match=f"repetition time of {tr} s"):
        measure(two_waves(), tr=tr)


def test_a_run_too_short_for_the_band_is_an_error():
    with pytest.raises(InputError, match=r"lasts 98 s; a period of 0.01 Hz takes 100 s"):
        measure(two_waves(49))


def test_a_short_run_is_remarked():
    assert measure(two_waves(150)).remarks == ()
    assert "lasts 298 s, less than 3 periods" in measure(two_waves(149)).remarks[0]


def test_standardised_maps(rng):
    values = rng.uniform(1, 9, 50)
    values[4] = np.nan
    assert np.nanmean(over_mean(values)) == pytest.approx(1)
    assert np.nanmean(z_scores(values)) == pytest.approx(0, abs=1e-12)
    assert np.nanstd(z_scores(values), ddof=1) == pytest.approx(1)
    np.testing.assert_allclose(over_mean(values) * np.nanmean(values), values)
