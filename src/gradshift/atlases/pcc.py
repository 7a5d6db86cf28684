"""Which regions of an atlas are the posterior cingulate cortex (PCC)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.labeltable import Row
from gradshift.errors import SettingsError

RULES = ("core", "all")
"""Rules by name; otherwise region names, or a sphere ``x,y,z,r``."""

GRID = 2.0
"""Millimetres; the window is laid on the 2 mm grid of the Schaefer release's own centroids."""

WINDOW_Y = (-62.0, -38.0)
WINDOW_Z = (18.0, 44.0)


def pcc_sets(rows: Sequence[Row], rule: str) -> dict[str, tuple[int, ...]]:
    """Find the posterior cingulate regions, all and by hemisphere.

    Parameters
    ----------
    rows : sequence of Row, length R
        With centroids.
    rule : str
        ``core``: regions of Default named pCunPCC with -62 <= y <= -38 and 18 <= z <= 44 mm, the
        centroid taken to the nearest 2 mm; with 17 networks, pCunPCC of DefaultA. ``all``:
        pCunPCC of Default wherever they lie. Or names of regions, or a sphere ``x,y,z,r`` (mm)
        that takes the regions with their centroid inside, both with commas between.

    Returns
    -------
    dict of str to tuple of int
        0-based positions as ``PCC``, ``PCClh``, ``PCCrh``; without the sets that would be empty.

    Raises
    ------
    SettingsError
        If a name is no region's, or a sphere has no size.
    """
    sphere = _numbers(rule)
    if rule in RULES:
        chosen = [i for i, row in enumerate(rows) if _is_pcc(row, rule)]
    elif sphere is not None:
        chosen = _inside(rows, sphere, rule)
    else:
        chosen = _named(rows, rule)
    sets = {
        "PCC": tuple(chosen),
        "PCClh": tuple(i for i in chosen if rows[i].hemisphere == "L"),
        "PCCrh": tuple(i for i in chosen if rows[i].hemisphere == "R"),
    }
    return {name: positions for name, positions in sets.items() if positions}


def places(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the (R, 3) centroids in millimetres."""
    return np.array([row.centroid for row in rows], dtype=np.float64)


def _is_pcc(row: Row, rule: str) -> bool:
    if "pCunPCC" not in row.name or row.network not in ("Default", "DefaultA"):
        return False
    if rule == "all" or row.network == "DefaultA":
        return True
    _, y, z = GRID * np.rint(places([row])[0] / GRID)
    return bool(WINDOW_Y[0] <= y <= WINDOW_Y[1] and WINDOW_Z[0] <= z <= WINDOW_Z[1])


def _numbers(rule: str) -> tuple[float, ...] | None:
    """Return the numbers of a sphere; None when the text is anything else."""
    try:
        return tuple(float(text) for text in rule.split(","))
    except ValueError:
        return None


def _inside(rows: Sequence[Row], sphere: tuple[float, ...], rule: str) -> list[int]:
    if len(sphere) != 4 or not np.isfinite(sphere).all() or sphere[3] <= 0:
        raise SettingsError(
            f"The PCC {rule!r} is no sphere; give its centre and a radius above 0 in millimetres "
            "as x,y,z,r, such as 0,-52,26,8."
        )
    distances = np.linalg.norm(places(rows) - sphere[:3], axis=1)
    return [int(i) for i in np.flatnonzero(distances <= sphere[3])]


def _named(rows: Sequence[Row], rule: str) -> list[int]:
    position = {row.name: i for i, row in enumerate(rows)}
    names = [name.strip() for name in rule.split(",")]
    if unknown := [name for name in names if name not in position]:
        raise SettingsError(
            f"The PCC {rule!r} names regions that the atlas does not have: {', '.join(unknown)}; "
            f"use {', '.join(RULES)}, a sphere x,y,z,r in millimetres, or names from its label "
            f"table, such as {rows[0].name}."
        )
    return sorted({position[name] for name in names})
