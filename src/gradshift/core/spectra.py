"""How strongly a signal fluctuates, and at which frequencies: ALFF and fALFF.

Give denoised series that were not filtered: a band-pass would take away what fALFF divides by.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError

BAND = (0.01, 0.08)
"""Frequencies of interest in hertz, both ends included."""

TOLERANCE = 1e-12
"""In hertz: a frequency on the edge of the band belongs to it in spite of rounding."""

MIN_PERIODS = 3
"""Periods of the lowest frequency that a recording should hold."""

BLOCK = 4096
"""Voxels handled at once, which bounds the memory used."""

CONVENTIONS = ("zou2008", "xcpd")
"""Ways to average over the band."""


class Fluctuations(NamedTuple):
    """Amplitude of fluctuations in a band.

    Parameters
    ----------
    alff : (V,) array
        Mean amplitude in the band, in the unit of the series; NaN for series with missing
        values.
    falff : (V,) array
        Share of the band in the summed amplitude of all frequencies, within [0, 1]; NaN for
        constant series too.
    remarks : tuple of str
        What a reader must know.
    """

    alff: NDArray[np.float64]
    falff: NDArray[np.float64]
    remarks: tuple[str, ...]


class _Waves(NamedTuple):
    """Waves to fit to one run: series.T @ cosine and @ sine are amplitudes."""

    frequency: NDArray[np.float64]
    cosine: NDArray[np.float64]
    sine: NDArray[np.float64]


def fluctuations(
    series: NDArray[np.floating],
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    tr: float,
    band: tuple[float, float] = BAND,
    convention: str = "zou2008",
) -> Fluctuations:
    """Measure the amplitude of low-frequency fluctuations.

    Where volumes are missing the amplitudes are those of a Lomb-Scargle periodogram, waves
    fitted by least squares to the volumes that are there; without gaps that is the Fourier
    transform. Runs are measured one by one and averaged by their number of volumes.

    Parameters
    ----------
    series : (T, V) array
        Denoised, detrended, not filtered; one column per voxel or region.
    volumes : (T,) array of int
        Index of each volume within its run, rising.
    run_of : (T,) array of int
        The run each volume came from.
    tr : float
        Repetition time in seconds.
    band : (low, high)
        In hertz.
    convention : {'zou2008', 'xcpd'}
        ``zou2008``: mean amplitude over ``low <= f <= high``. ``xcpd``: twice the mean root
        of the power over the bins nearest to low up to, but without, the one nearest to
        high, as XCP-D; fALFF is the same in both.

    Returns
    -------
    Fluctuations

    Raises
    ------
    InputError
        If the band lies beyond what the repetition time resolves, or no run is long enough
        to contain it.

    References
    ----------
    Zang et al. (2007), Brain Dev 29:83; Zou et al. (2008), J Neurosci Methods 172:137; Lomb
    (1976), Astrophys Space Sci 39:447.
    """
    if convention not in CONVENTIONS:
        raise ValueError(
            f"Unknown convention {convention!r}; choices are {', '.join(CONVENTIONS)}."
        )
    if 1 / (2 * tr) <= band[1] + TOLERANCE:
        raise InputError(
            f"With a repetition time of {tr:g} s frequencies up to {1 / (2 * tr):g} Hz can be "
            f"told apart; the band {band[0]:g}-{band[1]:g} Hz cannot be measured."
        )
    n_series = series.shape[1]
    alff, falff, weight = np.zeros(n_series), np.zeros(n_series), 0
    for rows in _long_enough(volumes, run_of, tr, band):
        waves = _waves(volumes[rows], tr)
        for start in range(0, n_series, BLOCK):
            block = slice(start, start + BLOCK)
            amplitude = _amplitudes(series[rows, block], waves)
            alff[block] += len(rows) * _in_band(amplitude, waves.frequency, band, convention)
            falff[block] += len(rows) * _share(amplitude, waves.frequency, band)
        weight += len(rows)
    return Fluctuations(alff / weight, falff / weight, _remarks(volumes, run_of, tr, band))


def over_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide a map by its mean over the brain mask: mALFF from ALFF.

    Parameters
    ----------
    values : (V,) array
        All voxels of the brain mask; NaN where there is no value.

    Returns
    -------
    (V,) array
        1: as strong as in the average voxel.
    """
    scaled: NDArray[np.float64] = values / np.nanmean(values)
    return scaled


