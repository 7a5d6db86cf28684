"""Averages of connections within and between networks and sets of regions.

A connection that is NaN (the diagonal, an unusable region) is left out, never counted as zero.
"""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import UnavailableError
from gradshift.core.cortex.regions import Regions


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
