"""One simulated session as arrays: region series with everything that spoils them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.example.confounds import Confounds, Signals, confound_table, framewise_displacement

TR = 2.0
"""Repetition time in seconds."""

NEURAL_SD = 1.0
"""Standard deviation of the neural part of a region's signal, in percent."""

REGION_NOISE_SD = 0.4
"""Standard deviation of what is left of white noise in a region's mean, in percent."""

VOXEL_SD = 1.5
"""Standard deviation of white noise in a single voxel, in percent."""

N_TISSUE = 40
"""Number of simulated series for white matter, and the same for cerebrospinal fluid."""

JUMPS_PER_MINUTE = 0.5
"""How often a head moves suddenly (these people lie rather still)."""

BREATH_DISPLACEMENT = 0.04
"""Size in millimetres of the pseudomotion that breathing causes."""


@dataclass(frozen=True, kw_only=True)
class SimulatedSession:
    """What a scanner would have measured, as arrays.

    Parameters
    ----------
    series : (T, R) array
        Mean over the voxels of each region, in percent of its baseline. The images hold
        exactly these means (up to rounding).
    white_matter, csf : (T, N_TISSUE) array
        Series of tissue, in percent of their baseline.
    neural : (T, R) array
        The part of `series` that is signal.
    confounds : Confounds
        The table that goes with them, in the columns of fMRIPrep.
    n_dummy : int
        Number of first volumes before the steady state.
    """

    series: NDArray[np.float64]
    white_matter: NDArray[np.float64]
    csf: NDArray[np.float64]
    neural: NDArray[np.float64]
    confounds: Confounds
    n_dummy: int

    @property
    def fd(self) -> NDArray[np.float64]:
        """(T,) framewise displacement in millimetres; NaN for the first volume."""
        return self.confounds.columns["framewise_displacement"]


def simulate_session(
    connectome: NDArray[np.float64],
    regions: Regions,
    *,
    n_volumes: int,
    restlessness: float = 1.0,
    rng: np.random.Generator,
) -> SimulatedSession:
    """Simulate the region series and the confounds of one session.

    Neural signals with the given correlations and a falling spectrum are spoilt by head
    motion (slow and sudden), breathing, tissue signals, drift, white noise and a start before
    the steady state. The same `rng` state gives the same noise, motion and underlying draws
    whatever the connectome.

    Parameters
    ----------
    connectome : (R, R) array
        Correlations of the neural signals, positive definite.
    regions : Regions
        R regions; their places shape how motion shows.
    n_volumes : int
    restlessness : float
        How much the person moves: 1 is usual.
    rng : numpy.random.Generator

    Returns
    -------
    SimulatedSession
    """
    n_regions = len(connectome)
    places = _scaled_places(regions)
    neural = NEURAL_SD * neural_signals(connectome, n_volumes, rng)
    noise = REGION_NOISE_SD * rng.standard_normal((n_volumes, n_regions))
    breathing = breathing_signal(n_volumes, rng)
    motion = head_motion(n_volumes, breathing, restlessness, rng)
    n_dummy = int(rng.integers(1, 3))

    white, fluid, sources = _tissue(n_volumes, breathing, rng)
    series = neural + noise
    series += _motion_artefact(motion, places, rng)
    series += sources @ np.abs(_loadings(places, sources.shape[1], rng, mean=0.35))
    series += _drift(n_volumes, n_regions, rng)
    shared = _spikes(motion)[:, None] + _dummy_signal(n_volumes, n_dummy)[:, None]
    series += shared * (1 + 0.3 * places[:, 0] - 0.3 * places[:, 1])
    white += 0.6 * shared
    fluid += 0.8 * shared

    confounds = confound_table(
        motion, Signals(series, white, fluid), n_dummy=n_dummy, tr=TR, voxel_sd=VOXEL_SD
    )
    return SimulatedSession(
        series=series,
        white_matter=white,
        csf=fluid,
        neural=neural,
        confounds=confounds,
        n_dummy=n_dummy,
    )


