"""Frames of a PET scan: their times, in its JSON and in tables."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.pettimes import check_start, injection
from gradshift.core.pet.curves import Frames
from gradshift.errors import InputError

Array = NDArray[np.float64]
SHORTEST = 300.0
"""Seconds: what ends earlier is taken for minutes."""


def frames_of(metadata: Mapping[str, object], n_frames: int, name: str) -> Frames:
    """Return the frames of an image from its metadata.

    The time of a single frame need not be known.

    Raises
    ------
    InputError
        If they are not there, or are not as many as volumes.
    """
    start, duration = (_times(metadata, key) for key in ("FrameTimesStart", "FrameDuration"))
    if n_frames == 1 and (start is None or len(start) != 1):
        return Frames(np.array([np.nan]), np.array([np.nan]))
    if start is None or duration is None:
        raise InputError(
            f"The frames of {name} are not known: its JSON needs FrameTimesStart and "
            "FrameDuration, in seconds."
        )
    if not len(start) == len(duration) == n_frames:
        raise InputError(
            f"{name} has {n_frames} volumes, but its JSON has {len(start)} FrameTimesStart and "
            f"{len(duration)} FrameDuration."
        )
    return make_frames(start, start + duration, metadata, name)


def _times(metadata: Mapping[str, object], key: str) -> Array | None:
    """Return a list of seconds; None where there is none.

    Raises
    ------
    InputError
        If it holds something else.
    """
    value = metadata.get(key)
    if not isinstance(value, list):
        return None
    try:
        return np.array(value, dtype=np.float64).reshape(len(value))
    except (TypeError, ValueError):
        raise InputError(f"{key} in the JSON of the scan must be a list of seconds.") from None


def make_frames(start: Array, end: Array, metadata: Mapping[str, object], name: str) -> Frames:
    """Check the times of frames (s), and count them in minutes from injection.

    Raises
    ------
    InputError
    """
    if not len(start):
        raise InputError(f"{name} has a header and no frames; make the table of curves again.")
    if not (np.isfinite(start).all() and np.isfinite(end).all() and (end > start).all()):
        raise InputError(f"A frame of {name} does not end after it starts.")
    zero = injection(metadata)
    overlap = end[:-1] - start[1:]
    if (np.diff(start) <= 0).any() or (overlap > 0.02 * np.abs(end[1:] - zero)).any():
        raise InputError(
            f"The frames of {name} overlap, or are not in the order of time: each must start "
            "after the one before has ended."
        )
    _check_same_times(start, end, metadata, name)
    check_start(metadata, start[0], name)
    if end[-1] <= zero:
        raise InputError(
            f"The last frame of {name} ends at {end[-1]:g} seconds, before the injection "
            f"(InjectionStart {zero:g} seconds, both after TimeZero)."
        )
    if end[-1] - min(start[0], zero) < SHORTEST:
        raise InputError(
            f"The last frame of {name} ends at {end[-1] - zero:g} seconds, which is no dynamic "
            "scan; the times look like minutes, and BIDS has seconds."
        )
    if metadata.get("ImageDecayCorrected") is False:
        raise InputError(
            f"{name} is not corrected for decay (ImageDecayCorrected is false in its JSON), "
            "which every model needs; correct it to the time of injection."
        )
    return Frames((start - zero) / 60, (end - zero) / 60)


def _check_same_times(start: Array, end: Array, metadata: Mapping[str, object], name: str) -> None:
    """Hold the frames of a table against those of the scan's JSON."""
    starts, duration = (_times(metadata, key) for key in ("FrameTimesStart", "FrameDuration"))
    if starts is None or duration is None or not (len(starts) and len(duration)):
        return
    ends, last = starts[-1] + duration[-1], end[-1]
    if abs(last - ends) <= 0.02 * abs(ends - min(injection(metadata), starts[0])):
        return
    pairs = {
        1 / 60: "minutes",
        60.0: "seconds, and those of the JSON minutes",
        1e3: "milliseconds",
    }
    for factor, unit in pairs.items():
        if abs(last - factor * ends) <= 0.02 * factor * ends:
            raise InputError(
                f"The last frame of {name} ends at {last:g} where FrameTimesStart and "
                f"FrameDuration of the scan say {ends:g} seconds: its times are {unit}. BIDS has "
                "seconds."
            )
    raise InputError(
        f"The last frame of {name} ends at {last:g} seconds, by FrameTimesStart and FrameDuration "
        f"of the scan at {ends:g} seconds."
    )