def z_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardise a map over the brain mask: zfALFF from fALFF.

    Parameters
    ----------
    values : (V,) array
        All voxels of the brain mask; NaN where there is no value.

    Returns
    -------
    (V,) array
        In standard deviations (of a sample) from the average voxel.
    """
    scores: NDArray[np.float64] = (values - np.nanmean(values)) / np.nanstd(values, ddof=1)
    return scores


def _long_enough(
    volumes: NDArray[np.intp], run_of: NDArray[np.intp], tr: float, band: tuple[float, float]
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of each run that spans at least one period of the lowest frequency."""
    runs = [np.flatnonzero(run_of == run) for run in np.unique(run_of)]
    spans = [_span(volumes[rows]) * tr for rows in runs]
    if max(spans) < 1 / band[0] - TOLERANCE:
        raise InputError(
            f"The longest run lasts {max(spans):g} s; a period of {band[0]:g} Hz takes "
            f"{1 / band[0]:g} s."
        )
    for rows, span in zip(runs, spans, strict=True):
        if span >= 1 / band[0] - TOLERANCE:
            yield rows


def _span(volumes: NDArray[np.intp]) -> int:
    """Count the volumes from the first to the last, missing ones included."""
    return int(volumes[-1] - volumes[0]) + 1


def _waves(volumes: NDArray[np.intp], tr: float) -> _Waves:
    """Make the waves of one run at the frequencies of a run without gaps.

    The phase of each wave is chosen such that sine and cosine are orthogonal over the
    volumes that are there (Lomb's offset).
    """
    span = _span(volumes)
    frequency = np.arange(1, span // 2 + 1) / (span * tr)
    angle = 2 * np.pi * np.outer(volumes - volumes[0], frequency * tr)
    offset = np.arctan2(np.sin(2 * angle).sum(axis=0), np.cos(2 * angle).sum(axis=0)) / 2
    angle -= offset
    return _Waves(frequency, _unit_fit(np.cos(angle)), _unit_fit(np.sin(angle)))


def _unit_fit(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale waves so that a product with a series is the fitted amplitude."""
    size = np.sum(wave**2, axis=0)
    there = size > 1e-9 * len(wave)
    return np.where(there, wave / np.where(there, size, 1), 0)


def _amplitudes(series: NDArray[np.floating], waves: _Waves) -> NDArray[np.float64]:
    """Fit every wave to every series: (F, V)."""
    centred = series - series.mean(axis=0)
    kind = centred.dtype  # single precision takes half the time and is enough for voxels
    cosine, sine = waves.cosine.astype(kind).T, waves.sine.astype(kind).T
    return np.asarray(np.hypot(cosine @ centred, sine @ centred), dtype=np.float64)


def _inside(frequency: NDArray[np.float64], band: tuple[float, float]) -> NDArray[np.bool_]:
    return (frequency >= band[0] - TOLERANCE) & (frequency <= band[1] + TOLERANCE)


def _in_band(
    amplitude: NDArray[np.float64],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
    convention: str,
) -> NDArray[np.float64]:
    """Average the amplitude over the band."""
    if convention == "xcpd":
        # Its bins start at zero frequency, which ours leave out.
        low, high = (int(np.abs(frequency - edge).argmin()) for edge in band)
        return np.asarray(np.sqrt(2) * amplitude[low:high].mean(axis=0))
    return np.asarray(amplitude[_inside(frequency, band)].mean(axis=0))


def _share(
    amplitude: NDArray[np.float64],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
) -> NDArray[np.float64]:
    """Divide the amplitude in the band by that of all frequencies."""
    total = amplitude.sum(axis=0)
    part: NDArray[np.float64] = amplitude[_inside(frequency, band)].sum(axis=0)
    return part / np.where(total > 0, total, np.nan)


def _remarks(
    volumes: NDArray[np.intp], run_of: NDArray[np.intp], tr: float, band: tuple[float, float]
) -> tuple[str, ...]:
    longest = max(_span(volumes[run_of == run]) * tr for run in np.unique(run_of))
    if longest >= MIN_PERIODS / band[0] - TOLERANCE:
        return ()
    return (
        f"the longest run lasts {longest:g} s, less than {MIN_PERIODS} periods of "
        f"{band[0]:g} Hz: amplitudes are uncertain",
    )
