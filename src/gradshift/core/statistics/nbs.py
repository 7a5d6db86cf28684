"""Test connections together with those they hang together with.

Connections whose |t| passes a threshold form components, the network-based statistic; or every
threshold counts, and none has to be chosen (threshold-free cluster enhancement, TFCE). A
component holds increases only or decreases only; the largest of both kinds counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import connected_components

from gradshift.core.inference.resampling import Project, Scheme, Workers, share, t_of_s
from gradshift.core.inference.statistic import Statistic

THRESHOLDS = (2.5, 3.1)
"""Thresholds of t that are tried, in the order of the table."""

EXTENT, HEIGHT = 0.5, 3.0
"""Exponents of TFCE for connections: of the size of a component, and of its threshold."""

STEPS = 100
"""Thresholds of TFCE, evenly spaced up to the largest |t|."""

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""

NUMBERS = 2**20
"""Numbers in a block of patterns x connections: memory is flat in both."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """Connections that hang together and changed in the same direction.

    Parameters
    ----------
    threshold : float
        Of |t|.
    sign : int
        1 if they increased, -1 if they decreased.
    regions : tuple of int
        Positions of the regions they join.
    extent : int
        Number of connections.
    intensity : float
        Sum over connections of how far |t| passes the threshold.
    p_extent, p_intensity : float
        Two-sided, corrected for all components of this threshold.
    """

    threshold: float
    sign: int
    regions: tuple[int, ...]
    extent: int
    intensity: float
    p_extent: float
    p_intensity: float


@dataclass(frozen=True, kw_only=True)
class NetworkStatistic:
    """Components at every threshold, and TFCE.

    Parameters
    ----------
    components : tuple of Component
        By threshold, the largest first.
    tfce : (E,) array
        Enhanced t; its sign is that of the change. 0 where not tested.
    p_tfce : (E,) array
        Two-sided, corrected for all connections (largest value); NaN where not tested.
    n_permutations : int
        Rearrangements.
    exact : bool
        Whether these are all.
    """

    components: tuple[Component, ...]
    tfce: NDArray[np.float64]
    p_tfce: NDArray[np.float64]
    n_permutations: int
    exact: bool


def network_statistic(
    scheme: Scheme, *, thresholds: Sequence[float] = THRESHOLDS, workers: Workers = map
) -> NetworkStatistic:
    """Test connections with those they hang together with.

    Parameters
    ----------
    scheme : Scheme
        Its columns are the R (R - 1) / 2 connections, the upper triangle row by row.
    thresholds : sequence of float
        Of |t|; above 0.
    workers : callable
        Where the blocks of patterns are counted.

    Returns
    -------
    NetworkStatistic

    Raises
    ------
    ValueError
        If the connections are not those of a triangle.

    References
    ----------
    Zalesky et al. (2010), NeuroImage 53:1197. Smith and Nichols (2009), NeuroImage 44:83.
    Baggio et al. (2018), Hum Brain Mapp 39:2289.
    """
    n_regions = _side(len(scheme.n))
    tested = scheme.columns
    ends = np.stack(np.triu_indices(n_regions, k=1))[:, tested]
    work = partial(
        _maxima, df=scheme.df, tested=tested, ends=ends, n_regions=n_regions, thresholds=thresholds
    )
    largest, done = np.zeros((2 * len(thresholds) + 1, scheme.n_patterns)), 0
    at_most = max(1, NUMBERS // max(1, len(tested)))
    for found in scheme.each_block(work, workers, at_most=at_most):
        largest[:, done : done + found.shape[1]] = found
        done += found.shape[1]

    observed = t_of_s(scheme.observed, scheme.df)
    scores = _enhance(observed, tested, ends, n_regions)
    tfce, p_tfce = np.zeros(len(scheme.n)), np.full(len(scheme.n), np.nan)
    tfce[tested] = np.sign(observed) * scores
    p_tfce[tested] = share(largest[-1], scores, scheme.extra)
    return NetworkStatistic(
        components=tuple(
            component
            for i, threshold in enumerate(thresholds)
            for component in _described(
                _cut(_High.of(observed[None], threshold), threshold, ends, n_regions),
                threshold,
                largest[2 * i : 2 * i + 2],
                scheme.extra,
            )
        ),
        tfce=tfce,
        p_tfce=p_tfce,
        n_permutations=scheme.n_permutations,
        exact=scheme.exact,
    )


def _maxima(
    project: Project,
    block: NDArray[np.float64],
    *,
    df: NDArray[np.intp],
    tested: NDArray[np.intp],
    ends: NDArray[np.intp],
    n_regions: int,
    thresholds: Sequence[float],
) -> NDArray[np.float64]:
    """Return the largest values of each pattern of a block.

    Returns
    -------
    (2 K + 1, b) array
        Extent and intensity at each of K thresholds, and the enhanced t.
    """
    t = t_of_s(project(block, slice(None)), df)
    high = _High.of(t, min(thresholds))
    return np.vstack([
        *(_cut(high, threshold, ends, n_regions).largest(len(t)) for threshold in thresholds),
        [_enhance(row, tested, ends, n_regions).max(initial=0.0) for row in t],
    ])  # fmt: skip


def _side(n_connections: int) -> int:
    """Return the number of regions with so many connections."""
    side = int((1 + np.sqrt(1 + 8 * n_connections)) / 2)
    if side * (side - 1) // 2 != n_connections:
        raise ValueError(f"{n_connections} connections are not those of a triangle.")
    return side


@dataclass(frozen=True)
class _High:
    """The few values of t in b patterns that pass the lowest threshold.

    ``rows`` are 0 to b - 1 for increases, from b on for decreases.
    """

    n_rows: int
    rows: NDArray[np.intp]
    edges: NDArray[np.intp]
    height: NDArray[np.float64]

    @classmethod
    def of(cls, t: NDArray[np.float64], threshold: float) -> "_High":
        """Find them in (b, E) values of t."""
        places = np.flatnonzero(np.abs(t) > threshold)
        rows, edges = np.divmod(places, t.shape[1])
        values = t.ravel()[places]
        return cls(2 * len(t), rows + len(t) * (values < 0), edges, np.abs(values))


@dataclass(frozen=True)
class _Cut:
    """Connections above a threshold in several patterns, and the components they form.

    ``rows``, ``component`` and ``ends`` have one entry per connection, ``extent`` and
    ``intensity`` one per component.
    """

    n_rows: int
    rows: NDArray[np.intp]
    component: NDArray[np.intp]
    ends: NDArray[np.intp]
    extent: NDArray[np.float64]
    intensity: NDArray[np.float64]

    def largest(self, n_patterns: int) -> NDArray[np.float64]:
        """Return the largest extent and intensity of each pattern, (2, b)."""
        found = np.zeros((2, self.n_rows))
        for row, values in zip(found, (self.extent, self.intensity), strict=True):
            np.maximum.at(row, self.rows, values[self.component])
        both: NDArray[np.float64] = found.reshape(2, 2, n_patterns).max(axis=1)
        return both


def _cut(high: _High, threshold: float, ends: NDArray[np.intp], n_regions: int) -> _Cut:
    """Cut values at a threshold; all patterns are one graph of separate parts."""
    over = high.height > threshold
    rows, joined = high.rows[over], ends[:, high.edges[over]]
    nodes = rows * n_regions + joined
    size = high.n_rows * n_regions
    graph = sparse.coo_array((np.ones(len(rows), dtype=np.int8), tuple(nodes)), (size, size))
    n_components, labels = connected_components(graph, directed=False)
    component = labels[nodes[0]]
    height = np.minimum(high.height[over] - threshold, HIGHEST)
    return _Cut(
        n_rows=high.n_rows,
        rows=rows,
        component=component,
        ends=joined,
        extent=np.bincount(component, minlength=n_components).astype(np.float64),
        intensity=np.bincount(component, height, n_components).astype(np.float64),
    )


def _described(
    cut: _Cut, threshold: float, largest: NDArray[np.float64], extra: int
) -> list[Component]:
    """Describe the components of the observed values, the largest first."""
    found = []
    for label in np.unique(cut.component):
        inside = cut.component == label
        extent, intensity = cut.extent[label], cut.intensity[label]
        found.append(
            Component(
                threshold=threshold,
                sign=1 if cut.rows[inside][0] == 0 else -1,
                regions=tuple(np.unique(cut.ends[:, inside]).tolist()),
                extent=int(extent),
                intensity=float(intensity),
                p_extent=float(share(largest[0], extent, extra)),
                p_intensity=float(share(largest[1], intensity, extra)),
            )
        )
    return sorted(found, key=lambda one: (-one.extent, -one.intensity, one.regions))


def _enhance(
    t: NDArray[np.float64], tested: NDArray[np.intp], ends: NDArray[np.intp], n_regions: int
) -> NDArray[np.float64]:
    """Enhance the t of the E tested connections; return scores without sign."""
    size = np.abs(t)
    step = min(size.max(initial=0.0), HIGHEST) / STEPS
    scores = np.zeros(len(t))
    if step == 0:
        return scores
    levels = np.minimum(size / step + 1e-9, STEPS).astype(np.intp)
    for side in (t > 0, t < 0):
        inside = np.flatnonzero(side)
        scores[inside] = _integral(
            levels[inside], tested[inside], ends[0, inside], n_regions, step
        )
    return scores


def _integral(
    levels: NDArray[np.intp],
    places: NDArray[np.intp],
    starts: NDArray[np.intp],
    n_regions: int,
    step: float,
) -> NDArray[np.float64]:
    """Sum ``extent^E height^H step`` over the thresholds up to each connection's own.

    Regions are put in an order in which the components of every threshold are unbroken
    stretches; sums over stretches then give the extents at all thresholds at once.

    Parameters
    ----------
    levels : (e,) array of int
        The highest threshold that each connection passes, in steps.
    places : (e,) array of int
        Their places in the triangle.
    starts : (e,) array of int
        One of the two regions of each.
    n_regions : int
    step : float
    """
    top = int(levels.max(initial=0))
    if not top:
        return np.zeros(len(levels))
    order, gap = _stretches(levels, places, n_regions)
    cells = levels * n_regions + order[starts]
    counts = np.bincount(cells, minlength=(top + 1) * n_regions)
    above = counts.reshape(top + 1, n_regions)[:0:-1].cumsum(axis=0)[::-1]
    heights = np.arange(1, top + 1)[:, None]
    breaks = np.ones((top, n_regions), dtype=bool)
    breaks[:, 1:] = gap < heights
    begins = np.flatnonzero(breaks)
    sums = np.add.reduceat(above.ravel(), begins)
    gains = np.repeat(sums**EXTENT, np.diff(begins, append=breaks.size)).reshape(top, n_regions)
    gains *= (heights * step) ** HEIGHT * step
    summed = np.zeros((top + 1, n_regions))
    np.cumsum(gains, axis=0, out=summed[1:])
    found: NDArray[np.float64] = summed.ravel()[cells]
    return found


def _stretches(
    levels: NDArray[np.intp], places: NDArray[np.intp], n_regions: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Order regions so that those joined at a level are neighbours (single linkage).

    Returns
    -------
    order : (R,) array of int
        Where each region comes.
    gap : (R - 1,) array of int
        The level up to which neighbours belong to one component.
    """
    apart = np.full(n_regions * (n_regions - 1) // 2, float(STEPS))
    apart[places] -= levels
    merges = linkage(apart, "single")
    start = [0] * (2 * n_regions - 1)
    size = [1] * n_regions + merges[:, 3].astype(int).tolist()
    gap = [0] * (n_regions - 1)
    joined = merges[:, :2].astype(int).tolist()
    until = (STEPS - merges[:, 2]).astype(int).tolist()
    for i in range(n_regions - 2, -1, -1):
        left, right = joined[i]
        begin = start[n_regions + i]
        start[left], start[right] = begin, begin + size[left]
        gap[begin + size[left] - 1] = until[i]
    return np.array(start[:n_regions]), np.array(gap)


STATISTIC = Statistic(
    name="nbs",
    formula=(
        r"\text{extent} = \#\{ e \in c : |t_e| > T \}, "
        r"\; \text{intensity} = \sum_{e \in c} (|t_e| - T), "
        r"\\ \mathrm{TFCE}_e = \sum_{h \le |t_e|} \mathrm{extent}_h^{E} \, h^{H} \, \mathrm{d}h"
    ),
    high="p near 1: components as large come about by chance",
    low="p near 0: hardly a rearrangement gives a component as large",
    methods=(
        "Connections were also tested together with those they hang together with: components of "
        "connections with |t| above a threshold, by their number of connections and by the sum of "
        "what passes the threshold (network-based statistic), and without a threshold (TFCE, "
        f"E = {EXTENT:g}, H = {HEIGHT:g}); both against the largest value under the same "
        "rearrangements."
    ),
    cite=("Zalesky2010", "Smith2009", "Baggio2018"),
    caveat=(
        "A significant component says that there is a change somewhere in it, not that each of "
        "its connections changed; thresholds are a choice, and each is corrected by itself."
    ),
)
