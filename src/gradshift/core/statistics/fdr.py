"""False discovery rates of a family of tests."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

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
    adjusted = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        adjusted[tested] = false_discovery_control(p[tested], method="bh")
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
    cite=("Benjamini1995",),
    caveat="A share of the tests called is expected to be false; it says nothing of any one test.",
)
