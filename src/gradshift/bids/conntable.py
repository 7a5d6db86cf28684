"""Region series as CONN keeps them: ``ROI_Subject001_Condition001.mat`` under a name of BIDS."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.opener import check_file, shown
from gradshift.bids.tableheader import Header
from gradshift.errors import InputError

PLACE = re.compile(r"\s*\([^()]*\)$")
"""What CONN puts behind the name of a region: where it lies, or its long name."""


def conn_header(path: Path) -> Header:
    """Read the names of the regions, without the file and place that CONN adds."""
    names, _ = _content(path)
    return Header(tuple(map(region, names)), len(names))


def conn_values(path: Path) -> NDArray[np.float64]:
    """Read the (volumes, regions) series; of a region with several, the first, its mean."""
    _, columns = _content(path)
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise InputError(f"The regions of {shown(path)} have different numbers of volumes.")
    return np.column_stack(columns)


def region(name: str) -> str:
    """Return a region by the name that its atlas has: ``atlas.LH_Vis_1 (-25,-53,-9)`` there."""
    source, dot, label = PLACE.sub("", name).partition(".")
    return label if dot else source


def _content(path: Path) -> tuple[list[str], list[NDArray[np.float64]]]:
    """Read ``names`` and ``data``; what has no series, such as an effect, is left out."""
    from scipy.io import loadmat

    check_file(path)
    try:
        content: dict[str, Any] = loadmat(path, variable_names=["names", "data"])
        names = [str(cell.item()) for cell in content["names"].ravel()]
        data = [np.asarray(cell, dtype=np.float64) for cell in content["data"].ravel()]
    except NotImplementedError as error:
        raise InputError(
            f"{shown(path)} is a MATLAB file of version 7.3; save it with -v7 in MATLAB."
        ) from error
    except Exception as error:  # whatever a damaged or other file makes of the reader
        raise InputError(
            f"{shown(path)} is no ROI file of CONN, which holds names and data: {shown(error)}."
        ) from error
    if len(names) != len(data):
        raise InputError(f"{shown(path)} has {len(names)} names of {len(data)} regions.")
    measured = [(n, d[:, 0]) for n, d in zip(names, data, strict=True) if d.ndim == 2 and d.size]
    if not measured:
        raise InputError(f"{shown(path)} holds no series of a region.")
    return [name for name, _ in measured], [column for _, column in measured]
