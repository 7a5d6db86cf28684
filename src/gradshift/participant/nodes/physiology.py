"""How fast a person breathed, and the heart beat, in one run: from motion and from recordings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gradshift.bids.confounds import Confounds
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


def averaged(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the rates of the runs of a session, each over those that have it."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return {key: float(np.mean([run[key] for run in runs if key in run])) for key in keys}


def _known(rates: Mapping[str, float]) -> dict[str, float]:
    return {key: rate for key, rate in rates.items() if np.isfinite(rate)}
