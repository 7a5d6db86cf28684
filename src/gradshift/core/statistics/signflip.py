"""Test paired changes by flipping their signs.

If the drug did nothing and changes are symmetric about 0, each person's change could as well
have had the other sign. Flipping signs gives the distribution of t under that hypothesis, and
flipping all columns of a family together gives the distribution of the largest |t| among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics import Statistic
from gradshift.core.statistics.effects import moments, t_statistic

MAX_EXACT = 16
"""Up to this many people all sign patterns are used."""

TIE = 1e-10
"""Values of |t| closer than this are the same."""

FLIPS = 128
"""Sign patterns per matrix product; counts of a block must fit into 8 bits."""

COLUMNS = 512
"""Columns per matrix product: the block stays in the processor's cache."""


@dataclass(frozen=True, kw_only=True)
class SignFlip:
    """Results of a sign-flip test of m columns.

    Parameters
    ----------
    t : (m,) array
        Paired t: 0 if nobody changed, infinite if all changed by the same amount.
    p : (m,) array
        Two-sided p of each column by itself.
    p_fwe : (m,) array
        p corrected for all columns (largest |t|).
    n : (m,) array of int
        People with a value.
    p_min : (m,) array
        The smallest p that this number of people and of flips can give.
    n_permutations : int
        Sign patterns, the observed one included if all were used.
    exact : bool
        Whether all sign patterns were used.

    Notes
    -----
    Columns with fewer than two people are NaN in all but `n`, and take no part in `p_fwe`.
    """

    t: NDArray[np.float64]
    p: NDArray[np.float64]
    p_fwe: NDArray[np.float64]
    n: NDArray[np.intp]
    p_min: NDArray[np.float64]
    n_permutations: int
    exact: bool


def signflip(
    changes: NDArray[np.float64], *, n_permutations: int = 10_000, seed: int = 0
) -> SignFlip:
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
    SignFlip

    Raises
    ------
    ValueError
        If `changes` is not two-dimensional, has infinite values, or `n_permutations` < 1.

    References
    ----------
    Nichols and Holmes (2002), Hum Brain Mapp 15:1. Phipson and Smyth (2010), Stat Appl Genet
    Mol Biol 9:39, for the count of random patterns.
    """
    changes = _people_with_values(changes, n_permutations)
    n_people, n_columns = changes.shape
    n, mean, sd = moments(changes)
    t = t_statistic(n, mean, sd)
    exact = n_people <= MAX_EXACT
    if exact:
        patterns = _all_patterns(n_people)
        n_patterns, extra = 2 ** max(n_people - 1, 0), 0
    else:
        patterns = _random_patterns(n_people, n_permutations, seed)
        n_patterns, extra = n_permutations, 1

    testable = np.flatnonzero(n >= 2)
    columns = testable[np.argsort(n[testable], kind="stable")]
    counts = _count(changes, columns, n[columns], t[columns], patterns, n_patterns)
    p, p_fwe, p_min = np.full((3, n_columns), np.nan)
    p[columns], p_fwe[columns] = (np.array(counts) + extra) / (n_patterns + extra)
    p_min[columns] = 2.0 ** (1 - n[columns])
    if not exact:
        p_min = np.maximum(p_min, 1 / (n_permutations + 1))
    return SignFlip(
        t=t,
        p=p,
        p_fwe=p_fwe,
        n=n,
        p_min=p_min,
        n_permutations=2**n_people if exact else n_permutations,
        exact=exact,
    )


def _people_with_values(changes: NDArray[np.float64], n_permutations: int) -> NDArray[np.float64]:
    """Check the input and leave out people without any value."""
    if changes.ndim != 2:
        raise ValueError(f"Changes must be people x columns, got shape {changes.shape}.")
    if n_permutations < 1:
        raise ValueError(f"A test needs at least 1 permutation, got {n_permutations}.")
    if np.isinf(changes).any():
        raise ValueError("Changes must be finite, or NaN where a person has no value.")
    there = ~np.isnan(changes).all(axis=1)
    return np.asarray(changes if there.all() else changes[there], dtype=np.float64)


def _all_patterns(n_people: int) -> Iterator[NDArray[np.float64]]:
    """Yield all sign patterns in which the first person keeps the sign, in blocks."""
    others = np.arange(max(n_people - 1, 0))
    for start in range(0, 2 ** len(others), FLIPS):
        codes = np.arange(start, min(start + FLIPS, 2 ** len(others)))
        signs = np.ones((len(codes), n_people))
        signs[:, 1:] -= 2.0 * (codes[:, None] >> others & 1)
        yield signs


def _random_patterns(
    n_people: int, n_permutations: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield random sign patterns in blocks; the size of a block changes no pattern."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_permutations, FLIPS):
        size = min(FLIPS, n_permutations - start)
        yield np.where(rng.random((size, n_people)) < 0.5, -1.0, 1.0)


def _count(
    changes: NDArray[np.float64],
    columns: NDArray[np.intp],
    n: NDArray[np.intp],
    t: NDArray[np.float64],
    patterns: Iterator[NDArray[np.float64]],
    n_patterns: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the patterns with |t| as large as observed, by column and in the whole family.

    The sum of squares of a column does not change with signs, so that its t rises with
    ``s = |sum| / sqrt(n sum of squares)``, which one matrix product gives for a block of
    patterns and columns. `columns` come in groups of the same n, which share that relation.
    """
    scaled = _scaled(changes, columns, n)
    observed = np.abs(scaled.sum(axis=0))
    rounding = 8 * len(changes) * np.finfo(np.float64).eps
    threshold = np.minimum(_s_of_t(np.abs(t) - TIE, n - 1), observed * (1 - rounding))
    groups = _groups(n)

    own = np.zeros(len(columns), dtype=np.int64)
    largest = np.zeros(n_patterns)
    done = 0
    for signs in patterns:
        block = slice(done, done + len(signs))
        for group, df in groups:
            highest = np.zeros(len(signs))
            for start in range(group.start, group.stop, COLUMNS):
                part = slice(start, min(start + COLUMNS, group.stop))
                s = signs @ scaled[:, part]
                np.abs(s, out=s)
                reached = (s >= threshold[part]).view(np.uint8)
                own[part] += np.add.reduce(reached, axis=0, dtype=np.uint8)
                np.maximum(highest, s.max(axis=1), out=highest)
            largest[block] = np.maximum(largest[block], _t_of_s(highest, df))
        done += len(signs)

    family = np.zeros(len(columns), dtype=np.int64)
    for group, df in groups:
        ordered = np.sort(_s_of_t(largest, df))
        family[group] = n_patterns - np.searchsorted(ordered, threshold[group], side="left")
    return own, family


