"""How strongly a signal fluctuates, and at which frequencies: ALFF and fALFF.

Give denoised series that were not filtered: a band-pass would take away what fALFF divides by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

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
"""Series handled at once, which bounds the memory used."""

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


@dataclass(frozen=True, slots=True)
class _Waves:
    """Waves to fit to the volumes of one run.

    Parameters
    ----------
    rows : (n,) array of int
        Where these volumes are among those of the session.
    frequency : (F,) array
    fit : (2 F, n) array
        ``fit @ series[rows]`` are the amplitudes of the cosines, then of the sines. Its rows
        add up to zero: the mean of a series does not matter.
    weight : int
        Volumes of the run.
    """

    rows: NDArray[np.intp]
    frequency: NDArray[np.float64]
    fit: NDArray[np.float64]
    weight: int

    def amplitudes(self, series: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Fit every wave to every series: (F, V)."""
        # Single precision takes half the time and is enough for voxels.
        parts = self.fit.astype(series.dtype) @ series[self.rows]
        cosine, sine = np.split(parts, 2)
        return np.asarray(np.sqrt(cosine**2 + sine**2))


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """What measures the fluctuations of any series of one session.

    Parameters
    ----------
    waves : tuple
        A set of waves for every run that is long enough.
    band : (low, high)
        In hertz.
    convention : {'zou2008', 'xcpd'}
        See `fluctuations`.
    remarks : tuple of str
        What a reader must know.
    """

    waves: tuple[_Waves, ...]
    band: tuple[float, float]
    convention: str
    remarks: tuple[str, ...]

    def after(
        self, operators: Mapping[int, NDArray[np.float64]], run_of: NDArray[np.intp]
    ) -> "Spectrum":
        """Return what measures series as they are before a linear operator is applied.

        Cleaning and fitting are one matrix product then, not two.

        Parameters
        ----------
        operators : mapping of int to (N, N) array
            For every run, what `gradshift.core.series.denoise.cleaning_operator` returns.
        run_of : (T,) array of int
            The run of every volume; the volumes of this spectrum are the first of these.
        """
        waves = []
        for one in self.waves:
            run = int(run_of[one.rows[0]])
            every = np.flatnonzero(run_of == run)
            fit = one.fit @ operators[run][one.rows - every[0]]
            waves.append(replace(one, rows=every, fit=fit))
        return replace(self, waves=tuple(waves))

    def measure(
        self, series: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Measure series.

        Parameters
        ----------
        series : (T, V) array
            Their mean does not matter but for rounding: in single precision take it out.

        Returns
        -------
        alff, falff : (V,) array
        """
        alff, falff, weight = np.zeros(series.shape[1]), np.zeros(series.shape[1]), 0
        for waves in self.waves:
            amplitude = waves.amplitudes(series)
            alff += waves.weight * _in_band(amplitude, waves.frequency, self.band, self.convention)
            falff += waves.weight * _share(amplitude, waves.frequency, self.band)
            weight += waves.weight
        return alff / weight, falff / weight


def spectrum(
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    tr: float,
    band: tuple[float, float] = BAND,
    convention: str = "zou2008",
) -> Spectrum:
    """Prepare to measure fluctuations; see `fluctuations` for parameters and errors."""
    if convention not in CONVENTIONS:
        raise ValueError(
            f"Unknown convention {convention!r}; choices are {', '.join(CONVENTIONS)}."
        )
    if 1 / (2 * tr) <= band[1] + TOLERANCE:
        raise InputError(
            f"With a repetition time of {tr:g} s frequencies up to {1 / (2 * tr):g} Hz can be "
            f"told apart; the band {band[0]:g}-{band[1]:g} Hz cannot be measured."
        )
    waves = tuple(_waves(rows, volumes, tr) for rows in _long_enough(volumes, run_of, tr, band))
    return Spectrum(
        waves=waves,
        band=band,
        convention=convention,
        remarks=_remarks(volumes, run_of, tr, band),
    )


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
    measured = spectrum(volumes, run_of, tr, band, convention)
    alff, falff = np.empty((2, series.shape[1]))
    for start in range(0, series.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        some = series[:, block]
        alff[block], falff[block] = measured.measure(some - some.mean(axis=0))
    return Fluctuations(alff, falff, measured.remarks)


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


def _waves(rows: NDArray[np.intp], volumes: NDArray[np.intp], tr: float) -> _Waves:
    """Make the waves of one run at the frequencies of a run without gaps.

    The phase of each wave is chosen such that sine and cosine are orthogonal over the
    volumes that are there (Lomb's offset).
    """
    there = volumes[rows]
    span = _span(there)
    frequency = np.arange(1, span // 2 + 1) / (span * tr)
    angle = 2 * np.pi * np.outer(there - there[0], frequency * tr)
    offset = np.arctan2(np.sin(2 * angle).sum(axis=0), np.cos(2 * angle).sum(axis=0)) / 2
    angle -= offset
    fit = np.hstack([_unit_fit(np.cos(angle)), _unit_fit(np.sin(angle))]).T
    return _Waves(rows, frequency, fit - fit.mean(axis=1, keepdims=True), len(rows))


def _unit_fit(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale waves so that a product with a series is the fitted amplitude."""
    size = np.sum(wave**2, axis=0)
    there = size > 1e-9 * len(wave)
    return np.where(there, wave / np.where(there, size, 1), 0)


def _inside(frequency: NDArray[np.float64], band: tuple[float, float]) -> NDArray[np.bool_]:
    return (frequency >= band[0] - TOLERANCE) & (frequency <= band[1] + TOLERANCE)


def _in_band(
    amplitude: NDArray[np.floating[Any]],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
    convention: str,
) -> NDArray[np.float64]:
    """Average the amplitude over the band."""
    if convention == "xcpd":
        # Its bins start at zero frequency, which ours leave out.
        low, high = (int(np.abs(frequency - edge).argmin()) for edge in band)
        return np.asarray(np.sqrt(2) * amplitude[low:high].mean(axis=0, dtype=np.float64))
    return np.asarray(amplitude[_inside(frequency, band)].mean(axis=0, dtype=np.float64))


def _share(
    amplitude: NDArray[np.floating[Any]],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
) -> NDArray[np.float64]:
    """Divide the amplitude in the band by that of all frequencies."""
    total = amplitude.sum(axis=0, dtype=np.float64)
    part: NDArray[np.float64] = amplitude[_inside(frequency, band)].sum(axis=0, dtype=np.float64)
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
