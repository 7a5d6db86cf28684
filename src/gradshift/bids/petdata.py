"""Reading curves of PET, and refusing what does not fit together.

Inside gradshift times are minutes since injection and activities kBq/mL; BIDS files have
seconds and whatever unit they declare.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.petcolumns import check_seconds, number_columns
from gradshift.bids.pettimes import SAME, check_start, injection, seconds
from gradshift.bids.petunits import tissue_factor
from gradshift.bids.tables import read_table
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.errors import InputError

Array = NDArray[np.float64]
SHORTEST = 300.0
"""Seconds: what ends earlier is taken for minutes."""

RATIOS = (0.05, 500.0)
"""Area under a tissue curve over that of the parent in plasma: kBq against Bq lie beyond."""


class Curves(NamedTuple):
    """Curves of regions as a table has them."""

    frames: Frames
    names: tuple[str, ...]
    activity: Array  # (T, R), kBq/mL


def read_curves(path: Path, metadata: Mapping[str, object]) -> Curves:
    """Read a table of time-activity curves.

    Parameters
    ----------
    path : Path
        With the columns ``frame_start`` and ``frame_end`` (s), and one per region.
    metadata : mapping
        Of the scan.

    Returns
    -------
    Curves

    Raises
    ------
    InputError
        If times, units or decay do not fit together.
    """
    table = read_table(path, required=("frame_start", "frame_end"))
    numbers = number_columns(table, path)
    start, end = numbers.pop("frame_start"), numbers.pop("frame_end")
    names = tuple(name for name in numbers if not name.startswith("frame_"))
    for column in ("frame_start", "frame_end"):
        check_seconds(metadata.get(column), f"{column} of {path.name}")
    frames = make_frames(start, end, metadata, path.name)
    activity = np.column_stack([numbers[name] for name in names]) if names else np.empty((0, 0))
    if not names:
        raise InputError(f"{path.name} has no curve: only frame_start and frame_end.")
    return Curves(frames, names, activity * tissue_factor(metadata, path.name))


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


def check_decay(metadata: Mapping[str, object], name: str) -> list[str]:
    """Refuse an image that is corrected for decay to a time that its blood cannot have.

    BIDS adjusts scan and blood to TimeZero; many laboratories correct both to the injection.

    Returns
    -------
    list of str
        What was taken for granted.

    Raises
    ------
    InputError
        If the image is corrected to neither.
    """
    corrected, zero = seconds(metadata, "ImageDecayCorrectionTime"), injection(metadata)
    if corrected is None or abs(corrected) <= SAME:
        return []
    if abs(corrected - zero) <= SAME:
        return [
            f"blood is taken to be corrected for decay to the injection ({zero:g} seconds after "
            "TimeZero), as the image is"
        ]
    raise InputError(
        f"{name} is corrected for decay to {corrected:g} s (ImageDecayCorrectionTime), its blood "
        f"to TimeZero or to the injection at {zero:g} s; correct both to the same time."
    )


def check_tissue_and_blood(
    frames: Frames, activity: Array, source: InputFunction, name: str
) -> None:
    """Refuse tissue and blood that cannot be of one scale.

    Raises
    ------
    InputError
    """
    tissue = np.nanmedian(frames.duration @ np.nan_to_num(activity))
    arrived = (source.integral(frames.end) - source.integral(frames.start)).sum()
    ratio = tissue / arrived if arrived > 0 else np.inf
    if not RATIOS[0] < ratio < RATIOS[1]:
        raise InputError(
            f"The area under the curves of {name} is {ratio:.3g} times that of the parent in "
            "plasma: one of them is in Bq/mL and taken for kBq/mL, or the other way round. Check "
            "Units in the JSON of the scan and of the blood."
        )


def displacement(path: Path) -> tuple[float, float]:
    """Return mean and largest framewise displacement (mm) of a scan; NaN where not told."""
    values = number_columns(read_table(path), path).get("framewise_displacement", np.empty(0))
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.max())) if len(known) else (np.nan, np.nan)
