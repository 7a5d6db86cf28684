"""Compare two sessions of the same people: everything one row of the group table needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics.effects import (
    effect_interval,
    hedges_correction,
    moments,
    standardised_change,
)
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.signflip import signflip


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Results for the m columns of one family; names as in the group table.

    Parameters
    ----------
    n : (m,) array of int
        People with a value in both sessions; all else is over them.
    mean_baseline, mean_followup, mean_change, sd_change, se : (m,) array
        In the unit of the column; `se` is the standard error of the mean change.
    dz, hedges_g : (m,) array
        Change in standard deviations of the change, raw and without small-sample bias.
    ci_low, ci_high : (m,) array
        Interval of the population's standardised change, which `hedges_g` estimates.
    t, p, p_fwe, p_min, n_permutations, exact
        See `gradshift.core.resampling.Resampled`.
    q_fdr : (m,) array
        False discovery rate over the family.
    status : tuple of str, length m
        ``ok``, or why there is no test or no effect size.
    """

    n: NDArray[np.intp]
    mean_baseline: NDArray[np.float64]
    mean_followup: NDArray[np.float64]
    mean_change: NDArray[np.float64]
    sd_change: NDArray[np.float64]
    se: NDArray[np.float64]
    dz: NDArray[np.float64]
    hedges_g: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    t: NDArray[np.float64]
    p: NDArray[np.float64]
    p_fwe: NDArray[np.float64]
    q_fdr: NDArray[np.float64]
    p_min: NDArray[np.float64]
    n_permutations: int
    exact: bool
    status: tuple[str, ...]


def compare(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Comparison:
    """Test and size the change of every column of one family.

    Parameters
    ----------
    baseline, followup : (n, m) array
        The same people in the same order (sorted by identifier, see
        `gradshift.core.statistics.signflip.signflip`) x the values of one family; NaN where
        a person has none.
    n_permutations : int
        Random sign patterns if there are too many people for all of them.
    seed : int
        Of the random patterns.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the sessions differ in shape, or a value is infinite.
    """
    if baseline.shape != followup.shape:
        raise ValueError(
            f"Both sessions need the same people and columns, got {baseline.shape} and "
            f"{followup.shape}."
        )
    changes = followup - baseline
    test = signflip(changes, n_permutations=n_permutations, seed=seed)
    n, mean, sd = moments(changes)
    _, mean_baseline, _ = moments(np.where(np.isnan(changes), np.nan, baseline))
    _, mean_followup, _ = moments(np.where(np.isnan(changes), np.nan, followup))
    dz = standardised_change(mean, sd)
    ci_low, ci_high = effect_interval(test.t, n, confidence=confidence)
    return Comparison(
        n=n,
        mean_baseline=mean_baseline,
        mean_followup=mean_followup,
        mean_change=mean,
        sd_change=sd,
        se=sd / np.sqrt(np.where(n > 0, n, np.nan)),
        dz=dz,
        hedges_g=dz * hedges_correction(n - 1),
        ci_low=ci_low,
        ci_high=ci_high,
        t=test.t,
        p=test.p,
        p_fwe=test.p_fwe,
        q_fdr=benjamini_hochberg(test.p),
        p_min=test.p_min,
        n_permutations=test.n_permutations,
        exact=test.exact,
        status=tuple(_status(*column) for column in zip(n, sd, mean, strict=True)),
    )


def _status(n: int, sd: float, mean: float) -> str:
    """Say why a column has no test, or no finite effect size."""
    if n < 2:
        return f"{n} with both sessions, 2 needed"
    if sd == 0:
        return "nobody changed" if mean == 0 else "the same change in everybody"
    return "ok"
