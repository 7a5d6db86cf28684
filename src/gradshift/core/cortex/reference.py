"""References that gradients are aligned to, made from the mean of all sessions."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.embedding import affinity, between, embed, n_pieces
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions
from gradshift.core.series.connectivity import fisher_z
from gradshift.errors import InputError


def mean_matrix(matrices: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average correlations over sessions, as Fisher z; only one matrix is held at a time.

    Parameters
    ----------
    matrices : iterable of (R, R) array
        NaN for regions that must not be used.

    Returns
    -------
    (R, R) array
        1 on the diagonal; NaN for regions that are missing in any session.

    Raises
    ------
    InputError
        If there is none.
    """
    total, present, n = np.zeros(()), np.ones((), dtype=bool), 0
    for matrix in matrices:
        total = total + fisher_z(matrix)
        present = present & np.isfinite(np.diagonal(matrix))
        n += 1
    if n == 0:
        raise InputError("A gradient reference needs at least one session.")
    mean: NDArray[np.float64] = np.tanh(total / n)
    np.fill_diagonal(mean, np.where(present, 1.0, np.nan))
    return mean


def mean_reference(
    mean: NDArray[np.float64], regions: Regions, options: Options | None = None
) -> NDArray[np.float64]:
    """Make a label-blind reference from all sessions, for an atlas without a shipped one.

    Their mean is embedded once, since embeddings of single sessions have no common sign, order
    or rotation in which they could be averaged.

    Parameters
    ----------
    mean : (R, R) array
        From `mean_matrix`, over all sessions of all people who enter the comparison: exchanging
        the sessions of a person, or the groups of people, leaves it as it is. Of baseline
        sessions only it would be circular, since the baseline of a person would be part of it,
        and the follow-up would not.
    regions : Regions
    options : Options, optional

    Returns
    -------
    (R, K) array
        NaN for regions that are missing or belong to no network.

    Raises
    ------
    InputError
        If the mean cannot be embedded.
    """
    used = np.isfinite(np.diagonal(mean)) & regions.cortical
    weights = affinity(between(mean, used, regions), options)
    if (pieces := n_pieces(weights)) > 1:
        raise InputError(
            f"The mean of all sessions falls into {pieces} unconnected parts; no "
            "gradient can be computed from it."
        )
    scores = principal_first(embed(weights).scores, _default(regions)[used], regions.low[used])
    reference = np.full((len(regions), scores.shape[1]), np.nan)
    reference[used] = scores
    return reference


def principal_first(
    scores: NDArray[np.float64], high: NDArray[np.bool_], low: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Put the component that separates high-order from sensory regions first.

    For making references. Of the first three components the one with the largest
    difference of means, in standard deviations, becomes the first, turned so that the
    high-order end is positive; the others keep their order.

    Parameters
    ----------
    scores : (R, K) array
    high, low : (R,) array of bool
        Without regions in both, the order stays.

    Returns
    -------
    (R, K) array
    """
    if not (high.any() and low.any()):
        return scores
    leading = scores[:, :3]
    gap = (leading[high].mean(axis=0) - leading[low].mean(axis=0)) / leading.std(axis=0)
    first = int(np.abs(gap).argmax())
    order = [first, *(i for i in range(scores.shape[1]) if i != first)]
    ordered = scores[:, order]
    ordered[:, 0] *= np.sign(gap[first])
    return ordered


def _default(regions: Regions) -> NDArray[np.bool_]:
    """Mark the regions of the default mode network, whole or in parts."""
    return np.array([network.startswith("Default") for network in regions.networks], dtype=bool)
