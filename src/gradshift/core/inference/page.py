"""What a page of several families may claim: corrections over families, and what chance brings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import TIE


def holm(families: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Correct the family-wise p of several declared families for their number.

    Parameters
    ----------
    families : sequence of (m,) array
        `p_fwe` of the members of each family; NaN for those that are not tested.

    Returns
    -------
    list of (m,) array
        ``p_page``: at most `alpha` in no more than `alpha` of studies for any member without a
        true effect, whatever the other members and families do.

    Notes
    -----
    Families of one member each: Holm's procedure. Of a larger family a member that is called
    does not free its share of `alpha`, since others of it may still be called wrongly: only a
    family whose members are all called counts no longer. This is the closed test in which a set
    of hypotheses is called at ``alpha / k`` within each of the k families it touches.

    References
    ----------
    Holm (1979), Scand J Stat 6:65. Marcus, Peritz and Gabriel (1976), Biometrika 63:655.
    """
    largest = np.array([np.nanmax(p) if np.isfinite(p).any() else np.nan for p in families])
    results = []
    for i, p in enumerate(families):
        others = np.delete(largest, i)
        others = np.sort(others[np.isfinite(others)])[::-1]
        adjusted = p.copy()
        for k, other in enumerate(others, start=2):
            adjusted = np.fmax(adjusted, k * np.where(np.isfinite(p), np.fmin(p, other), np.nan))
        results.append(np.where(np.isfinite(p), np.minimum(adjusted, 1.0), np.nan))
    return results


@dataclass(frozen=True, kw_only=True)
class ChanceFamilies:
    """Families with a corrected hit where nothing is there.

    Parameters
    ----------
    expected : float
        Their mean number.
    any_hit : float
        How often there is at least one.
    upper : int
        As many or fewer come in at least 95 % of rearrangements.
    """

    expected: float
    any_hit: float
    upper: int


def chance_families(largest: NDArray[np.float64], *, alpha: float = 0.05) -> ChanceFamilies:
    """Say in how many families chance alone brings a corrected hit.

    Every rearrangement is taken for the data in turn, and the p of its largest statistic read
    off the distribution of its family: no assumption of independent families is made, since
    rearrangements are shared.

    Parameters
    ----------
    largest : (B, F) array
        Largest statistic of F families in the same B rearrangements, `Resampled.largest` side
        by side.
    alpha : float
        Family-wise level.

    Returns
    -------
    ChanceFamilies
    """
    ordered = np.sort(largest, axis=0)
    hits = np.empty(largest.shape, dtype=bool)
    for family, (own, sorted_) in enumerate(zip(largest.T, ordered.T, strict=True)):
        reached = len(own) - np.searchsorted(sorted_, own * (1 - TIE), side="left")
        hits[:, family] = reached <= alpha * len(own) + 1e-9
    counts = hits.sum(axis=1)
    return ChanceFamilies(
        expected=float(counts.mean()),
        any_hit=float((counts > 0).mean()),
        upper=int(np.quantile(counts, 0.95, method="inverted_cdf")),
    )
