"""Single connections and what they form together: tested, and what was found."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradshift.group.edges import ComponentRow
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number
from gradshift.report.regionwords import region

STRONGEST = 10
"""Connections that the page names."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection: its regions in words, mean change, t and corrected p."""

    first: str
    second: str
    change: float
    t: float
    p_fwe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The (R, R) matrices of the group: change, t, and p corrected in two ways."""

    change: NDArray[np.float64]
    t: NDArray[np.float64]
    single: NDArray[np.float64]
    enhanced: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Connections that were tested."""
        return int(np.isfinite(self.single[np.triu_indices(len(self.t), k=1)]).sum())

    def marked(self, p: NDArray[np.float64], alpha: float) -> NDArray[np.bool_]:
        """(R, R) True for connections with p of at most alpha."""
        return np.nan_to_num(p, nan=1.0) <= alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsShown:
    """What the page says of connections of one task.

    Parameters
    ----------
    single, enhanced, joined : str
        A sentence each: single connections, enhancement, components.
    strongest : list of Connection
        Of those with a corrected p of at most alpha.
    components : list of ComponentRow
        Of two or more connections.
    """

    single: str
    enhanced: str
    joined: str
    strongest: list[Connection]
    components: list[ComponentRow]


def read_tested(results: GroupResults, task: str) -> Tested | None:
    """Read the matrices of the primary atlas and recipe; None where they were not tested."""
    names = ("meanchange", "t", "pfwe", "pfwetfce")
    read = [results.matrix(task, stat, results.recipe) for stat in names]
    if any(matrix is None for matrix in read):
        return None
    change, t, single, enhanced = (np.asarray(matrix) for matrix in read)
    return Tested(change=change, t=t, single=single, enhanced=enhanced)


def shown(results: GroupResults, task: str) -> ConnectionsShown | None:
    """Say what was tested of connections and what was found; None where nothing was."""
    tested = read_tested(results, task)
    if tested is None or not tested.n or results.regions is None:
        return None
    alpha = results.alpha
    rows = [row for row in results.components if row.task == task and _is_primary(results, row)]
    joined = [row for row in rows if row.n_connections > 1]
    corrected = [row for row in joined if _is_found(row, alpha)]
    up, down = results.directions
    sizes = "; ".join(
        f"{row.n_connections} connections of {row.n_regions} regions "
        f"{up if row.direction == 'increase' else down} (|t| > {row.threshold:g})"
        for row in corrected
    )
    return ConnectionsShown(
        single=_counted(tested, "single", results, "each by itself"),
        enhanced=_counted(tested, "enhanced", results, "with threshold-free enhancement"),
        joined=f"Components with a corrected p of at most {alpha:g}: {sizes or 'none'}.",
        strongest=list(_strongest(results, tested, alpha)),
        components=joined,
    )


def _is_primary(results: GroupResults, row: ComponentRow) -> bool:
    return (row.atlas, row.recipe) == (results.atlas, results.recipe)


def _is_found(row: ComponentRow, alpha: float) -> bool:
    least = min(row.p_fwe_extent, row.p_fwe_intensity)
    return row.p_min <= alpha and math.isfinite(least) and least <= alpha


def _counted(
    tested: Tested, which: Literal["single", "enhanced"], results: GroupResults, how: str
) -> str:
    """Say how many connections have a corrected p of at most alpha, by direction."""
    p, alpha = getattr(tested, which), results.alpha
    up, down = results.directions
    upper = np.triu_indices(len(tested.t), k=1)
    marked = tested.marked(p, alpha)[upper]
    rose = int((marked & (tested.change[upper] > 0)).sum())
    fell = int(marked.sum()) - rose
    least = np.nanmin(p[upper]) if np.isfinite(p[upper]).any() else math.nan
    count = f"{rose} {up}, {fell} {down}" if rose + fell else "none"
    return (
        f"{tested.n} connections tested {how}, family-wise p of at most {alpha:g}: {count} "
        f"(smallest {number(float(least))})."
    )


def _strongest(results: GroupResults, tested: Tested, alpha: float) -> Iterator[Connection]:
    names = results.regions.names if results.regions else ()
    for i, j in strongest(tested, tested.single, alpha, STRONGEST):
        yield Connection(
            region(names[i]),
            region(names[j]),
            float(tested.change[i, j]),
            float(tested.t[i, j]),
            float(tested.single[i, j]),
        )


def strongest(
    tested: Tested, p: NDArray[np.float64], alpha: float, most: int
) -> list[tuple[int, int]]:
    """Find the connections with p of at most alpha, the largest t of either sign first.

    Parameters
    ----------
    tested : Tested
    p : (R, R) array
    alpha : float
    most : int

    Returns
    -------
    list of pair of int
    """
    first, second = np.nonzero(np.triu(tested.marked(p, alpha), k=1))
    order = np.argsort(-np.abs(tested.t[first, second]), kind="stable")[:most]
    return [(int(first[k]), int(second[k])) for k in order]