def _scaled(
    changes: NDArray[np.float64], columns: NDArray[np.intp], n: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Scale columns so that their absolute sums are s: between 0 and 1, 0 where missing."""
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


def _groups(n: NDArray[np.intp]) -> list[tuple[slice, int]]:
    """Cut sorted numbers of people into runs of the same one, with its degrees of freedom."""
    edges = [0, *(np.flatnonzero(np.diff(n)) + 1).tolist(), len(n)]
    return [
        (slice(start, stop), int(n[start]) - 1) for start, stop in pairwise(edges) if stop > start
    ]


def _s_of_t(t: NDArray[np.float64], df: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Turn t into ``t / sqrt(t^2 + df)``."""
    with np.errstate(invalid="ignore"):
        s = t / np.hypot(t, np.sqrt(df))
    return np.where(np.isinf(t), np.sign(t), s)


def _t_of_s(s: NDArray[np.float64], df: int) -> NDArray[np.float64]:
    """Turn s back into t, infinite at 1."""
    with np.errstate(divide="ignore"):
        t: NDArray[np.float64] = s * np.sqrt(df) / np.sqrt(np.maximum(1 - s**2, 0))
    return t


STATISTIC = Statistic(
    name="signflip",
    methods=(
        "Paired changes were tested two-sided by flipping their signs: all 2^n patterns for up "
        f"to {MAX_EXACT} people, random patterns with the observed one counted for more. "
        "Family-wise error was controlled by the distribution of the largest |t| over the tests "
        "of a family, all flipped together."
    ),
    cite=("Nichols2002", "Winkler2014", "Phipson2010"),
    caveat=(
        "Exact if changes are symmetric about 0 without the drug; with fewer than six people no "
        "two-sided p can fall below .05."
    ),
)
