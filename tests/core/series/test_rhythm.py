"""Rates of breathing and heart that were planted, and none where there is no rhythm."""

import numpy as np
import pytest

from gradshift.core.series.rhythm import beats_per_minute, breaths_per_minute

MOTION_RATE = 1.25
PULSE_RATE = 50.0


def breathing(per_minute: float, rng: np.random.Generator) -> np.ndarray:
    """Return eight minutes of breaths whose lengths vary, in a head that drifts."""
    seconds = np.arange(600) / MOTION_RATE
    speed = 1 + 0.1 * np.interp(seconds, np.arange(0, 490, 4), rng.standard_normal(123))
    phase = 2 * np.pi * np.cumsum(per_minute / 60 * speed) / MOTION_RATE
    drift = np.cumsum(rng.standard_normal(600))
    return np.sin(phase) + 0.1 * drift + 0.3 * rng.standard_normal(600)


@pytest.mark.parametrize("per_minute", [10, 16, 24])
def test_breaths_are_counted_in_a_head_that_drifts(per_minute, rng):
    steps = np.diff(breathing(per_minute, rng))
    assert breaths_per_minute(steps, MOTION_RATE) == pytest.approx(per_minute, abs=1.5)


@pytest.mark.parametrize("varying", [0.0, 0.04])
@pytest.mark.parametrize("per_minute", [50, 72, 110, 121])
def test_beats_of_an_electrocardiogram_are_no_multiples(per_minute, varying, rng):
    values = np.zeros(int(180 * PULSE_RATE))
    lengths = 60 / per_minute * (1 + varying * rng.standard_normal(400))
    at = np.cumsum(lengths)
    values[(at[at < 179] * PULSE_RATE).astype(int)] = 1
    values = np.convolve(values, [0.3, 1, 0.3], "same") + 0.05 * rng.standard_normal(len(values))
    assert beats_per_minute(values, PULSE_RATE) == pytest.approx(per_minute, rel=0.03)


def test_where_there_is_no_rhythm_there_is_no_rate(rng):
    noise = rng.standard_normal((50, 600))
    assert not np.isfinite([breaths_per_minute(one, MOTION_RATE) for one in noise]).any()
    long = rng.standard_normal((10, 9000))
    assert not np.isfinite([beats_per_minute(one, PULSE_RATE) for one in long]).any()
    for count in (breaths_per_minute, beats_per_minute):
        assert np.isnan(count(np.zeros(9000), PULSE_RATE))
        assert np.isnan(count(noise[0, :40], MOTION_RATE))
        assert np.isnan(count(np.full(9000, np.nan), PULSE_RATE))
