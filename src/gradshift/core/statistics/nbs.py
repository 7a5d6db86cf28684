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

from gradshift.core.inference.resampling import Project, Scheme, Workers, share
from gradshift.core.inference.statistic import Statistic
from gradshift.core.inference.tails import t_of_s

THRESHOLDS = (2.5, 3.1)
"""Thresholds of t that are tried, in the order of the table."""

HEIGHT = 3.0
"""Exponent of TFCE for connections of the threshold; that of their number is 0.5."""

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
    from gradshift.core.enhancement import connection_scores

    n_regions = _side(len(scheme.n))
    tested = scheme.columns
    upper = np.stack(np.triu_indices(n_regions, k=1))
    ends: NDArray[np.int32] = upper[:, tested].astype(np.int32, order="C")
    work = partial(_maxima, df=scheme.df, ends=ends, n_regions=n_regions, thresholds=thresholds)
    largest, done = np.zeros((2 * len(thresholds) + 1, scheme.n_patterns)), 0
    at_most = max(1, NUMBERS // max(1, len(tested)))
    for maxima in scheme.each_block(work, workers, at_most=at_most):
        largest[:, done : done + maxima.shape[1]] = maxima
        done += maxima.shape[1]

    observed = t_of_s(scheme.observed, scheme.df)
    scores = connection_scores(observed, ends, n_regions, HEIGHT)
    tfce, p_tfce = np.zeros(len(scheme.n)), np.full(len(scheme.n), np.nan)
    tfce[tested] = np.sign(observed) * scores
    p_tfce[tested] = share(largest[-1], scores, scheme.extra)
    return NetworkStatistic(
        components=tuple(
            component
            for i, threshold in enumerate(thresholds)
            for component in _described(
                observed, ends, n_regions, threshold, largest[2 * i : 2 * i + 2], scheme.extra
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
    ends: NDArray[np.int32],
    n_regions: int,
    thresholds: Sequence[float],
) -> NDArray[np.float64]:
    """Return the largest values of each pattern of a block.

    Returns
    -------
    (2 K + 1, b) array
        Extent and intensity at each of K thresholds, and the enhanced t.
    """
    from gradshift.core.enhancement import components, connection_scores

    maxima = []
    for t in t_of_s(project(block, slice(None)), df):
        cuts = [components(t, ends, n_regions, threshold) for threshold in thresholds]
        scores = connection_scores(t, ends, n_regions, HEIGHT)
        sizes = [size.max() for cut in cuts for size in (cut.extent, cut.intensity)]
        maxima.append([*sizes, scores.max(initial=0.0)])
    return np.array(maxima).T


def _side(n_connections: int) -> int:
    """Return the number of regions with so many connections."""
    side = int((1 + np.sqrt(1 + 8 * n_connections)) / 2)
    if side * (side - 1) // 2 != n_connections:
        raise ValueError(f"{n_connections} connections are not those of a triangle.")
    return side


def _described(
    t: NDArray[np.float64],
    ends: NDArray[np.int32],
    n_regions: int,
    threshold: float,
    largest: NDArray[np.float64],
    extra: int,
) -> list[Component]:
    """Describe the components of the observed values, the largest first."""
    from gradshift.core.enhancement import components

    parts = components(t, ends, n_regions, threshold)
    described = []
    for label in np.flatnonzero(parts.extent):
        inside = parts.label == label
        extent, intensity = parts.extent[label], parts.intensity[label]
        described.append(
            Component(
                threshold=threshold,
                sign=1 if label < n_regions else -1,
                regions=tuple(np.unique(ends[:, inside]).tolist()),
                extent=int(extent),
                intensity=float(intensity),
                p_extent=float(share(largest[0], extent, extra)),
                p_intensity=float(share(largest[1], intensity, extra)),
            )
        )
    return sorted(described, key=lambda one: (-one.extent, -one.intensity, one.regions))


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
        f"E = 0.5, H = {HEIGHT:g}); both against the largest value under the same "
        "rearrangements."
    ),
    cite=("Zalesky2010", "Smith2009", "Baggio2018"),
    caveat=(
        "A significant component says that there is a change somewhere in it, not that each of "
        "its connections changed; thresholds are a choice, and each is corrected by itself."
    ),
)
