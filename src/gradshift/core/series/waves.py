"""Waves that are fitted to the volumes that were kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Waves that are fitted to the volumes of one run.

    Their products with a series are those of its Fourier transform, with zeros for missing
    volumes, after a turn of each phase; divided by the size of the wave they are amplitudes.

    Parameters
    ----------
    rows : (n,) array of int
        Where these volumes are among those of the session.
    volumes : (n,) array of int
        Volumes since the first of these.
    frequency : (F,) array
        In hertz: whole numbers of periods in the span of the volumes.
    turn : (1 + F,) array of complex
        Of the phase of a constant and of each wave, such that sine and cosine are orthogonal
        over the volumes that are there (Lomb's offset).
    over_size : (2 + 2 F,) array
        One over the sum of the squares of cosine and sine in turn; 0 where that vanishes.
    """

    rows: NDArray[np.intp]
    volumes: NDArray[np.intp]
    frequency: NDArray[np.float64]
    turn: NDArray[np.complex128]
    over_size: NDArray[np.float64]

    def amplitudes(self, series: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Fit every wave to every series, (V, T): return (V, F), in the precision given."""
        some = series[:, self.rows[0] : self.rows[-1] + 1]
        # Taken out first: in the zeros between the volumes a mean would be a fluctuation.
        filled = np.zeros((len(series), int(self.volumes[-1]) + 1), dtype=series.dtype)
        filled[:, self.volumes] = some - some.mean(axis=1, keepdims=True)
        waves = rfft(filled, axis=1, overwrite_x=True)
        waves *= self.turn.astype(waves.dtype)
        parts = waves.view(series.dtype)  # cosine and sine in turn
        parts *= self.over_size.astype(series.dtype)
        np.square(parts, out=parts)
        power = parts[:, 2::2] + parts[:, 3::2]
        return np.asarray(np.sqrt(power, out=power))


def n_spanned(volumes: NDArray[np.intp]) -> int:
    """Count the volumes from the first to the last, missing ones included."""
    return int(volumes[-1] - volumes[0]) + 1


def waves_of(rows: NDArray[np.intp], volumes: NDArray[np.intp], tr: float) -> Waves:
    """Make the waves of one run at the frequencies of a run without gaps."""
    times, span = volumes[rows] - volumes[rows[0]], n_spanned(volumes[rows])
    frequency = np.arange(span // 2 + 1) / (span * tr)
    angle = 2 * np.pi * np.outer(times, frequency * tr)
    offset = np.arctan2(np.sin(2 * angle).sum(axis=0), np.cos(2 * angle).sum(axis=0)) / 2
    angle -= offset
    sizes = np.stack([np.sum(wave(angle) ** 2, axis=0) for wave in (np.cos, np.sin)], axis=1)
    present = sizes > 1e-9 * len(rows)
    return Waves(
        rows=rows,
        volumes=times,
        frequency=frequency[1:],
        turn=np.exp(1j * offset),
        over_size=np.where(present, 1 / np.where(present, sizes, 1), 0).ravel(),
    )
