"""Breathing is taken out of the motion parameters, and motion stays."""

import numpy as np
import pytest
from scipy import signal

from gradshift.bids.displacement import framewise_displacement
from gradshift.core.series.breathing import without_breathing
from gradshift.errors import InputError

TR, T = 0.8, 600
SECONDS = TR * np.arange(T)


def motion(breathing: float) -> np.ndarray:
    """Return a head that drifts, sinks once within 4 s, and breathes 18 times a minute."""
    parameters = np.zeros((T, 6))
    parameters[:, 0] = 0.8 * np.sin(2 * np.pi * SECONDS / 60)
    parameters[:, 2] = 1.5 / (1 + np.exp(-(SECONDS - 240)))
    parameters[:, 3] = 0.004 * np.sin(2 * np.pi * SECONDS / 90)
    parameters[:, 1] = breathing * np.sin(2 * np.pi * 0.3 * SECONDS)
    return parameters


@pytest.mark.parametrize(("low", "high"), [(15, 21), (6, None)])
def test_displacement_falls_to_that_of_the_true_motion(low, high):
    true = np.nanmean(framewise_displacement(motion(0)))
    breathed = np.nanmean(framewise_displacement(motion(0.2)))
    assert breathed > 2 * true
    filtered = framewise_displacement(without_breathing(motion(0.2), TR, low, high))
    assert np.nanmean(filtered) == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize(("low", "high"), [(15, 21), (6, None)])
def test_a_sine_is_damped_by_the_squared_response_of_the_filter(low, high):
    fs = 60 / TR
    b, a = signal.butter(2, low, fs=fs) if high is None else signal.iirnotch(18, 18 / 6, fs=fs)
    for cycles in (3.0, 6.0, 12.0, 18.0, 30.0):
        wave = np.sin(2 * np.pi * cycles * SECONDS / 60)[:, None]
        middle = slice(100, -100)
        left = without_breathing(wave, TR, low, high)[middle].std() / wave[middle].std()
        wanted = abs(signal.freqz(b, a, [cycles], fs=fs)[1][0]) ** 2
        assert left == pytest.approx(wanted, abs=0.02)


def test_a_head_at_rest_stays_where_it_is():
    still = np.full((T, 6), 3.0)
    np.testing.assert_allclose(without_breathing(still, TR, 12, 18), still, atol=1e-9)


def test_gaps_are_refused():
    gap = motion(0)
    gap[5, 2] = np.nan
    with pytest.raises(InputError, match="gaps"):
        without_breathing(gap, TR, 12, 18)
