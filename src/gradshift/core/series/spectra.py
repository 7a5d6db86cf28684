"""How strongly a signal fluctuates, and at which frequencies: ALFF and fALFF.

Give denoised series that were not filtered: a band-pass would take away what fALFF divides by.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.series.waves import Waves, n_spanned, waves_of
from gradshift.errors import InputError

BAND = (0.01, 0.08)
"""Frequencies of interest in hertz, both ends included."""

TOLERANCE = 1e-12
"""In hertz: a frequency on the edge of the band belongs to it in spite of rounding."""

MIN_PERIODS = 3
"""Periods of the lowest frequency that a recording should hold."""


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """What measures the fluctuations of any series of one session.

    Parameters
    ----------
    waves : tuple
        A set of waves for every run that is long enough.
    band : (low, high)
        In hertz.
    remarks : tuple of str
        What a reader must know.
    """

    waves: tuple[Waves, ...]
    band: tuple[float, float]
    remarks: tuple[str, ...]

    def measure(
        self, series: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Measure series.

        Parameters
        ----------
        series : (V, T) array
            Denoised, not filtered. Their mean does not matter but for rounding: in single
            precision take it out.

        Returns
        -------
        alff : (V,) array
            Mean amplitude in the band, in the unit of the series; NaN for series with missing
            values.
        falff : (V,) array
            Share of the band in the summed amplitude of all frequencies, within [0, 1]; NaN
            for constant series too.
        """
        alff, falff = np.zeros((2, len(series)))
        for waves in self.waves:
            amplitude, n = waves.amplitudes(series), len(waves.rows)
            alff += n * _in_band(amplitude, waves.frequency, self.band)
            falff += n * _share(amplitude, waves.frequency, self.band)
        n_volumes = sum(len(waves.rows) for waves in self.waves)
        return alff / n_volumes, falff / n_volumes


def spectrum(
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    tr: float,
    band: tuple[float, float] = BAND,
) -> Spectrum:
    """Prepare to measure the amplitude of low-frequency fluctuations.

    Where volumes are missing the amplitudes are those of a Lomb-Scargle periodogram, waves
    fitted by least squares to the volumes that are there; without gaps that is the Fourier
    transform. Runs are measured one by one and averaged by their number of volumes.

    Parameters
    ----------
    volumes : (T,) array of int
        Index of each volume within its run, rising.
    run_of : (T,) array of int
        The run each volume came from.
    tr : float
        Repetition time in seconds.
    band : (low, high)
        In hertz.

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
    if 1 / (2 * tr) <= band[1] + TOLERANCE:
        raise InputError(
            f"With a repetition time of {tr:g} s frequencies up to {1 / (2 * tr):g} Hz can be "
            f"told apart; the band {band[0]:g}-{band[1]:g} Hz cannot be measured."
        )
    waves = tuple(waves_of(rows, volumes, tr) for rows in _long_enough(volumes, run_of, tr, band))
    return Spectrum(
        waves=waves,
        band=band,
        remarks=_remarks(volumes, run_of, tr, band),
    )


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
    spans = [n_spanned(volumes[rows]) * tr for rows in runs]
    if max(spans) < 1 / band[0] - TOLERANCE:
        raise InputError(
            f"The longest run lasts {max(spans):g} s; a period of {band[0]:g} Hz takes "
            f"{1 / band[0]:g} s."
        )
    for rows, span in zip(runs, spans, strict=True):
        if span >= 1 / band[0] - TOLERANCE:
            yield rows


def _inside(frequency: NDArray[np.float64], band: tuple[float, float]) -> NDArray[np.bool_]:
    return (frequency >= band[0] - TOLERANCE) & (frequency <= band[1] + TOLERANCE)


def _in_band(
    amplitude: NDArray[np.floating[Any]],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
) -> NDArray[np.float64]:
    """Average the amplitude over the band."""
    return np.asarray(amplitude[:, _inside(frequency, band)].mean(axis=1, dtype=np.float64))


def _share(
    amplitude: NDArray[np.floating[Any]],
    frequency: NDArray[np.float64],
    band: tuple[float, float],
) -> NDArray[np.float64]:
    """Divide the amplitude in the band by that of all frequencies."""
    total = amplitude.sum(axis=1, dtype=np.float64)
    part: NDArray[np.float64] = amplitude[:, _inside(frequency, band)].sum(
        axis=1, dtype=np.float64
    )
    return part / np.where(total > 0, total, np.nan)


def _remarks(
    volumes: NDArray[np.intp], run_of: NDArray[np.intp], tr: float, band: tuple[float, float]
) -> tuple[str, ...]:
    longest = max(n_spanned(volumes[run_of == run]) * tr for run in np.unique(run_of))
    if longest >= MIN_PERIODS / band[0] - TOLERANCE:
        return ()
    return (
        f"the longest run lasts {longest:g} s, less than {MIN_PERIODS} periods of "
        f"{band[0]:g} Hz: amplitudes are uncertain",
    )
