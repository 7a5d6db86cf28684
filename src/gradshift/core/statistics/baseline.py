"""Ask whether changes depend on the baseline, without taking regression to the mean for it.

The raw correlation of change with baseline is below 0 whenever there is noise: the noise of
the baseline is in both, with opposite signs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.association import association, unit

RELIABLE = 0.5
"""Below this reliability noise makes up most of the baseline: Blomqvist's slope says nothing."""


@dataclass(frozen=True, kw_only=True)
class BaselineDependence:
    """How changes depend on the baseline, free of regression to the mean.

    Parameters
    ----------
    n : int
        People with both values.
    oldham_r : float
        Correlation of the change with the mean of both sessions: above 0, people differ more
        afterwards; below 0, less.
    oldham_low, oldham_high : float
        Its 95 % interval, by Fisher's z.
    oldham_p : float
        Two-sided p by permutation.
    blomqvist_slope : float
        Slope of the change on the true baseline; NaN if the reliability is not known, or below
        `RELIABLE`.
    blomqvist_low, blomqvist_high : float
        Its 95 % interval, with the reliability taken as it is.
    """

    n: int
    oldham_r: float = np.nan
    oldham_low: float = np.nan
    oldham_high: float = np.nan
    oldham_p: float = np.nan
    blomqvist_slope: float = np.nan
    blomqvist_low: float = np.nan
    blomqvist_high: float = np.nan


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
        return BaselineDependence(n=n)
    change, level = after - before, (before + after) / 2
    test = association(change[:, None], level, n_permutations=n_permutations, seed=seed)
    r = float((unit(change[:, None]) * unit(level[:, None])).sum())
    low, high = _fisher_interval(r, n)
    slopes = [np.nan] * 3
    if reliability >= RELIABLE:
        slopes = [(raw + 1 - reliability) / reliability for raw in _slope(before, change)]
    return BaselineDependence(
        n=n,
        oldham_r=r,
        oldham_low=low,
        oldham_high=high,
        oldham_p=float(test.p[0]),
        blomqvist_slope=slopes[0],
        blomqvist_low=slopes[1],
        blomqvist_high=slopes[2],
    )


def _fisher_interval(r: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a correlation by Fisher's z."""
    z, half = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15)), special.ndtri(0.975) / np.sqrt(n - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the slope of y on x by least squares, and its 95 % interval; NaN without spread."""
    away = x - x.mean()
    spread = float(away @ away)
    if spread == 0:
        return np.nan, np.nan, np.nan
    slope = float(away @ y) / spread
    rest = y - y.mean() - slope * away
    df = len(x) - 2
    half = float(special.stdtrit(df, 0.975)) * float(np.sqrt(rest @ rest / df / spread))
    return slope, slope - half, slope + half


STATISTIC = Statistic(
    name="baseline",
    formula=(
        r"r(\Delta, \tfrac{1}{2} (x_{\mathrm{pre}} + x_{\mathrm{post}})) \text{ (Oldham)}, \\ "
        r"\frac{b + (1 - R)}{R} \text{ (Blomqvist)}, \; b \text{ the slope of } \Delta "
        r"\text{ on } x_{\mathrm{pre}}, \; R \text{ the reliability}"
    ),
    high="above 0: people differ more afterwards",
    low="below 0: people differ less afterwards",
    methods=(
        "Dependence of the change on the baseline was estimated by Oldham's method (correlation "
        "of the change with the mean of both sessions, p by permutation, interval by Fisher's "
        f"z) and, where the reliability is known and at least {RELIABLE:g}, by Blomqvist's slope "
        "on the true baseline."
    ),
    cite=("Oldham1962", "Blomqvist1977"),
    caveat=(
        "Oldham's correlation is also different from 0 when the drug's effect varies between "
        "people for other reasons than their baseline. The interval of Blomqvist's slope takes "
        "the reliability as known: it is too narrow."
    ),
)
