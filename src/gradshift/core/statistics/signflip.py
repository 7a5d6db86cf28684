"""Test paired changes by flipping their signs.

If the drug did nothing and changes are symmetric about 0, each person's change could as well
have had the other sign. Flipping signs gives the distribution of t under that hypothesis, and
flipping all columns of a family together gives the distribution of the largest |t| among them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import resampling
from gradshift.core.inference.resampling import COLUMNS, PATTERNS, Resampled, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.effects import moments, t_statistic

MAX_EXACT = 16
"""Up to this many people all sign patterns are used."""


def signflip(
    changes: NDArray[np.float64], *, n_permutations: int = 10_000, seed: int = 0
) -> Resampled:
    """Test whether paired changes differ from 0, two-sided, with family-wise correction.

    Up to `MAX_EXACT` people all ``2^n`` patterns of signs are used. A pattern and its opposite
    have the same |t|: half of them give the same p. Beyond, random patterns are drawn, and the
    observed one counts as one more.

    Parameters
    ----------
    changes : (n, m) array
        People x columns of one family; NaN where a person has no value. Random patterns
        belong to rows: sort people (by identifier) for the same p on every machine. An exact
        result does not depend on the order.
    n_permutations : int
        Random patterns when there are too many people for all of them.
    seed : int
        Of the random patterns.

    Returns
    -------
    Resampled

    Raises
    ------
    ValueError
        If `changes` is not two-dimensional, has infinite values, or `n_permutations` < 1.

    References
    ----------
    Nichols and Holmes (2002), Hum Brain Mapp 15:1. Phipson and Smyth (2010), Stat Appl Genet
    Mol Biol 9:39, for the count of random patterns.
    """
    return resampling.largest_t(flipped(changes, n_permutations=n_permutations, seed=seed))


def flipped(
    changes: NDArray[np.float64],
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    max_exact: int = MAX_EXACT,
) -> Scheme:
    """Prepare the test of `signflip`.

    Parameters
    ----------
    changes, n_permutations, seed
        As in `signflip`.
    max_exact : int
        Up to this many people all patterns are used.
    """
    changes = _people_with_values(changes, n_permutations)
    n, mean, sd = moments(changes)
    testable = np.flatnonzero(n >= 2)
    columns = testable[np.argsort(n[testable], kind="stable")]
    scaled = scale(changes, columns, n[columns])
    p_min = np.full(len(n), np.nan)
    p_min[columns] = 2.0 ** (1 - n[columns])
    return Scheme(
        n=n,
        t=t_statistic(n, mean, sd),
        p_min=p_min,
        columns=columns,
        df=n[columns] - 1,
        observed=scaled.sum(axis=0),
        project=Sums(scaled),
        rounding=8 * len(changes) * np.finfo(np.float64).eps,
        **signs(len(changes), n_permutations=n_permutations, seed=seed, max_exact=max_exact),
    )


@dataclass(frozen=True)
class Sums:
    """Gives s of patterns, where it is their product with scaled columns."""

    scaled: NDArray[np.float64]

    def __call__(self, patterns: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        """Return the (b, columns) s."""
        sums: NDArray[np.float64] = patterns @ self.scaled[:, part]
        return sums


def _people_with_values(changes: NDArray[np.float64], n_permutations: int) -> NDArray[np.float64]:
    """Check the input and leave out people without any value."""
    resampling.check(changes, n_permutations)
    people = ~np.isnan(changes).all(axis=1)
    return np.asarray(changes if people.all() else changes[people], dtype=np.float64)


class Patterns(TypedDict):
    """What a `Scheme` wants to know of its patterns."""

    patterns: Callable[[], Iterator[NDArray[np.float64]]]
    n_patterns: int
    n_permutations: int
    exact: bool


def signs(
    n_people: int, *, n_permutations: int, seed: int, max_exact: int = MAX_EXACT
) -> Patterns:
    """Return patterns of signs: half of all, or random ones.

    Parameters
    ----------
    n_people : int
        Up to `max_exact` people, all patterns come in which the first person keeps the sign;
        the first of them is the observed one.
    n_permutations, seed : int
        Of the random patterns for more people; the observed one is not among them.
    max_exact : int
    """
    if n_people <= max_exact:
        return {
            "patterns": partial(_all_patterns, n_people),
            "n_patterns": 2 ** max(n_people - 1, 0),
            "n_permutations": 2**n_people,
            "exact": True,
        }
    return {
        "patterns": partial(_random_patterns, n_people, n_permutations, seed),
        "n_patterns": n_permutations,
        "n_permutations": n_permutations,
        "exact": False,
    }


def _all_patterns(n_people: int) -> Iterator[NDArray[np.float64]]:
    """Yield all sign patterns in which the first person keeps the sign, in blocks."""
    others = np.arange(max(n_people - 1, 0))
    for start in range(0, 2 ** len(others), PATTERNS):
        codes = np.arange(start, min(start + PATTERNS, 2 ** len(others)))
        signs = np.ones((len(codes), n_people))
        signs[:, 1:] -= 2.0 * (codes[:, None] >> others & 1)
        yield signs


def _random_patterns(
    n_people: int, n_permutations: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield random sign patterns in blocks; the size of a block changes no pattern."""
    negative = _negative(n_people, n_permutations, seed)
    for start in range(0, n_permutations, PATTERNS):
        yield np.where(negative[start : start + PATTERNS], -1.0, 1.0)


