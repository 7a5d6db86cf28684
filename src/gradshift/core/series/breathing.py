"""Breathing in the motion parameters of the head."""

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError

Array = NDArray[np.float64]

ORDER = 2
"""Of the low-pass filter; it is applied forwards and backwards."""


def without_breathing(motion: Array, tr: float, low: float, high: float | None) -> Array:
    """Filter motion parameters forwards and backwards.

    Parameters
    ----------
    motion : (T, K) array
    tr : float
        Seconds.
    low, high : float, float or None
        Cycles per minute between which a notch filter of second order stops; without the second
        the edge of a low-pass Butterworth filter of second order.

    Returns
    -------
    (T, K) array

    Raises
    ------
    InputError
        If a value is not finite.

    References
    ----------
    Fair et al. (2020), NeuroImage 208:116400; Gratton et al. (2020), NeuroImage 217:116866.
    """
    from scipy import signal

    if not np.isfinite(motion).all():
        raise InputError("Motion parameters with gaps cannot be filtered (--motion-filter).")
    per_minute = 60 / tr
    if high is None:
        b, a = signal.butter(ORDER, low, fs=per_minute)
    else:
        centre = (low + high) / 2
        b, a = signal.iirnotch(centre, centre / (high - low), fs=per_minute)
    # The ends are continued by their own values: no step in, no step out.
    padding = len(motion) - 1
    filtered: Array = signal.filtfilt(b, a, motion, axis=0, padtype="constant", padlen=padding)
    return filtered
