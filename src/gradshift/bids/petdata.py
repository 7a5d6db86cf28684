"""Reading curves of PET, and refusing what does not fit together.

Inside gradshift times are minutes since injection and activities kBq/mL; BIDS files have
seconds and whatever unit they declare.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.frames import make_frames
from gradshift.bids.petcolumns import check_seconds, number_columns
from gradshift.bids.pettimes import SAME, injection, seconds
from gradshift.bids.petunits import tissue_factor
from gradshift.bids.tables import read_table
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.errors import InputError

Array = NDArray[np.float64]

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
