"""The confounds of a simulated session, in the columns of fMRIPrep's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
"""Motion parameters: millimetres and radians."""

HEAD_RADIUS = 50.0
"""Radius in millimetres on which rotations count as displacement (Power et al. 2012)."""

N_COMPONENTS = 6
"""Principal components kept of each tissue mask."""

CUTOFF = 128.0
"""Longest period in seconds that the cosine columns leave in."""

OUTLIER_FD = 0.5
"""Displacement in millimetres above which fMRIPrep calls a volume a motion outlier."""

BASELINES = {"grey": 10000.0, "white_matter": 8500.0, "csf": 13000.0}
"""Mean signal of each tissue, in the arbitrary units of the scanner."""


@dataclass(frozen=True, kw_only=True)
class Confounds:
    """A confounds table and what its JSON file says.

    Parameters
    ----------
    columns : mapping of str to (T,) array
        NaN where fMRIPrep writes n/a.
    components : mapping of str to mapping
        Mask, singular value and explained variance of each principal component.
    """

    columns: Mapping[str, NDArray[np.float64]]
    components: Mapping[str, Mapping[str, str | float | bool]]


class Signals(NamedTuple):
    """What the tissues show, in percent of the baseline.

    Parameters
    ----------
    regions : (T, R) array
    white_matter, csf : (T, N) array
    """

    regions: NDArray[np.float64]
    white_matter: NDArray[np.float64]
    csf: NDArray[np.float64]


def confound_table(
    motion: NDArray[np.float64],
    signals: Signals,
    *,
    n_dummy: int,
    tr: float,
    voxel_sd: float,
) -> Confounds:
    """Compute all confounds from the motion parameters and the signals.

    Parameters
    ----------
    motion : (T, 6) array
        Translations in millimetres, rotations in radians.
    signals : Signals
    n_dummy : int
        Number of first volumes before the steady state.
    tr : float
        Repetition time in seconds.
    voxel_sd : float
        Standard deviation of the voxels' white noise in percent; it belongs to DVARS.

    Returns
    -------
    Confounds
    """
    n_volumes = len(motion)
    fd = framewise_displacement(motion)
    dvars = _dvars(np.hstack(signals), voxel_sd) * BASELINES["grey"] / 100
    standardised = dvars / np.nanmedian(dvars)
    columns: dict[str, NDArray[np.float64]] = {}
    for name, signal in _means(signals).items():
        columns |= _expanded(name, signal)
    columns |= {"dvars": dvars, "std_dvars": standardised, "framewise_displacement": fd}
    cosines = _cosines(n_volumes - n_dummy, tr)
    components: dict[str, Mapping[str, str | float | bool]] = {}
    for mask, voxels in _masks(signals).items():
        for scores, entry in _principal_components(voxels[n_dummy:], cosines):
            name = f"a_comp_cor_{len(components):02d}"
            columns[name] = _padded(scores, n_dummy)
            components[name] = {"Method": "aCompCor", "Mask": mask, "Retained": True, **entry}
    for i, cosine in enumerate(cosines.T):
        columns[f"cosine{i:02d}"] = _padded(cosine, n_dummy)
    for i in range(n_dummy):
        columns[f"non_steady_state_outlier{i:02d}"] = _one_hot(n_volumes, i)
    for name, parameter in zip(MOTION, motion.T, strict=True):
        columns |= _expanded(name, parameter)
    moved = np.nan_to_num(fd) > OUTLIER_FD
    moved[:n_dummy] = False
    for i, at in enumerate(np.flatnonzero(moved)):
        columns[f"motion_outlier{i:02d}"] = _one_hot(n_volumes, int(at))
    return Confounds(columns=columns, components=components)


def framewise_displacement(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the absolute changes of the motion parameters (Power et al. 2012).

    Parameters
    ----------
    motion : (T, 6) array
        Translations in millimetres, rotations in radians.

    Returns
    -------
    (T,) array
        Millimetres, rotations as arcs on a sphere of 50 mm; NaN for the first volume.
    """
    change = np.abs(np.diff(motion, axis=0))
    change[:, 3:] *= HEAD_RADIUS
    return np.concatenate([[np.nan], change.sum(axis=1)])


def _means(signals: Signals) -> dict[str, NDArray[np.float64]]:
    """Mean signals in the units of the scanner."""
    grey = BASELINES["grey"] * (1 + signals.regions.mean(axis=1) / 100)
    white = BASELINES["white_matter"] * (1 + signals.white_matter.mean(axis=1) / 100)
    fluid = BASELINES["csf"] * (1 + signals.csf.mean(axis=1) / 100)
    whole = 0.6 * grey + 0.3 * white + 0.1 * fluid
    return {"global_signal": whole, "csf": fluid, "white_matter": white}


def _expanded(name: str, signal: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Add to a signal its change since the volume before, and the squares of both."""
    change = np.concatenate([[np.nan], np.diff(signal)])
    return {
        name: signal,
        f"{name}_derivative1": change,
        f"{name}_derivative1_power2": change**2,
        f"{name}_power2": signal**2,
    }


def _dvars(brain: NDArray[np.float64], voxel_sd: float) -> NDArray[np.float64]:
    """Root mean square over voxels of the change since the volume before, in percent."""
    change = np.diff(brain, axis=0)
    return np.concatenate([[np.nan], np.sqrt((change**2).mean(axis=1) + 2 * voxel_sd**2)])


def _masks(signals: Signals) -> dict[str, NDArray[np.float64]]:
    csf, white_matter = signals.csf, signals.white_matter
    return {"combined": np.hstack([csf, white_matter]), "CSF": csf, "WM": white_matter}


def _cosines(n_volumes: int, tr: float) -> NDArray[np.float64]:
    """(n_volumes, K) discrete cosines with periods above `CUTOFF` seconds."""
    order = int(np.floor(2 * n_volumes * tr / CUTOFF))
    times = np.arange(n_volumes) + 0.5
    basis = np.cos(np.pi * np.outer(times, np.arange(1, order + 1)) / n_volumes)
    return np.asarray(np.sqrt(2 / n_volumes) * basis)


def _principal_components(
    signals: NDArray[np.float64], cosines: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], dict[str, float]]]:
    """Time courses of the first components, slow drift taken out before."""
    centred = signals - signals.mean(axis=0)
    centred -= cosines @ (cosines.T @ centred)
    centred /= centred.std(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    explained = singular**2 / (singular**2).sum()
    cumulative = np.cumsum(explained)
    # The sign of a singular vector is arbitrary: fix it, for the same bytes everywhere.
    left *= np.where(left[np.abs(left).argmax(axis=0), np.arange(left.shape[1])] < 0, -1, 1)
    return [
        (
            left[:, i],
            {
                "SingularValue": round(float(singular[i]), 6),
                "VarianceExplained": round(float(explained[i]), 6),
                "CumulativeVarianceExplained": round(float(cumulative[i]), 6),
            },
        )
        for i in range(N_COMPONENTS)
    ]


def _padded(values: NDArray[np.float64], n_dummy: int) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(n_dummy), values])


def _one_hot(n_volumes: int, at: int) -> NDArray[np.float64]:
    column = np.zeros(n_volumes)
    column[at] = 1
    return column
