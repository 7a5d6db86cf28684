"""Late ratios of activity to a reference region."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import Frames
from gradshift.core.pet.model import Scan, UnfitError

WINDOWS = ((60.0, 90.0), (40.0, 60.0))
"""Minutes after injection; the first that the scan covers is used."""

SHORTEST = 10.0
"""Minutes of a window that a scan must cover with whole frames."""


def late_ratio(scan: Scan) -> tuple[NDArray[np.float64], str]:
    """Divide the mean late activity of every region by that of the reference region.

    Parameters
    ----------
    scan : Scan
        With a reference region.

    Returns
    -------
    ratio : (R,) array
    remark : str
        Which minutes were used, if not those that are best.

    Raises
    ------
    UnfitError
        If the scan covers no window, or the reference has no activity.
    """
    assert scan.reference is not None
    weights, remark = late_weights(scan.frames)
    below = float(weights @ scan.reference)
    if not below > 0:
        raise UnfitError("the reference region has no activity")
    return weights @ scan.tissue / below, remark


def late_weights(frames: Frames) -> tuple[NDArray[np.float64], str]:
    """Weigh late frames by their duration; a scan of a single frame is used as it is.

    Returns
    -------
    weights : (T,) array
        With the sum 1.
    remark : str
        Which minutes were used, if not those that are best.

    Raises
    ------
    UnfitError
        If the scan covers no window.
    """
    if len(frames.start) == 1:
        low, high = float(frames.start[0]), float(frames.end[0])
        if np.isnan(low):
            return np.ones(1), "time after injection not known"
        usual = abs(low - WINDOWS[0][0]) < 1 and abs(high - WINDOWS[0][1]) < 1
        return np.ones(1), "" if usual else _told(low, high)
    for window in WINDOWS:
        inside = (frames.start >= window[0] - 0.1) & (frames.end <= window[1] + 0.1)
        if frames.duration[inside].sum() >= SHORTEST:
            weights = np.where(inside, frames.duration, 0)
            return weights / weights.sum(), "" if window == WINDOWS[0] else _told(*window)
    windows = " or ".join(f"{low:g} to {high:g}" for low, high in WINDOWS)
    raise UnfitError(f"no whole frames from {windows} minutes after injection")


def _told(low: float, high: float) -> str:
    return f"from {low:g} to {high:g} minutes"
