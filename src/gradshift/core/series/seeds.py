"""Seed maps: how strongly everything is connected with one set of regions."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.series.connectivity import MAX_R

BLOCK = 8192
"""Voxels handled at once, which bounds the memory used."""


def seed_map(voxels: NDArray[np.floating], seed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate every voxel, or region, with a seed.

    Parameters
    ----------
    voxels : (T, V) array
        One column each, any number type, need not be centred.
    seed : (T,) array
        Mean series of the seed.

    Returns
    -------
    (V,) array
        Fisher z, correlations clipped to 0.999999; NaN for constant or missing voxels.

    Raises
    ------
    ValueError
        If lengths differ, or the seed is constant or has missing values.
    """
    if len(voxels) != len(seed):
        raise ValueError(f"The seed has {len(seed)} volumes, the voxels have {len(voxels)}.")
    unit = seed - seed.mean()
    norm = np.sqrt(unit @ unit)
    if not norm > np.finfo(np.float64).eps * np.abs(seed).max(initial=0) * len(seed):
        raise ValueError("The seed is constant or has missing values.")
    unit = unit / norm
    z = np.empty(voxels.shape[1])
    for start in range(0, voxels.shape[1], BLOCK):
        block = voxels[:, start : start + BLOCK].astype(np.float64)
        block -= block.mean(axis=0)
        size = np.sqrt(np.einsum("tv,tv->v", block, block))
        scale = np.abs(voxels[:, start : start + BLOCK]).max(axis=0, initial=0)
        size[~(size > np.finfo(np.float64).eps * scale * len(seed))] = np.nan
        z[start : start + BLOCK] = np.arctanh(np.clip(unit @ block / size, -MAX_R, MAX_R))
    return z
