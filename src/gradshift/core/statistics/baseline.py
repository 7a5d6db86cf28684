"""Ask whether changes depend on the baseline, without taking regression to the mean for it.

The raw correlation of change with baseline is below 0 whenever there is noise: the noise of
the baseline is in both, with opposite signs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.association import association, unit
from gradshift.core.statistics.effects import moments


@dataclass(frozen=True, kw_only=True)
class BaselineDependence:
    """How changes depend on the baseline, free of regression to the mean.

    Parameters
    ----------
    n : int
        People with both values.
    oldham_r : float
        Correlation of the change with the mean of both sessions: above 0, people spread out;
        below 0, they grow alike.
    oldham_p : float
        Two-sided p by permutation.
    blomqvist_slope : float
        Slope of the change on the true baseline; NaN if the reliability is not known.
    """

    n: int
    oldham_r: float
    oldham_p: float
    blomqvist_slope: float


def baseline_dependence(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    *,
    reliability: float = np.nan,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> BaselineDependence:
    """Estimate how a change depends on the baseline by the methods of Oldham and Blomqvist.

    Parameters
    ----------
    baseline, followup : (n,) array
        The same people in the same order; NaN where one has no value.
    reliability : float
        Share of the baseline's variance that is not noise, between 0 and 1, such as a
        split-half ICC; NaN if unknown.
    n_permutations, seed : int
        Of the permutations of Oldham's method.

    Returns
    -------
    BaselineDependence
        NaN with fewer than four people.

    Notes
    -----
    With ``k`` the share of noise, ``1 - reliability``, and ``b`` the raw slope of the change on
    the baseline, the slope on the true baseline is ``(b + k) / (1 - k)``.

    References
    ----------
    Oldham (1962), J Chronic Dis 15:969. Blomqvist (1977), J Am Stat Assoc 72:746.
    """
    both = np.isfinite(baseline) & np.isfinite(followup)
    before, after = baseline[both], followup[both]
    n = len(before)
    if n < 4:
        return BaselineDependence(n=n, oldham_r=np.nan, oldham_p=np.nan, blomqvist_slope=np.nan)
    change, level = after - before, (before + after) / 2
    test = association(change[:, None], level, n_permutations=n_permutations, seed=seed)
    r = float((unit(change[:, None]) * unit(level[:, None])).sum())
    _, _, (sd,) = moments(before[:, None])
    slope, noise = np.nan, 1 - reliability
    if sd > 0 and reliability > 0:
        raw = float(((before - before.mean()) * change).sum() / ((n - 1) * sd**2))
        slope = (raw + noise) / (1 - noise)
    return BaselineDependence(n=n, oldham_r=r, oldham_p=float(test.p[0]), blomqvist_slope=slope)


STATISTIC = Statistic(
    name="baseline",
    formula=(
        r"r(\Delta, \tfrac{1}{2} (x_{\mathrm{pre}} + x_{\mathrm{post}})) \text{ (Oldham)}, \\ "
        r"\frac{b + (1 - R)}{R} \text{ (Blomqvist)}, \; b \text{ the slope of } \Delta "
        r"\text{ on } x_{\mathrm{pre}}, \; R \text{ the reliability}"
    ),
    high="above 0: who starts high rises more: people spread out",
    low="below 0: who starts high falls more: people grow alike",
    methods=(
        "Dependence of the change on the baseline was estimated by Oldham's method (correlation "
        "of the change with the mean of both sessions, p by permutation) and, where the "
        "reliability is known, by Blomqvist's slope on the true baseline."
    ),
    cite=("Oldham1962", "Blomqvist1977"),
    caveat=(
        "Oldham's correlation is also different from 0 when the drug's effect varies between "
        "people for other reasons than their baseline."
    ),
)