def neural_signals(
    connectome: NDArray[np.float64], n_volumes: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw signals with given correlations and the spectrum of resting-state BOLD signals.

    The signals are sums of the principal components of the connectome. Each component has
    random phases but fixed amplitudes, as in phase-randomised surrogates: over the whole
    session its power is as prescribed, and what varies is how components go together.

    Parameters
    ----------
    connectome : (R, R) array
        Positive definite correlations.
    n_volumes : int
    rng : numpy.random.Generator

    Returns
    -------
    (n_volumes, R) array
        Expected mean 0 and standard deviation 1.
    """
    powers, directions = np.linalg.eigh(connectome)
    # The sign of an eigenvector is arbitrary: like draws shall give like signals.
    directions *= np.where(directions.sum(axis=0) < 0, -1, 1)
    components = coloured_noise(n_volumes, len(connectome), rng)
    return np.asarray(components @ (directions * np.sqrt(powers)).T)


def coloured_noise(n_volumes: int, n_series: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw independent series of fixed amplitudes and random phases.

    Power falls slowly up to 0.06 Hz and fast above, so that most of it lies between 0.01 and
    0.08 Hz.

    Parameters
    ----------
    n_volumes, n_series : int
    rng : numpy.random.Generator

    Returns
    -------
    (n_volumes, n_series) array
        Mean 0, standard deviation 1.
    """
    frequencies = np.fft.rfftfreq(n_volumes, TR)
    power = 1 / (0.05 + frequencies) / (1 + (frequencies / 0.06) ** 6)
    power[frequencies < 0.005] = 0
    phases = np.exp(2j * np.pi * rng.random((len(frequencies), n_series)))
    series = np.fft.irfft(np.sqrt(power)[:, None] * phases, n_volumes, axis=0)
    return np.asarray(series / series.std(axis=0))


def breathing_signal(n_volumes: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the slow, brain-wide signal that changes in breathing leave (SD about 1)."""
    n_padded = 2 * n_volumes
    frequencies = np.fft.rfftfreq(n_padded, TR)
    power = np.exp(-(((frequencies - 0.03) / 0.015) ** 2))
    power[0] = 0
    spectrum = np.fft.rfft(rng.standard_normal(n_padded))
    spectrum *= np.sqrt(power / _mean_power(power))
    return np.fft.irfft(spectrum, n_padded)[:n_volumes]


def head_motion(
    n_volumes: int,
    breathing: NDArray[np.float64],
    restlessness: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the six motion parameters: drift, breathing and sudden jumps.

    A jump either stays or, as a nod does, goes back with the next volume.

    Returns
    -------
    (T, 6) array
        Translations in millimetres, rotations in radians, in the order of `MOTION`.
    """
    units = np.array([1, 1, 1, 1 / 50, 1 / 50, 1 / 50])
    steps = 0.010 * rng.standard_normal((n_volumes, 6))
    drift = np.cumsum(steps, axis=0) + np.linspace(0, 1, n_volumes)[:, None] * 0.2 * (
        rng.standard_normal(6)
    )
    jitter = 0.008 * rng.standard_normal((n_volumes, 6))
    breath = BREATH_DISPLACEMENT * np.outer(breathing, [0.1, 1, 0.6, 0.8, 0.1, 0.1])
    jumps = np.zeros((n_volumes, 6))
    n_jumps = rng.poisson(JUMPS_PER_MINUTE * restlessness * n_volumes * TR / 60)
    for at in np.sort(rng.choice(np.arange(5, n_volumes - 5), n_jumps, replace=False)):
        jump = 0.25 * rng.standard_normal(6)
        if rng.random() < 0.6:
            jumps[at] += 1.6 * jump
        else:
            jumps[at:] += jump
    return restlessness * units * (drift + jitter + breath + jumps)


def _mean_power(power: NDArray[np.float64]) -> float:
    """Average over the two-sided spectrum of which `power` is the one side (even length)."""
    return float((2 * power.sum() - power[0] - power[-1]) / (2 * (len(power) - 1)))


def _scaled_places(regions: Regions) -> NDArray[np.float64]:
    """(R, 3) centres, each axis with mean 0 and standard deviation 1."""
    centred = regions.centroids - regions.centroids.mean(axis=0)
    return np.asarray(centred / centred.std(axis=0))


def _loadings(
    places: NDArray[np.float64], n: int, rng: np.random.Generator, *, mean: float
) -> NDArray[np.float64]:
    """(n, R) weights that change smoothly over the brain, so that neighbours share them."""
    slopes = 0.35 * mean * rng.standard_normal((n, 3))
    private = 0.15 * mean * rng.standard_normal((n, len(places)))
    return mean + slopes @ places.T + private


def _motion_artefact(
    motion: NDArray[np.float64], places: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(T, R) signal that follows the head: its place and how fast it moves."""
    millimetres = (motion - motion.mean(axis=0)) * [1, 1, 1, 50, 50, 50]
    speed = np.diff(millimetres, axis=0, prepend=millimetres[:1])
    both = np.hstack([2.0 * millimetres, 1.0 * speed])
    directions = rng.choice([-1.0, 1.0], 12)[:, None]
    weights = _loadings(places, 12, rng, mean=0.6)
    return np.asarray(both @ (directions * weights))


def _spikes(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) signal lost in the volumes during which the head moved suddenly."""
    moved = np.nan_to_num(framewise_displacement(motion))
    return np.where(moved > 0.5, -1.5 * moved, 0.0)


def _dummy_signal(n_volumes: int, n_dummy: int) -> NDArray[np.float64]:
    """(T,) surplus signal of the first volumes, before the steady state."""
    surplus = np.zeros(n_volumes)
    surplus[:n_dummy] = 8.0 * 0.3 ** np.arange(n_dummy)
    return surplus


def _drift(n_volumes: int, n_regions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(T, R) scanner drift, linear and quadratic."""
    time = np.linspace(-1, 1, n_volumes)
    shapes = np.stack([time, time**2 - 1 / 3], axis=1)
    common = rng.standard_normal((2, 1))
    return np.asarray(shapes @ (0.5 * common + 0.3 * rng.standard_normal((2, n_regions))))


def _tissue(
    n_volumes: int, breathing: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw tissue series, and the sources in them that leak into the cortex.

    Returns
    -------
    white_matter, csf : (T, N_TISSUE) array
    sources : (T, 4) array
        Breathing, one source of white matter, two of the fluid.
    """
    own = 1.0 * coloured_noise(n_volumes, 3, rng)
    sources = np.column_stack([2.0 * breathing, own])
    noise = 0.4 * rng.standard_normal((2, n_volumes, N_TISSUE))
    mixing = 1 + 0.4 * rng.standard_normal((2, 4, N_TISSUE))
    white = sources[:, :2] @ mixing[0, :2] + noise[0]
    fluid = sources[:, [0, 2, 3]] @ mixing[1, [0, 2, 3]] + noise[1]
    return white, fluid, sources
