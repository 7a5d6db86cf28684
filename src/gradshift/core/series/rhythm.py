"""How often a recording repeats itself: breaths and heartbeats per minute."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BREATHS = (6.0, 36.0)
"""Breaths per minute among which the rate is looked for."""

BEATS = (40.0, 140.0)
"""Heartbeats per minute among which the rate is looked for."""

WINDOW = 60.0
"""Seconds of the pieces whose spectra are averaged."""

AROUND = 2.0
"""Cycles per minute on both sides of a peak that belong to it."""

SHARE = 0.4
"""Share of the power among `BREATHS` that a peak must hold; noise without a rhythm reaches .3."""

ALIKE = 0.2
"""Correlation with itself one beat later that a recording of the heart must have."""


def breaths_per_minute(values: Array, rate: float) -> float:
    """Return the rate of the largest peak of the spectrum.

    Parameters
    ----------
    values : (N,) array
        A belt, or a motion parameter.
    rate : float
        Samples per second.

    Returns
    -------
    float
        NaN if it is shorter than a minute, or no peak stands out: breathing may be irregular, or
        not be in it.
    """
    from scipy import signal

    length = int(WINDOW * rate)
    if len(values) < length or not np.isfinite(values).all() or np.ptp(values) == 0:
        return np.nan
    frequencies, power = signal.welch(
        values, rate, nperseg=length, nfft=8 * length, detrend="linear"
    )
    cycles = 60 * frequencies
    among = (cycles >= BREATHS[0]) & (cycles <= BREATHS[1])
    cycles, power = cycles[among], power[among]
    highest = int(power.argmax())
    near = np.abs(cycles - cycles[highest]) <= AROUND
    at_edge = highest in (0, len(power) - 1)
    stands_out = power[near].sum() >= SHARE * power.sum()
    return float(cycles[highest]) if stands_out and not at_edge else np.nan


def beats_per_minute(values: Array, rate: float) -> float:
    """Return the rate at which a recording of the heart is most like itself a beat later.

    Of beats and their multiples the first is taken whose correlation is nearly the highest: a beat
    of an electrocardiogram has strong harmonics, and a spectrum would take them for the rate.

    Parameters
    ----------
    values : (N,) array
        A pulse or an electrocardiogram.
    rate : float
        Samples per second.

    Returns
    -------
    float
        NaN if it is shorter than a minute, or is like itself at no lag.
    """
    n = len(values)
    first, last = int(np.ceil(60 * rate / BEATS[1])), int(60 * rate / BEATS[0])
    too_coarse = last - first < 3
    if n < WINDOW * rate or too_coarse or not np.isfinite(values).all() or np.ptp(values) == 0:
        return np.nan
    width = max(int(rate * 60 / BEATS[0]), 1)
    slow = np.convolve(values, np.ones(width) / width, mode="same")
    spectrum = np.fft.rfft(values - slow, 2 * n)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: last + 2]
    likeness = likeness / likeness[0] if likeness[0] > 0 else likeness
    lags = np.arange(first, last + 1)
    peaks = [
        lag
        for lag in lags
        if likeness[lag] >= likeness[lag - 1] and likeness[lag] >= likeness[lag + 1]
    ]
    if not peaks or (best := max(likeness[lag] for lag in peaks)) < ALIKE:
        return np.nan
    beat = next(lag for lag in peaks if likeness[lag] >= 0.8 * best)
    return float(60 * rate / beat)
