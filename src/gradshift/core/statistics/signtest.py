"""Count who changed in which direction, and how skewed the changes are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.resampling import TIE
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.effects import moments

SKEWED = 1.0
"""Beyond this skewness of the changes the test of their mean needs the sign test beside it."""


@dataclass(frozen=True, kw_only=True)
class Directions:
    """Directions of the changes of m columns.

    Parameters
    ----------
    n_direction : (m,) array
        People who changed in the direction of the mean; NaN without values.
    p : (m,) array
        Two-sided p of the exact sign test over those who changed: 1 if nobody did, NaN without
        values.
    skewness : (m,) array
        Of the changes (adjusted Fisher-Pearson coefficient); NaN for fewer than three people,
        or without spread.
    """

    n_direction: NDArray[np.float64]
    p: NDArray[np.float64]
    skewness: NDArray[np.float64]


def directions(changes: NDArray[np.float64]) -> Directions:
    """Describe the directions of changes.

    Parameters
    ----------
    changes : (n, m) array
        People x columns; NaN where a person has no value.
    """
    n, mean, _ = moments(changes)
    size = np.nan_to_num(np.abs(changes)).max(axis=0, initial=0.0)
    with np.errstate(invalid="ignore"):
        up = (changes > TIE * size).sum(axis=0)
        down = (changes < -TIE * size).sum(axis=0)
    some = n > 0
    return Directions(
        n_direction=np.where(some, np.where(mean > 0, up, down), np.nan),
        p=np.where(some, sign_test(up, down), np.nan),
        skewness=skewness_of(np.nan_to_num(changes - np.where(some, mean, 0.0)), n),
    )


def sign_test(up: NDArray[np.intp], down: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the two-sided p of the exact sign test.

    Parameters
    ----------
    up, down : array of int
        Values above and below 0; those of 0 do not count.

    Returns
    -------
    array
        1 where there are none.
    """
    fewer = np.minimum(up, down).astype(np.float64)
    p: NDArray[np.float64] = np.minimum(1.0, 2 * special.bdtr(fewer, up + down, 0.5))
    return p


def skewness_of(values: NDArray[np.float64], n: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Return the skewness of values whose mean is 0 (adjusted Fisher-Pearson coefficient).

    Parameters
    ----------
    values : (n, m) array
        0 where missing.
    n : (m,) array of int
        Values that are there.

    Returns
    -------
    (m,) array
        NaN for fewer than three values, or without spread.
    """
    number = np.asarray(n, dtype=np.float64)
    size = np.abs(values).max(axis=0, initial=0.0)
    # sorted, so that the order of people changes no digit of the sums
    scaled = np.sort(values / np.where(size > 0, size, 1.0), axis=0)
    second, third = (scaled**2).sum(axis=0), (scaled**3).sum(axis=0)
    enough = (number > 2) & (second > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.sqrt(number) * third / second**1.5
        adjusted = plain * np.sqrt(number * (number - 1)) / (number - 2)
    return np.where(enough, adjusted, np.nan)


STATISTIC = Statistic(
    name="signtest",
    formula=r"p = \min \left( 1, \; 2 \sum_{i=0}^{k} \binom{m}{i} 2^{-m} \right), \quad "
    r"k = \min(\#[\Delta > 0], \#[\Delta < 0]), \; m = \#[\Delta \ne 0]",
    high="p near 1: as many rose as fell",
    low="p near 0: nearly everybody changed in the same direction",
    methods=(
        "Beside every change stand the number of people who changed in the direction of the mean "
        "and the exact sign test, which assumes no symmetry of the changes."
    ),
    cite=("Dixon1946",),
    caveat=(
        "Sees directions only. A test of the mean by sign flips assumes symmetric changes: where "
        f"their skewness is beyond {SKEWED:g} it can call too often, and the sign test decides."
    ),
)
