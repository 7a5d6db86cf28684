"""Regions whose signal dropped out, as they show in gradients that still contain them."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.embedding import affinity, between, embed, n_pieces
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions

DROPOUT_SCORE = 8.0
"""Distance from the median, in median absolute deviations, beyond which a region is odd."""


def search_dropout(
    matrix: NDArray[np.float64],
    regions: Regions,
    reference: NDArray[np.float64] | None = None,
    options: Options | None = None,
) -> NDArray[np.bool_]:
    """Look for regions whose signal dropped out, in gradients that still contain them.

    Parameters
    ----------
    matrix : (R, R) array
        Correlations; NaN for regions that must not be used.
    regions : Regions
        Those without a network take no part.
    reference : (R, K) array, optional
        Regions it does not have take no part either.
    options : Options, optional

    Returns
    -------
    (R,) array of bool

    Raises
    ------
    InputError
        If a region correlates positively with no other, or fewer than three are left.
    """
    candidates = np.isfinite(np.diagonal(matrix)) & regions.cortical
    if reference is not None:
        candidates = candidates & np.isfinite(reference).all(axis=1)
    dropout = np.zeros(len(regions), dtype=bool)
    weights = affinity(between(matrix, candidates, regions), options)
    if n_pieces(weights) == 1:
        dropout[candidates] = find_dropout(embed(weights, 3).scores)
    return dropout


def find_dropout(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find regions that make a component of their own.

    A region without signal is like no other, takes over one of the leading components and
    spoils the alignment. It is looked for in the unaligned components, because alignment
    spreads it over all of them and hides it. Distance from the median alone would also find
    the visual cortex, where many regions stand out together; so a region must in addition
    carry far more of the component than one of many would.

    Parameters
    ----------
    scores : (R, K) array
        Unaligned; the first three components are looked at.

    Returns
    -------
    (R,) array of bool
    """
    leading = scores[:, :3]
    away = np.abs(leading - np.median(leading, axis=0))
    share = away**2 / np.sum(away**2, axis=0)
    odd = away > DROPOUT_SCORE * np.median(away, axis=0)
    alone = share > min(0.5, 20 / len(scores))
    dropped: NDArray[np.bool_] = (odd & alone).any(axis=1)
    return dropped
