"""Framewise displacement: whether a column can be it, and from the motion parameters."""

import numpy as np
from numpy.typing import NDArray

HEAD_RADIUS = 50.0
"""Radius (mm) of the sphere on which rotations become displacements."""

AT_REST = 0.05
"""Millimetres below 0 that a displacement may be and still be that of a head at rest."""


def is_distance(values: NDArray[np.float64]) -> bool:
    """Tell whether values are known after the first, and none is clearly below 0."""
    return bool(np.isfinite(values[1:]).all() and not (values < -AT_REST).any())


def framewise_displacement(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the absolute changes of the six motion parameters from volume to volume.

    Parameters
    ----------
    motion : (T, 6) array
        Three translations in mm, three rotations in radians.

    Returns
    -------
    (T,) array
        Millimetres, with rotations taken as arcs on a sphere of 50 mm radius; the first is
        NaN.

    References
    ----------
    Power et al. (2012), NeuroImage 59:2142.
    """
    with np.errstate(all="ignore"):  # infinite parameters give a NaN, which the caller refuses
        steps = np.abs(np.diff(motion, axis=0))
        moved = steps[:, :3].sum(axis=1) + HEAD_RADIUS * steps[:, 3:].sum(axis=1)
    return np.concatenate([np.full(min(len(motion), 1), np.nan), moved])
