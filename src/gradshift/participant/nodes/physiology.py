"""What changes BOLD without a neuron, in one run: breathing, heart, the systemic signal."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import iqr

from gradshift.bids.confounds import Confounds
from gradshift.bids.delays import DELAY, STRENGTH, read_map
from gradshift.bids.physio import read_recordings
from gradshift.core.series.rhythm import beats_per_minute, breaths_per_minute
from gradshift.errors import InputError

AXES = {"i": "trans_x", "j": "trans_y", "k": "trans_z"}
"""The motion parameter along which breathing shows, by the direction of phase encoding."""

LONGEST_TR = 1.25
"""Seconds; at longer repetition times fast breathing (24 per minute) cannot be told from slow."""

KINDS = {
    "respiratory": ("BreathsPerMinute", breaths_per_minute),
    "cardiac": ("BeatsPerMinute", beats_per_minute),
}
"""Columns of recordings: the key of their rate, and what finds it."""

MAPS: Mapping[str, tuple[str, Callable[[NDArray[np.float64]], float]]] = {
    DELAY: ("DelaySpreadSeconds", lambda delays: float(iqr(delays))),
    STRENGTH: ("SystemicSignalStrength", lambda strengths: float(np.median(strengths))),
}
"""Maps of fMRIPost-rapidtide: the key of their summary, and what finds it: the interquartile range
of the delays of voxels, the median correlation of voxels with the signal when it arrives there."""


def from_motion(confounds: Confounds, tr: float, phase_encoding: str) -> dict[str, float]:
    """Estimate breathing from the motion along the phase encoding, where it can be told.

    References
    ----------
    Fair et al. (2020), NeuroImage 208:116400.
    """
    motion = confounds.columns.get(AXES.get(phase_encoding[:1], ""))
    if motion is None or tr > LONGEST_TR:
        return {}
    # From volume to volume: slow motion, which has most of the power, is no breathing.
    return _known({"BreathsPerMinuteFromMotion": breaths_per_minute(np.diff(motion), 1 / tr)})


def from_recordings(
    paths: Sequence[Path], seconds: float
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Read the rates of recordings; what cannot be read hinders nothing, and is said.

    Parameters
    ----------
    paths : sequence of Path
    seconds : float
        Length of the run.
    """
    rates: dict[str, float] = {}
    remarks = []
    for path in paths:
        try:
            for recording in read_recordings(path, seconds):
                if recording.name in KINDS:
                    key, find = KINDS[recording.name]
                    rates.setdefault(key, find(recording.values, recording.rate))
        except InputError as error:
            remarks.append(str(error))
    return _known(rates), tuple(remarks)


def from_maps(paths: Mapping[str, str]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Summarise maps of fMRIPost-rapidtide; what cannot be read hinders nothing, and is said.

    Delays have no zero of their own (rapidtide moves them by their most frequent value), so that
    only their spread can be compared.

    Parameters
    ----------
    paths : mapping of str to str
        By ``desc``, as `gradshift.bids.delays.find_maps` found them.
    """
    values: dict[str, float] = {}
    remarks = []
    for desc, path in paths.items():
        key, summarise = MAPS[desc]
        try:
            values[key] = summarise(read_map(Path(path)))
        except InputError as error:
            remarks.append(str(error))
    return values, tuple(remarks)


def averaged(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the rates of the runs of a session, each over those that have it."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return {key: float(np.mean([run[key] for run in runs if key in run])) for key in keys}


def _known(rates: Mapping[str, float]) -> dict[str, float]:
    return {key: rate for key, rate in rates.items() if np.isfinite(rate)}
