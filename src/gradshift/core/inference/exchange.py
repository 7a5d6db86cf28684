"""Sessions exchanged within people: tests of one person, and of these people together."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FEWEST = 20
"""Fewer arrangements of sessions tell nothing."""

MOST = 200_000
"""Up to so many arrangements of all people together are listed; of more, `DRAWS` are drawn."""

DRAWS = 10_000

Array = NDArray[np.float64]


class Arranged(NamedTuple):
    """Differences between the two sides of one person: as it was, and of every arrangement."""

    seen: float
    every: Array


def arranged(values: Array, weights: Array) -> Arranged | None:
    """Exchange the sessions of one person in every way.

    Parameters
    ----------
    values : (S,) array
        By condition.
    weights : (S,) array
        Of the conditions, alike on each side; those of weight 0 are left alone.

    Returns
    -------
    Arranged or None
        None where weights are uneven or a session has no value.
    """
    sides = [np.flatnonzero(sign * weights > 0) for sign in (-1, 1)]
    equal = all(len(set(np.round(weights[side], 12))) == 1 for side in sides if len(side))
    used = np.concatenate(sides)
    if not equal or not all(map(len, sides)) or not np.isfinite(values[used]).all():
        return None
    own, k, n = values[used], len(sides[1]), len(used)
    chosen = np.array([own[list(c)].sum() for c in combinations(range(n), k)])
    seen = own[len(sides[0]) :].mean() - own[: len(sides[0])].mean()
    return Arranged(float(seen), chosen / k - (own.sum() - chosen) / (n - k))


def p_of_one(one: Arranged | None) -> float:
    """Return the exact two-sided p of one person; NaN where there are too few arrangements."""
    if one is None or len(one.every) < FEWEST:
        return math.nan
    return _share(one.every, one.seen)


def p_together(people: Sequence[Arranged | None], *, seed: int) -> float:
    """Return the p of the mean difference of these people, sessions exchanged within each.

    Exact where the arrangements of all are few; a statement on these people, not on others.

    Parameters
    ----------
    people : sequence of Arranged or None
        Those without are left out.
    seed : int
    """
    known = [one for one in people if one is not None and len(one.every) > 2]
    total = math.prod(len(one.every) for one in known)
    if not known or total < FEWEST:
        return math.nan
    seen = sum(one.seen for one in known)
    if total <= MOST:
        every = np.zeros(1)
        for one in known:
            every = (every[:, None] + one.every).ravel()
        return _share(every, seen)
    rng = np.random.default_rng(seed)
    drawn = sum(rng.choice(one.every, DRAWS) for one in known)
    return _share(np.append(drawn, seen), seen)


def _share(every: Array, seen: float) -> float:
    """Return the share of differences that are as far from 0; what rounding parts is alike."""
    return float(np.mean(np.abs(every) >= abs(seen) * (1 - 1e-8)))
