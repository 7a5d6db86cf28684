"""Maps of fMRIPost-rapidtide: when the systemic signal arrives in a voxel, and how much of it.

Read from fMRIPost-rapidtide 0.1 (``workflows/rapidtide.py``): beside the regressors of a run it
writes ``desc-delay_boldmap`` (rapidtide's ``maxtime``, seconds) and ``desc-strength_boldmap`` (its
``maxcorr``) in the space of the run, 0 in voxels that could not be fitted.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.doors import RAPIDTIDE, folder_of
from gradshift.bids.index import index
from gradshift.bids.names import file_name, folder
from gradshift.bids.opener import shown
from gradshift.bids.physio import OF_RUN
from gradshift.errors import InputError
from gradshift.images.header import read_header
from gradshift.images.volumes import stream

DELAY, STRENGTH = "delay", "strength"
"""The ``desc`` of the maps."""

FEWEST = 100
"""Voxels that a summary of a map needs."""


def find_maps(entities: Mapping[str, str], derivatives: Sequence[str]) -> dict[str, Path]:
    """Find the maps of a run by their ``desc``, in its own space rather than another.

    Where a dataset is named that has none of the run, the map of delays is where it should be, so
    that reading it says so.
    """
    root = folder_of(derivatives, RAPIDTIDE)
    if root is None:
        return {}
    maps: dict[str, Path] = {}
    files = index(root, [entities["sub"]], None)
    for file in sorted(files, key=lambda file: (file.entities.get("space", ""), file.path.name)):
        own, desc = file.entities, file.entities.get("desc", "")
        of_run = all(
            own.get(key, "").lstrip("0") == entities.get(key, "").lstrip("0") for key in OF_RUN
        )
        is_map = file.suffix == "boldmap" and file.extension.startswith(".nii")
        if of_run and is_map and desc in (DELAY, STRENGTH):
            maps.setdefault(desc, file.path)
    own = {key: entities[key] for key in OF_RUN if key in entities} | {"desc": DELAY}
    return maps or {DELAY: root / folder(own, "func") / file_name(own, "boldmap.nii.gz")}


def read_map(path: Path) -> NDArray[np.float64]:
    """Read the voxels of a map that were fitted.

    Raises
    ------
    InputError
        If it is no image, or too few voxels were.
    """
    header = read_header(path, single=True)
    [(_, volumes)] = stream(header)
    values = volumes[0] * header.slope + header.intercept
    fitted: NDArray[np.float64] = values[np.isfinite(values) & (values != 0)]
    if len(fitted) < FEWEST:
        raise InputError(
            f"{shown(path)} has values in {len(fitted)} voxels; at least {FEWEST} are needed."
        )
    return fitted
