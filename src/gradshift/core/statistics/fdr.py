"""False discovery rates of a family of tests."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.statistic import Statistic


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values of independent or positively dependent tests.

    Parameters
    ----------
    p : (m,) array
        NaN for tests that were not possible; they do not count.

    Returns
    -------
    (m,) array
        The smallest false discovery rate at which each test is called; NaN stays NaN.

    References
    ----------
    Benjamini and Hochberg (1995), J R Stat Soc B 57:289.
    """
    return _step_up(p, penalty=1.0)


def benjamini_yekutieli(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values of tests with any dependence: as above, times ``1 + 1/2 + ... + 1/m``.

    Parameters
    ----------
    p : (m,) array
        NaN for tests that were not possible; they do not count.

    Returns
    -------
    (m,) array
        The smallest false discovery rate at which each test is called; NaN stays NaN.

    References
    ----------
    Benjamini and Yekutieli (2001), Ann Stat 29:1165.
    """
    n_tests = int(np.isfinite(p).sum())
    return _step_up(p, penalty=float((1 / np.arange(1, n_tests + 1)).sum()))


def _step_up(p: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    """Return ``min over k >= rank of p_(k) penalty m / k``, at most 1."""
    adjusted = np.full(p.shape, np.nan)
    there = np.flatnonzero(np.isfinite(p))
    descending = there[np.argsort(-p[there], kind="stable")]
    rank = np.arange(len(there), 0, -1)
    candidates = np.minimum(p[descending] * penalty * len(there) / rank, 1.0)
    adjusted[descending] = np.minimum.accumulate(candidates)
    return adjusted


STATISTIC = Statistic(
    name="fdr",
    formula=r"q_{(i)} = \min_{k \ge i} \frac{m \, p_{(k)}}{k}",
    high="q near 1: a list as long as this holds mostly chance",
    low="q near 0: of a list as long as this few are expected to be false",
    methods=(
        "The false discovery rate over the same families was controlled by the procedure of "
        "Benjamini and Hochberg."
    ),
    cite=("Benjamini1995", "Benjamini2001"),
    caveat="A share of the tests called is expected to be false; it says nothing of any one test.",
)
