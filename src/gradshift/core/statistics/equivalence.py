"""Ask whether a change is smaller than the smallest that would matter."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.statistic import Statistic

SMALLEST = 0.5
"""Smallest effect of interest, in standard deviations of the change."""

Verdict = Literal["change", "smaller", "undecided", "n/a"]


def equivalence_p(
    t: NDArray[np.float64],
    per_person: NDArray[np.float64] | NDArray[np.intp],
    df: NDArray[np.float64] | NDArray[np.intp],
    *,
    smallest: float = SMALLEST,
) -> NDArray[np.float64]:
    """Test whether the population's standardised change lies within ``-/+ smallest``.

    Two one-sided tests by the noncentral t distribution; the larger of their p is given. It is
    at most .05 exactly where the 90 % interval of
    `gradshift.core.statistics.effects.effect_interval` lies within the bounds.

    Parameters
    ----------
    t : (m,) array
    per_person : (m,) array
        Such that ``t = d sqrt(per_person)``: people, for paired changes.
    df : (m,) array
        Degrees of freedom of t.
    smallest : float
        Above 0, in standard deviations of the change.

    Returns
    -------
    (m,) array
        NaN where there is no finite t, or no degrees of freedom.

    Raises
    ------
    ValueError
        If `smallest` is not above 0.

    References
    ----------
    Schuirmann (1987), J Pharmacokinet Biopharm 15:657. Lakens (2017), Soc Psychol Personal Sci
    8:355.
    """
    if not smallest > 0:
        raise ValueError(f"The smallest effect of interest must be above 0, got {smallest:g}.")
    known = np.isfinite(t) & (np.asarray(df) > 0) & (np.asarray(per_person) > 0)
    values = np.full(len(t), np.nan)
    away = smallest * np.sqrt(np.asarray(per_person, dtype=np.float64)[known])
    size = np.abs(t[known])
    p = special.nctdtr(np.asarray(df, dtype=np.float64)[known], away, size)
    values[known] = np.where(np.isnan(p), np.where(size > away, 1.0, 0.0), p)
    return values


def verdict(p_fwe: float, p_equivalence: float, *, alpha: float = 0.05) -> Verdict:
    """Say what the data tell of a declared change.

    Parameters
    ----------
    p_fwe : float
        Family-wise p of the test against no change.
    p_equivalence : float
        See `equivalence_p`.
    alpha : float

    Returns
    -------
    {'change', 'smaller', 'undecided', 'n/a'}
        A certain change is one, be it small; its p of equivalence stands beside it.
    """
    if not np.isfinite(p_fwe):
        return "n/a"
    if p_fwe <= alpha:
        return "change"
    return "smaller" if p_equivalence <= alpha else "undecided"


STATISTIC = Statistic(
    name="equivalence",
    formula=(
        r"p = \max \left( P(T_{\nu, \delta \sqrt{n}} \le t), \; "
        r"P(T_{\nu, -\delta \sqrt{n}} \ge t) \right)"
    ),
    high="p near 1: the change may well be as large as what matters, or larger",
    low="p near 0: any change is smaller than the smallest that would matter",
    methods=(
        "Whether any change was smaller than the smallest effect of interest was tested by two "
        "one-sided tests with the noncentral t distribution."
    ),
    cite=("Schuirmann1987", "Lakens2017"),
    caveat=(
        "Assumes normally distributed changes. With eleven people even no change at all is "
        "rarely shown to be smaller than half a standard deviation: undecided is what small "
        "studies mostly are."
    ),
)
