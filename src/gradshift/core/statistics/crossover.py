"""Compare drug and placebo in a crossover, whatever the periods add (Hills and Armitage).

The difference between the two periods of a person is drug less placebo, or placebo less drug,
and what the periods add is the same in both: comparing it between the orders takes that out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Resampled
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.groups import compare_labels

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Periods:
    """What the periods and the order of treatments do, over m columns.

    Parameters
    ----------
    period : (m,) array
        What the first period adds to the second, in the unit of the values.
    period_test : Resampled
        Of that, by permutation of the order.
    order : (m,) array
        How far people who had the drug first lie above the others over both periods: a
        carry-over of one treatment into the second period, or groups that differ.
    order_test : Resampled
        Of that, by permutation of the order.
    """

    period: Array
    period_test: Resampled
    order: Array
    order_test: Resampled


def sequences_known(differences: Array, drug_first: Array) -> bool:
    """Say whether the order of everybody with a value is known, and not the same in all."""
    own = drug_first[~np.isnan(differences).all(axis=1)]
    return bool(np.isfinite(own).all()) and len(set(own.tolist())) == 2


def period_differences(differences: Array, drug_first: Array) -> Array:
    """Return first period less second period of (n, m) differences, drug less placebo."""
    sign = np.where(drug_first == 1, 1.0, -1.0)
    signed: Array = differences * sign[:, None]
    return signed


def periods(
    placebo: Array,
    drug: Array,
    drug_first: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Periods:
    """Test what periods and order do in a crossover.

    Parameters
    ----------
    placebo, drug : (n, m) array
        As in `gradshift.core.contrasts.compare_crossover`.
    drug_first : (n,) array
        1 or 0; NaN: left out.
    n_permutations, seed : int
        As in `gradshift.core.statistics.groups.compare_labels`.

    References
    ----------
    Hills and Armitage (1979), Br J Clin Pharmacol 8:7. Grizzle (1965), Biometrics 21:467.
    """
    differences, means = drug - placebo, (drug + placebo) / 2
    tests = [
        compare_labels(side, drug_first, n_permutations=n_permutations, seed=seed)
        for side in (differences, means)
    ]
    return Periods(
        period=_difference(differences, drug_first) / 2,
        period_test=tests[0],
        order=_difference(means, drug_first),
        order_test=tests[1],
    )


def _difference(values: Array, group: Array) -> Array:
    """Return the mean of group 1 less that of group 0; NaN where one has no value."""
    sides = []
    for code in (1, 0):
        own = values[group == code]
        n = np.isfinite(own).sum(axis=0)
        sides.append(np.nan_to_num(own).sum(axis=0) / np.where(n > 0, n, np.nan))
    difference: Array = sides[0] - sides[1]
    return difference


STATISTIC = Statistic(
    name="crossover",
    formula=(
        r"d_i = y_{i, \text{first period}} - y_{i, \text{second period}}, \quad "
        r"\hat{\tau} = \tfrac{1}{2} \left( \bar{d}_{\text{drug first}} - "
        r"\bar{d}_{\text{placebo first}} \right), \\ p \text{ by permuting the order, as between "
        r"groups}"
    ),
    high="above 0: more after the drug than after placebo",
    low="below 0: less after the drug than after placebo",
    methods=(
        "In the crossover the difference between periods of each person was compared between the "
        "orders of treatment (Hills and Armitage), by the permutation test for groups: what "
        "periods add drops out. The period effect (drug minus placebo between orders) and "
        "the order effect (mean of both periods between orders) are given beside it. Where "
        "the order was not known or the same in all, the differences were tested by sign flips."
    ),
    cite=("Hills1979",),
    caveat=(
        "Assumes that nothing is carried over from the first period into the second; the test "
        "of the order effect has little power against that. By sign flips alone, period and "
        "drug cannot be told apart."
    ),
)
