"""How large a statistic must be, so that an interval agrees with a family-wise p."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.resampling import LEAST, TIE, Resampled


def critical_t(
    test: Resampled, df: NDArray[np.float64] | NDArray[np.intp], *, alpha: float = 0.05
) -> NDArray[np.float64]:
    """Return the |t| that each column must pass for a family-wise p of at most `alpha`.

    The intervals ``t - c`` to ``t + c`` of a family hold all true values together in at least
    ``1 - alpha`` of studies (where the largest |t| is distributed as its rearrangements), and
    exclude 0 exactly where ``p_fwe <= alpha``.

    Parameters
    ----------
    test : Resampled
    df : (m,) array
        Degrees of freedom of t, which turn normal scores back into t.
    alpha : float

    Returns
    -------
    (m,) array
        NaN for columns that are not tested. Where so few people have a value that no p can be
        as small as `alpha`, it is not below the observed |t|.
    """
    most = int(np.floor(alpha * (len(test.largest) + test.extra) + 1e-9)) - test.extra
    ordered = np.sort(test.largest)[::-1]
    if most < 0:
        limit = np.inf
    else:
        limit = (ordered[most] + LEAST) / (1 - TIE) if most < len(ordered) else 0.0
        limit = float(f"{limit:.11g}")  # the order of people leaves no trace
    size = np.abs(test.t)
    critical = np.full(len(size), limit)
    if test.scores and np.isfinite(limit):
        critical = -special.stdtrit(np.asarray(df, dtype=np.float64), special.ndtr(-limit))
    impossible = (test.p_min > alpha) | (most < 0)
    critical = np.where(
        impossible, np.fmax(np.where(np.isfinite(critical), critical, 0), size), critical
    )
    return np.where(np.isfinite(test.p), critical, np.nan)
