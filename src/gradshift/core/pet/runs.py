"""Whether residuals of a fit change sign as often as noise does."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def runs_test(residuals: Array) -> Array:
    """Test whether residuals change sign too seldom, as where a model misses the curve.

    Parameters
    ----------
    residuals : (T, R) array
        NaN in frames that were not used; zeros are left out.

    Returns
    -------
    (R,) array
        Exact one-sided p of as few runs of signs as there are, given how many are above and
        below; NaN where all have one sign or nothing is left.

    References
    ----------
    Wald and Wolfowitz (1940), Ann Math Stat 11:147.
    """
    p = np.full(residuals.shape[1], np.nan)
    for region, column in enumerate(residuals.T):
        above = column[np.isfinite(column) & (column != 0)] > 0
        n, m = int(above.sum()), int((~above).sum())
        if n and m:
            runs = 1 + int((above[1:] != above[:-1]).sum())
            ways = sum(_ways(n, m, r) for r in range(2, runs + 1))
            p[region] = ways / math.comb(n + m, n)
    return p


def _ways(n: int, m: int, runs: int) -> int:
    """Count the orders of n and m signs that have this many runs."""
    half = runs // 2
    if runs % 2 == 0:
        return 2 * math.comb(n - 1, half - 1) * math.comb(m - 1, half - 1)
    return math.comb(n - 1, half) * math.comb(m - 1, half - 1) + math.comb(
        n - 1, half - 1
    ) * math.comb(m - 1, half)
