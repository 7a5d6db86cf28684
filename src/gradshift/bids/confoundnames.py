"""Names of confounds; those of fMRIPrep 1.0 and 1.1 become today's."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gradshift.errors import InputError

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
"""Three translations (mm) and three rotations (radians)."""

FD = "framewise_displacement"
DVARS = "std_dvars"

UNFILTERED = "framewise_displacement_unfiltered"
"""Displacement as it was before the motion parameters were filtered."""

OLD_NAMES: Mapping[str, str] = {
    "CSF": "csf",
    "WhiteMatter": "white_matter",
    "GlobalSignal": "global_signal",
    "stdDVARS": "std_dvars",
    "non-stdDVARS": "dvars",
    "vx-wisestdDVARS": "vx_wisestd_dvars",
    "FramewiseDisplacement": FD,
    "X": "trans_x",
    "Y": "trans_y",
    "Z": "trans_z",
    "RotX": "rot_x",
    "RotY": "rot_y",
    "RotZ": "rot_z",
}
"""Columns of fMRIPrep 1.0 and 1.1, and what they have been called since."""

OLD_NUMBERED: Mapping[str, str] = {
    "aCompCor": "a_comp_cor_",
    "tCompCor": "t_comp_cor_",
    "Cosine": "cosine",
    "NonSteadyStateOutlier": "non_steady_state_outlier",
    "AROMAAggrComp": "aroma_motion_",
}
"""The same of columns that end in a number."""


def modern_names(path: Path, names: Iterable[str]) -> list[str]:
    """Translate the columns of fMRIPrep 1.0 and 1.1.

    Raises
    ------
    InputError
        If a column stands there under its old and its new name.
    """
    modern = [_modern(str(name)) for name in names]
    if twice := [name for name in dict.fromkeys(modern) if modern.count(name) > 1]:
        raise InputError(
            f"The confounds file {path} has more than one column with the name {twice[0][:60]!r}."
        )
    return modern


def _modern(name: str) -> str:
    if name in OLD_NAMES:
        return OLD_NAMES[name]
    word = re.fullmatch(r"([A-Za-z]+?)([0-9]{1,4})", name)
    if word and word[1] in OLD_NUMBERED:
        return OLD_NUMBERED[word[1]] + word[2]
    return name
