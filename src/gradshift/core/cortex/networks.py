"""Averages of connections within and between networks and sets of regions.

A connection that is NaN (the diagonal, an unusable region) is left out, never counted as zero.
"""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Flagged, UnavailableError
from gradshift.core.cortex.regions import Regions

NOT_POSITIVE = "within-network connectivity is not positive"
"""Why there is no segregation: its formula divides by the within-network mean."""


def mean_connection(
    z: NDArray[np.float64], rows: NDArray[np.bool_], columns: NDArray[np.bool_]
) -> float:
    """Average the connections between two sets of regions.

    Parameters
    ----------
    z : (R, R) array
        Symmetric; NaN on the diagonal and for unusable regions.
    rows, columns : (R,) array of bool
        Sets without a region in common, or twice the same set, for its pairs.

    Returns
    -------
    float
        In the unit of `z`; NaN if there is no connection.
    """
    values = z[np.ix_(rows, columns)]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else float("nan")


def network_sums(
    z: NDArray[np.float64], regions: Regions
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up and count the connections of every pair of networks.

    Parameters
    ----------
    z : (R, R) array
        Symmetric; NaN on the diagonal and for unusable regions.
    regions : Regions
        R regions in K networks; regions without a network take no part.

    Returns
    -------
    sums, counts : (K, K) array
        Networks in the order of `regions.network_names`. Connections within a network
        (diagonal) appear once for each end, in both.
    """
    member = np.equal.outer(regions.network_index, np.arange(len(regions.network_names)))
    weights = member.astype(np.float64)
    finite = np.isfinite(z)
    sums = weights.T @ np.where(finite, z, 0.0) @ weights
    counts = weights.T @ finite.astype(np.float64) @ weights
    return sums, counts


def ratio(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide sums by counts, NaN where there is nothing to count."""
    return np.asarray(sums) / np.where(np.asarray(counts) > 0, counts, np.nan)


def segregation(z: NDArray[np.float64], regions: Regions) -> dict[str, Flagged]:
    """Compare connections within networks with those to other networks, pooled.

    ``(W - B) / W``, with W the mean of all connections within (a network, any network) and B
    the mean of all connections (of it to others, between any two).

    Parameters
    ----------
    z : (R, R) array
        Symmetric; NaN on the diagonal and for unusable regions.
    regions : Regions

    Returns
    -------
    dict
        ``network`` and ``whole`` values. Near 1: networks keep to themselves; 0: as strongly
        connected to others as within; not defined where W is not positive.

    References
    ----------
    Chan et al. (2014), PNAS 111:E4997, and the authors' code (system_matrix_tools).
    """
    sums, counts = network_sums(z, regions)
    sums_within, counts_within = np.diagonal(sums), np.diagonal(counts)
    sums_between = sums.sum(axis=1) - sums_within
    counts_between = counts.sum(axis=1) - counts_within
    return {
        "network": _segregation(
            ratio(sums_within, counts_within), ratio(sums_between, counts_between)
        ),
        "whole": _segregation(
            ratio(sums_within.sum(keepdims=True), counts_within.sum(keepdims=True)),
            ratio(sums_between.sum(keepdims=True), counts_between.sum(keepdims=True)),
        ),
    }


def _segregation(within: NDArray[np.float64], between: NDArray[np.float64]) -> Flagged:
    """Return ``(W - B) / W`` with a reason where W is not positive."""
    values = (within - between) / np.where(within > 0, within, np.nan)
    return Flagged(values, [NOT_POSITIVE if w <= 0 else "ok" for w in within])


def mean_segregation(z: NDArray[np.float64], regions: Regions, chosen: frozenset[str]) -> Flagged:
    """Average the segregation of some networks, each with the same weight.

    Parameters
    ----------
    z : (R, R) array
        Symmetric; NaN on the diagonal and for unusable regions.
    regions : Regions
    chosen : frozenset of str
        Names of networks; those the atlas does not know are passed over.

    Returns
    -------
    Flagged
        One value, over the chosen networks that have one; the remark says if any has none.

    Raises
    ------
    UnavailableError
        If the atlas has none of them.
    """
    of_network = segregation(z, regions)["network"].values
    members = [i for i, name in enumerate(regions.network_names) if name in chosen]
    if not members:
        raise UnavailableError(f"the atlas has none of the networks {', '.join(sorted(chosen))}")
    values = of_network[members]
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Flagged(np.array([np.nan]), ["no network with a segregation"])
    missing = len(values) - len(finite)
    remark = f"{missing} of {len(values)} networks missing" if missing else "ok"
    return Flagged(np.array([finite.mean()]), [remark])


def low_and_high(regions: Regions) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the regions of sensory and of high-order networks.

    Raises
    ------
    UnavailableError
        If the atlas has no region of one of the two.
    """
    for kind, chosen in (("sensory", regions.low), ("high-order", regions.high)):
        if not chosen.any():
            raise UnavailableError(f"the atlas names no {kind} network")
    return regions.low, regions.high
