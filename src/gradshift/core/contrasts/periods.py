"""Crossover studies: the effect of the drug, free of that of the period."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts.comparison import Comparison, Sizes, comparison
from gradshift.core.contrasts.people import compare
from gradshift.core.contrasts.sizes import changes_of, few_in_groups, grouped_sizes, mean_where
from gradshift.core.statistics.crossover import period_differences, sequences_known
from gradshift.core.statistics.equivalence import SMALLEST
from gradshift.core.statistics.groups import compare_labels

Array = NDArray[np.float64]


def compare_crossover(
    placebo: Array,
    drug: Array,
    drug_first: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    smallest_effect: float = SMALLEST,
) -> Comparison:
    """Test and size the difference between drug and placebo in a crossover of two periods.

    Parameters
    ----------
    placebo, drug : (n, m) array
        The same people x what is compared: changes from the baseline of each period, or values
        of one session each.
    drug_first : (n,) array
        1 for people who had the drug in the first period, 0 for those who had placebo; NaN
        where nobody knows.
    n_permutations, seed, confidence, smallest_effect
        As in `compare`; of permutations of the order.

    Returns
    -------
    Comparison
        By the method of Hills and Armitage, `method` ``crossover``: what periods add is taken
        out. Where the order of anybody is not known, or the same in all, the differences
        themselves are tested by sign flips, `method` ``signflip``: a period effect cannot then
        be told from the drug. Columns with fewer than two people in an order are described, but
        not tested.

    References
    ----------
    Hills and Armitage (1979), Br J Clin Pharmacol 8:7.
    """
    differences = changes_of(placebo, drug)
    chance: Any = {"n_permutations": n_permutations, "seed": seed}
    limits = 1 - confidence, smallest_effect
    if not sequences_known(differences, drug_first):
        return compare(
            placebo, drug, **chance, confidence=confidence, smallest_effect=smallest_effect
        )
    periods = period_differences(differences, drug_first)
    test = compare_labels(periods, drug_first, **chance)
    plain = grouped_sizes(periods, drug_first)
    half = plain.means[2] / 2
    with np.errstate(invalid="ignore"):
        toward = (np.sign(differences) == np.sign(half)).sum(axis=0)
    sizes = Sizes(
        n=plain.n,
        means=(mean_where(periods, placebo), mean_where(periods, drug), half),
        sd=plain.sd,
        se=plain.se / 2,
        spread=4 * plain.spread,
        df=plain.df,
        df_t=plain.df_t,
        p_sign=np.full(len(half), np.nan),
        n_direction=np.where(np.isfinite(half), toward, np.nan),
        skewness=plain.skewness,
    )
    reasons = few_in_groups(periods, drug_first, what="orders")
    return comparison(test, sizes, reasons, "crossover", *limits)
