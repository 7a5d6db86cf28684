"""Late ratios of activity to a reference region."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.curves import Frames
from gradshift.core.kinetics import Scan, UnfitError

WINDOWS = ((60.0, 90.0), (40.0, 60.0))
"""Minutes after injection; the first that the scan covers is used."""

SHORTEST = 10.0
"""Minutes of a window that a scan must cover with whole frames."""


def late_ratio(scan: Scan) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Divide the mean late activity of every region by that of the reference region.

    Parameters
    ----------
    scan : Scan
        With a reference region.

    Returns
    -------
    ratio : (R,) array
    window : tuple of float
        Minutes that were used.

    Raises
    ------
    UnfitError
        If the scan covers no window, or the reference has no activity.
    """
    assert scan.reference is not None
    inside, window = _window(scan.frames)
    weights = scan.frames.duration[inside]
    below = float(weights @ scan.reference[inside])
    if not below > 0:
        raise UnfitError("the reference region has no activity")
    return weights @ scan.tissue[inside] / below, window


def _window(frames: Frames) -> tuple[NDArray[np.bool_], tuple[float, float]]:
    for window in WINDOWS:
        inside = (frames.start >= window[0] - 0.1) & (frames.end <= window[1] + 0.1)
        if frames.duration[inside].sum() >= SHORTEST:
            return inside, window
    told = " or ".join(f"{low:g} to {high:g}" for low, high in WINDOWS)
    raise UnfitError(f"no whole frames from {told} minutes after injection")
