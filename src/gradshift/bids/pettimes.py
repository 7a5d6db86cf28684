"""Times of PET in BIDS: everything counts in seconds from TimeZero, the injection too."""

from collections.abc import Mapping

from gradshift.bids.outputs import Sidecar
from gradshift.errors import InputError

SAME = 1.0
"""Seconds that two times may differ and be the same."""


def seconds(metadata: Sidecar, key: str) -> float | None:
    """Return a time in seconds after TimeZero; None where it is not told.

    Raises
    ------
    InputError
        If it is no number.
    """
    value = metadata.get(key)
    if value is None or value == "n/a":
        return None
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if abs(number) < float("inf"):
        return number
    raise InputError(f"{key} in the JSON of the scan is {value!r}; BIDS has seconds.")


def injection(metadata: Mapping[str, object]) -> float:
    """Return when the tracer was injected, seconds after TimeZero; at it, if not told."""
    return seconds(metadata, "InjectionStart") or 0.0


def window(metadata: Mapping[str, object]) -> tuple[float, float] | None:
    """Return the minutes after injection that a scan covers; None where its JSON tells not."""
    starts, durations = metadata.get("FrameTimesStart"), metadata.get("FrameDuration")
    if not (isinstance(starts, list) and isinstance(durations, list) and starts and durations):
        return None
    try:
        zero = injection(metadata)
        return (float(starts[0]) - zero) / 60, (float(starts[-1] + durations[-1]) - zero) / 60
    except (InputError, TypeError, ValueError):
        return None  # the reader of the curves says what is wrong


def check_start(metadata: Mapping[str, object], first: float, name: str) -> None:
    """Refuse frames that begin before their scan.

    Parameters
    ----------
    metadata : mapping
    first : float
        Start of the first frame, seconds after TimeZero.
    name : str

    Raises
    ------
    InputError
        If frames and scan do not count from the same zero.
    """
    begun = seconds(metadata, "ScanStart")
    if begun is not None and first < begun - SAME:
        raise InputError(
            f"The first frame of {name} begins at {first:g} seconds, its scan by ScanStart at "
            f"{begun:g} seconds; BIDS counts both from TimeZero. Correct one of them."
        )


def decay(metadata: Mapping[str, object], wanted: float, half_life: float | None) -> float | None:
    """Return the factor that takes an activity to the time that the image is corrected to.

    Parameters
    ----------
    metadata : mapping
        With ``ImageDecayCorrectionTime``; without it nothing is changed.
    wanted : float
        Time that the activity is known for, seconds after TimeZero.
    half_life : float or None
        Minutes.

    Returns
    -------
    float or None
        None where the half-life is needed and not known.
    """
    corrected = seconds(metadata, "ImageDecayCorrectionTime")
    apart = 0.0 if corrected is None else wanted - corrected
    if apart == 0:
        return 1.0
    if half_life is not None:
        return float(2.0 ** (apart / 60 / half_life))
    return 1.0 if abs(apart) <= SAME else None
