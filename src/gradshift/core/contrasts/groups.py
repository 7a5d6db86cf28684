"""Compare changes between people: groups, orders of a crossover, numbers such as days."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts.comparison import Comparison, Sizes, comparison
from gradshift.core.contrasts.sizes import changes_of, few_in_groups, grouped_sizes, mean_where
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.association import association
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.equivalence import SMALLEST
from gradshift.core.statistics.groupcovariates import adjusted_groups
from gradshift.core.statistics.groups import compare_labels
from gradshift.core.statistics.ownspreads import with_own_spreads
from gradshift.core.statistics.signtest import skewness_of

Array = NDArray[np.float64]


def compare_groups(
    baseline: Array,
    followup: Array,
    group: Array,
    *,
    covariates: Array | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size the difference between two groups in the change of every column.

    Parameters
    ----------
    baseline, followup : (n, m) array
        As in `compare`.
    group : (n,) array
        1 for the group whose change counts, 0 for the one it is held against; NaN: neither.
    covariates : (n, k) array, optional
        What is held constant; the difference is then that of the adjusted means.
    n_permutations, seed, confidence, smallest_effect
        As in `compare`, of permutations of people; effects in pooled standard deviations.

    Returns
    -------
    Comparison
        With p of draws as well, see `gradshift.core.statistics.ownspreads`. Columns with fewer
        than two people in a group are described, but not tested.
    """
    changes = changes_of(baseline, followup)
    changes[~np.isfinite(group)] = np.nan
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    if covariates is None:
        test = compare_labels(changes, group, **chance)
        test = with_own_spreads(test, changes, group, **chance)
        sizes = grouped_sizes(changes, group)
        reasons = few_in_groups(changes, group)
        return comparison(test, sizes, reasons, "groups", 1 - confidence, smallest_effect)
    changes[~np.isfinite(covariates).all(axis=1)] = np.nan
    reasons = few_in_groups(changes, group)
    plain = grouped_sizes(changes, group)
    few = np.array([bool(reason) for reason in reasons], dtype=bool)
    changes = np.where(few, np.nan, changes)
    held = adjusted_groups(changes, group, covariates, **chance)
    test = with_own_spreads(largest_t(held.scheme), changes, group, covariates, **chance)
    missing = np.full(len(few), np.nan)
    sizes = Sizes(
        n=plain.n,
        means=(*plain.means[:2], held.effect),
        sd=held.sd,
        se=held.se,
        spread=held.spread,
        df=held.df,
        df_t=held.df_t,
        p_sign=missing,
        n_direction=missing,
        skewness=held.skewness,
    )
    remarks = [few or why for few, why in zip(reasons, held.reasons, strict=True)]
    return comparison(test, sizes, remarks, "covariates", 1 - confidence, smallest_effect)


def compare_number(
    baseline: Array,
    followup: Array,
    number: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Comparison:
    """Test whether the change of every column goes with a number of people, by ranks.

    Parameters
    ----------
    baseline, followup : (n, m) array
        As in `compare`.
    number : (n,) array
        Of each person; NaN: left out.
    n_permutations, seed, confidence
        As in `compare`, of permutations of the number.

    Returns
    -------
    Comparison
        `t` is that of Spearman's rho; `mean_change` is the slope by least squares, in the unit
        of the values. Nothing is standardised.
    """
    changes = changes_of(baseline, followup)
    changes[~np.isfinite(number)] = np.nan
    test = association(changes, number, ranked=True, n_permutations=n_permutations, seed=seed)
    some = np.where(np.isnan(changes), np.nan, np.nan_to_num(number)[:, None])
    away = np.nan_to_num(some - moments(some)[1])
    spread = (away**2).sum(axis=0)
    spread[spread == 0] = np.nan
    level = np.nan_to_num(changes - moments(changes)[1])
    slope = (away * level).sum(axis=0) / spread
    rest = level - np.nan_to_num(slope) * away
    sd = np.sqrt((rest**2).sum(axis=0) / np.where(test.n > 2, test.n - 2, np.nan))
    missing = np.full(len(slope), np.nan)
    sizes = Sizes(
        n=test.n,
        means=(mean_where(changes, baseline), mean_where(changes, followup), slope),
        sd=sd,
        se=sd / np.sqrt(spread),
        spread=spread,
        df=test.n - 2,
        df_t=(test.n - 2).astype(np.float64),
        p_sign=missing,
        n_direction=missing,
        skewness=skewness_of(rest, test.n),
    )
    reasons = [
        "" if np.isfinite(p) else f"{n} people with different numbers, 3 needed"
        for n, p in zip(test.n, test.p, strict=True)
    ]
    return comparison(test, sizes, reasons, "association", 1 - confidence, None)
