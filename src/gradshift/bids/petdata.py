"""Reading curves and blood of PET, and refusing what does not fit together.

Inside gradshift times are minutes since injection and activities kBq/mL; BIDS files have
seconds and whatever unit they declare.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import sidecar
from gradshift.bids.pettimes import SAME, check_start, injection, seconds
from gradshift.bids.tables import read_numbers, read_table
from gradshift.core.pet.blood import Samples
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.errors import InputError

Array = NDArray[np.float64]

KBQ = {"bq/ml": 1e-3, "bq/cc": 1e-3, "kbq/ml": 1.0, "kbq/cc": 1.0, "mbq/ml": 1e3}
"""What one unit of activity is in kBq/mL."""

SECONDS = ("s", "sec", "second", "seconds")
SHORTEST = 300.0
"""Seconds: what ends earlier is taken for minutes."""

MBQ = {
    "bq": 1e-6, "kbq": 1e-3, "mbq": 1.0, "gbq": 1e3, "uci": 0.037, "mci": 37.0,
}  # fmt: skip
"""What one unit of injected activity is in MBq."""

MICROGRAM = {"ng": 1e-3, "ug": 1.0, "mcg": 1.0, "mg": 1e3, "g": 1e6}
"""What one unit of injected mass is in micrograms."""

UPTAKE = ("suv", "g/ml", "sul")
"""Units of activity that was divided by injected activity per weight."""

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
    numbers = _numbers(table, path)
    start, end = numbers.pop("frame_start"), numbers.pop("frame_end")
    names = tuple(name for name in numbers if not name.startswith("frame_"))
    for column in ("frame_start", "frame_end"):
        _check_seconds(metadata.get(column), f"{column} of {path.name}")
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


def is_uptake(metadata: Mapping[str, object]) -> bool:
    """Tell whether a scan holds uptake values (SUV) in place of activity."""
    return str(metadata.get("Units", "")).lower() in UPTAKE


def tissue_factor(metadata: Mapping[str, object], name: str) -> float:
    """Return what makes the activity of a scan kBq/mL; Bq/mL, as BIDS has it, if not told.

    Uptake values stay as they are.

    Raises
    ------
    InputError
        If the unit is none of activity per volume.
    """
    if is_uptake(metadata):
        return 1.0
    return _factor(metadata.get("Units", "Bq/mL"), f"Units of {name}")


def _factor(unit: object, what: str) -> float:
    factor = KBQ.get(str(unit).replace(" ", "").lower().replace("^", ""))
    if factor is None:
        raise InputError(
            f"{what} is {unit!r}; it must be an activity per volume such as Bq/mL or kBq/mL."
        )
    return factor


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


def read_blood(paths: Sequence[Path], scan_end: float, injected: float = 0.0) -> list[Samples]:
    """Read the blood samples of a scan.

    Parameters
    ----------
    paths : sequence of Path
        ``*_blood.tsv``, a JSON beside each.
    scan_end : float
        Minutes after injection.
    injected : float
        Seconds of the injection after TimeZero, from which the samples count.

    Returns
    -------
    list of Samples

    Raises
    ------
    InputError
        If times or units do not make sense.
    """
    blood = [_read_samples(path, injected) for path in paths]
    last = max(float(np.nanmax(samples.time)) for samples in blood)
    if abs(last * 60 - scan_end) < 0.35 * scan_end:
        raise InputError(
            f"The last blood sample ({paths[-1].name}) is at {last * 60:.3g} seconds, the scan "
            f"ends at {scan_end * 60:.5g} seconds: the times of the blood are minutes. BIDS has "
            "seconds."
        )
    return blood


def _read_samples(path: Path, injected: float) -> Samples:
    table, description = (
        read_table(path),
        read_json(sidecar(path)) if sidecar(path).exists() else {},
    )
    if "time" not in table.columns:
        raise InputError(f"{path.name} has no column time; it has {_some(table.columns)}.")
    numbers = _numbers(table, path)
    _check_seconds(description.get("time"), f"time of {path.name}")

    def column(name: str, flag: str) -> Array:
        if name not in numbers or description.get(flag) is False:
            return np.full(len(table), np.nan)
        return numbers[name]

    def activity(name: str, flag: str) -> Array:
        values = column(name, flag)
        if np.isnan(values).all():
            return values
        described = description.get(name)
        unit = described.get("Units") if isinstance(described, dict) else None
        if unit is None:
            raise InputError(
                f"The unit of {name} in {path.name} is not known; its JSON needs "
                f'{{"{name}": {{"Units": "kBq/mL"}}}} or "Bq/mL".'
            )
        return values * _factor(unit, f"Units of {name} of {path.name}")

    fraction = column("metabolite_parent_fraction", "MetaboliteAvail")
    if (fraction[np.isfinite(fraction)] > 1.05).any() or (fraction < -0.05).any():
        raise InputError(
            f"metabolite_parent_fraction of {path.name} goes from {np.nanmin(fraction):g} to "
            f"{np.nanmax(fraction):g}; it must be a share between 0 and 1."
        )
    return Samples(
        time=(numbers["time"] - injected) / 60,
        plasma=activity("plasma_radioactivity", "PlasmaAvail"),
        whole_blood=activity("whole_blood_radioactivity", "WholeBloodAvail"),
        parent_fraction=np.clip(fraction, 0, 1),
    )


def undispersed(paths: Sequence[Path]) -> list[str]:
    """Name the recordings that say they were not corrected for dispersion."""
    return [
        path.name
        for path in paths
        if sidecar(path).exists() and read_json(sidecar(path)).get("DispersionCorrected") is False
        and "autosampler" in path.name
    ]  # fmt: skip


def free_fraction(paths: Sequence[Path]) -> float | None:
    """Return the share of tracer in plasma that is not bound to protein, where it was measured.

    Parameters
    ----------
    paths : sequence of Path
        ``*_blood.tsv``; ``PlasmaFreeFraction`` (per cent) stands in the JSON beside.

    Raises
    ------
    InputError
        If it is no per cent.
    """
    fractions = []
    for path in paths:
        description = read_json(sidecar(path)) if sidecar(path).exists() else {}
        given = description.get("PlasmaFreeFraction")
        values = given if isinstance(given, list) else [given]
        fractions += [float(value) for value in values if isinstance(value, int | float)]
    if not fractions:
        return None
    mean = float(np.mean(fractions))
    if not 1 < mean <= 100:
        raise InputError(
            f"PlasmaFreeFraction of {paths[0].name} is {mean:g}; BIDS has per cent, such as 27."
        )
    return mean / 100


def injected(metadata: Mapping[str, object]) -> dict[str, float | None]:
    """Return what was injected: ``activity`` in MBq and ``mass`` in micrograms; None if unknown.

    Raises
    ------
    InputError
        If a unit is not known.
    """
    doses: dict[str, float | None] = {}
    for name, key, units in (
        ("activity", "InjectedRadioactivity", MBQ),
        ("mass", "InjectedMass", MICROGRAM),
    ):
        value, unit = metadata.get(key), metadata.get(f"{key}Units")
        doses[name] = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            factor = units.get(str(unit).lower().replace("µ", "u").replace("μ", "u"))
            if factor is None:
                raise InputError(f"{key}Units is {unit!r}; it must be one of {', '.join(units)}.")
            doses[name] = float(value) * factor
    return doses


def displacement(path: Path) -> tuple[float, float]:
    """Return mean and largest framewise displacement (mm) of a scan; NaN where not told."""
    values = _numbers(read_table(path), path).get("framewise_displacement", np.empty(0))
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.max())) if len(known) else (np.nan, np.nan)


def read_finished(
    path: Path, columns: Mapping[str, str], known: Mapping[str, str]
) -> pd.DataFrame:
    """Read a finished table of kinetic parameters.

    Parameters
    ----------
    path : Path
        One row per region.
    columns : mapping of str to str
        What the user says: our name (``region``, or a model) to the column's.
    known : mapping of str to str
        Lower-case names of columns to the models of ours that they are.

    Returns
    -------
    DataFrame
        The column ``region``, and one per model, as numbers.

    Raises
    ------
    InputError
        If no column is a model of ours, or a region comes twice.
    """
    table = read_table(path)
    lower = {str(name).lower(): str(name) for name in table.columns}
    table_names(path, "table", columns)
    chosen = {"region": columns.get("region") or _region_column(table)}
    chosen |= {ours: lower[name] for name, ours in known.items() if name in lower}
    chosen |= {ours: columns[ours] for ours in known.values() if ours in columns}
    chosen = {ours: theirs for ours, theirs in chosen.items() if theirs in table.columns}
    if len(chosen) < 2:
        raise InputError(
            f"{path.name} has no column that is known: it has {_some(table.columns)}. Say which "
            "is which with --pet-columns, such as region=name vtlogan=VT."
        )
    picked = table[list(chosen.values())].set_axis(list(chosen), axis=1)
    if picked["region"].duplicated().any():
        raise InputError(
            f"{path.name} has the region {picked['region'][picked['region'].duplicated()].iloc[0]}"
            " twice."
        )
    for name in list(chosen)[1:]:
        picked[name] = pd.to_numeric(picked[name], errors="coerce")
    return picked


def _region_column(table: pd.DataFrame) -> str:
    """Find the column of regions: by its name, or else the first."""
    lower = {str(name).lower(): str(name) for name in table.columns}
    named = (lower[name] for name in ("region", "name", "roi") if name in lower)
    return next(named, str(table.columns[0]))


def table_names(path: Path, kind: str, columns: Mapping[str, str]) -> list[str]:
    """List the regions of a table of curves, or of one of finished values (``table``)."""
    table = read_table(path)
    if kind == "tacs":
        return [str(name) for name in table.columns if not str(name).startswith("frame_")]
    column = columns.get("region") or _region_column(table)
    if column not in table.columns:
        raise InputError(
            f"{path.name} has no column {column} (--pet-columns region=); it has "
            f"{_some(table.columns)}."
        )
    return [str(name) for name in table[column]]


def _numbers(table: pd.DataFrame, path: Path) -> dict[str, Array]:
    """Return the columns that are numbers; n/a becomes NaN."""
    numbers = {}
    for name in map(str, table.columns):
        try:
            numbers[name] = read_numbers(list(table[name]), f"{name} of {path.name}")
        except InputError:
            if name in ("time", "frame_start", "frame_end"):
                raise
            numbers[name] = np.full(len(table), np.nan)
    return numbers


def _check_seconds(described: object, what: str) -> None:
    unit = described.get("Units") if isinstance(described, dict) else None
    if unit is not None and str(unit).lower() not in SECONDS:
        raise InputError(f"Units of {what} is {unit!r}; BIDS has seconds (s).")


def _some(names: Sequence[str], most: int = 8) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:most]) + (" ..." if len(listed) > most else "")
