"""How far networks are apart: segregation."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Flagged, UnavailableError
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.cortex.regions import Regions

NOT_POSITIVE = "within-network connectivity is not positive"
"""Why there is no segregation: its formula divides by the within-network mean."""


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