@lru_cache(maxsize=2)
def _negative(n_people: int, n_permutations: int, seed: int) -> NDArray[np.bool_]:
    """Draw the (n_permutations, n_people) signs: every family of the same people has the same."""
    rng = np.random.default_rng(seed)
    negative = np.empty((n_permutations, n_people), dtype=bool)
    for start in range(0, n_permutations, PATTERNS):
        part = negative[start : start + PATTERNS]
        np.less(rng.random(part.shape), 0.5, out=part)
    negative.flags.writeable = False
    return negative


def scale(
    changes: NDArray[np.float64], columns: NDArray[np.intp], n: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Scale columns so that their sums, whatever the signs, are s; see `resampling`.

    Parameters
    ----------
    changes : (n, m) array
        NaN where a person has no value.
    columns : (k,) array of int
        Which columns.
    n : (k,) array of int
        People with a value in each of these.

    Returns
    -------
    (n, k) array
        0 where missing.
    """
    scaled = np.empty((len(changes), len(columns)))
    for start in range(0, len(columns), COLUMNS):
        part = slice(start, start + COLUMNS)
        values = changes[:, columns[part]]
        values[np.isnan(values)] = 0.0
        size = np.abs(values).max(axis=0)
        values /= np.where(size > 0, size, 1.0)
        length = np.sqrt(n[part] * (values**2).sum(axis=0))
        scaled[:, part] = values / np.where(length > 0, length, 1.0)
    return scaled


STATISTIC = Statistic(
    name="signflip",
    formula=(
        r"t = \frac{\bar{\Delta}}{s / \sqrt{n}}, "
        r"\quad p = \operatorname{mean}_{\sigma \in \{-1, 1\}^n} "
        r"\left[ |t_\sigma| \ge |t| \right], "
        r"\\ p_{\mathrm{FWE}} = \operatorname{mean}_\sigma "
        r"\left[ \max_{\text{family}} |t_\sigma| \ge |t| \right]"
    ),
    high="p near 1: most flips of signs give as much",
    low="p near 0: hardly a flip of signs gives as much",
    methods=(
        "Paired changes were tested two-sided by flipping their signs: all 2^n patterns for up "
        f"to {MAX_EXACT} people, and random patterns, including the observed one, for more. "
        "Family-wise error was controlled by the distribution of the largest |t| over the tests "
        "of a family, all flipped together."
    ),
    cite=("Nichols2002", "Winkler2014", "Phipson2010"),
    caveat=(
        "Exact if changes are symmetric about 0 without the drug; with fewer than six people no "
        "two-sided p can fall below .05."
    ),
)
