"""Test several sessions of the same people by permuting sessions within each person.

If the drug did nothing, the sessions of a person could have come in any order. Levels of people
are taken out first: t is that of a regression with an intercept for each person.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice, permutations, product

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import resampling
from gradshift.core.inference.resampling import PATTERNS, Resampled, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.signflip import Sums

MAX_EXACT = 65_536
"""Up to this many orders, those of all people together, all are used."""


def within_people(
    values: NDArray[np.float64],
    predictor: NDArray[np.float64],
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> tuple[Resampled, NDArray[np.float64]]:
    """Test whether values go with a predictor over the sessions of people, two-sided.

    Parameters
    ----------
    values : (n, S, m) array
        People x sessions x columns of one family; NaN where there is none.
    predictor : (n, S) array
        One number for each session, such as 0 before and 1 after the drug, or days; NaN for
        sessions that a person does not have, or that do not count.
    n_permutations : int
        Random permutations when there are too many for all of them.
    seed : int
        Of the random permutations. They belong to rows: sort people.

    Returns
    -------
    test : Resampled
        A person counts in a column with a value in every one of the own sessions, two or more.
    slope : (m,) array
        Change of the value per unit of the predictor, within people.

    References
    ----------
    Winkler et al. (2015), NeuroImage 123:253, for exchangeability within blocks.
    """
    n_people, n_sessions, n_columns = values.shape
    resampling.check(values.reshape(n_people * n_sessions, n_columns), n_permutations)
    counts: NDArray[np.bool_] = np.isfinite(predictor)
    x = _demeaned(np.where(counts, predictor, np.nan)[:, :, None])[:, :, 0]
    absent: NDArray[np.bool_] = np.isnan(values) & counts[:, :, None]
    complete = ~absent.any(axis=1) & (np.abs(x).sum(axis=1) > 0)[:, None]
    y = _demeaned(np.where(counts[:, :, None] & complete[:, None], values, np.nan))
    n = complete.sum(axis=0)
    spread = ((x**2).sum(axis=1)[:, None] * complete).sum(axis=0)
    df = (counts.sum(axis=1)[:, None] * complete).sum(axis=0) - n - 1
    columns = np.flatnonzero((df >= 1) & (spread > 0))
    columns = columns[np.argsort(df[columns], kind="stable")]
    flat = y.reshape(n_people * n_sessions, n_columns)[:, columns]
    length = np.sqrt((flat**2).sum(axis=0))
    scaled = flat / np.where(length > 0, length * np.sqrt(spread[columns]), 1.0)
    scaled *= length > 1e-13 * np.nan_to_num(np.abs(values)).max(axis=(0, 1), initial=0)[columns]
    observed = np.clip(x.ravel() @ scaled, -1, 1)

    t, p_min, slope = np.full((3, n_columns), np.nan)
    t[columns] = resampling.t_of_s(observed, df[columns])
    slope[columns] = (x.ravel() @ flat) / spread[columns]
    p_min[columns] = [_smallest_p(x[complete[:, column]], counts[complete[:, column]])
                      for column in columns]  # fmt: skip
    number = math.prod(math.factorial(int(k)) for k in counts.sum(axis=1))
    exact = number <= MAX_EXACT
    scheme = Scheme(
        n=n,
        t=t,
        p_min=p_min,
        columns=columns,
        df=df[columns],
        observed=observed,
        project=Sums(scaled),
        patterns=partial(_all, x, counts)
        if exact
        else partial(_random, x, counts, n_permutations, seed),
        n_patterns=number if exact else n_permutations,
        n_permutations=number if exact else n_permutations,
        exact=exact,
        rounding=32 * x.size * np.finfo(np.float64).eps,
    )
    return resampling.largest_t(scheme), slope


def _demeaned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean of each person out of (n, S, m) values; NaN becomes 0."""
    there = ~np.isnan(values)
    plain = np.where(there, values, 0.0)
    mean = plain.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.where(there, plain - mean[:, None], 0.0)


def _all(x: NDArray[np.float64], counts: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """Yield every arrangement of x within people, (b, n S), in blocks."""
    orders = product(
        *(permutations(row[own].tolist()) for row, own in zip(x, counts, strict=True))
    )
    return _blocks(_placed(x, counts, chosen) for chosen in orders)


def _placed(
    x: NDArray[np.float64], counts: NDArray[np.bool_], chosen: Sequence[tuple[float, ...]]
) -> NDArray[np.float64]:
    row = np.zeros(x.shape)
    row[counts] = [value for person in chosen for value in person]
    return row.ravel()


def _blocks(rows: Iterator[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    while block := list(islice(rows, PATTERNS)):
        yield np.array(block)


def _random(
    x: NDArray[np.float64], counts: NDArray[np.bool_], n_permutations: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield random arrangements in blocks; sessions that do not count stay last."""
    rng = np.random.default_rng(seed)
    last = np.argsort(~counts, axis=1, kind="stable")
    packed = np.take_along_axis(x, last, axis=1)
    there = np.take_along_axis(counts, last, axis=1)
    for start in range(0, n_permutations, PATTERNS):
        size = min(PATTERNS, n_permutations - start)
        order = np.argsort(np.where(there, rng.random((size, *x.shape)), 2.0), axis=2)
        drawn = np.take_along_axis(np.broadcast_to(packed, order.shape), order, axis=2)
        found = np.empty_like(drawn)
        np.put_along_axis(found, np.broadcast_to(last, order.shape), drawn, axis=2)
        yield found.reshape(size, -1)


def _smallest_p(x: NDArray[np.float64], counts: NDArray[np.bool_]) -> float:
    """Give the smallest p: mirrored orders have the same |t| if each person has them."""
    different, mirrored = 1, True
    for row, own in zip(x, counts, strict=True):
        ordered = np.sort(row[own])
        _, sizes = np.unique(ordered, return_counts=True)
        different *= math.factorial(len(ordered)) // math.prod(map(math.factorial, sizes.tolist()))
        mirrored &= np.allclose(ordered, -ordered[::-1], rtol=0, atol=1e-9)
    return min(1.0, (2 if mirrored else 1) / different)


STATISTIC = Statistic(
    name="within",
    formula=(
        r"t \text{ of } y_{is} = \mu_i + \beta x_{is}, \quad p = \operatorname{mean}_{\pi} "
        r"\left[ |t_\pi| \ge |t| \right], \; \pi \text{ the orders of sessions within people}"
    ),
    high="p near 1: most orders give as much",
    low="p near 0: hardly an order gives as much",
    methods=(
        "Three or more sessions of the same people were compared by permuting sessions within "
        "each person: t is that of a regression with an intercept for each person, and the "
        "largest |t| of a family corrects for its tests."
    ),
    cite=("Winkler2014", "Winkler2015"),
    caveat=(
        "Sessions of a person must be exchangeable without the drug: practice, season or drift "
        "of the scanner are taken for it."
    ),
)
