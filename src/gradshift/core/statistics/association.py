"""Test whether changes go with a number of the people, by permuting it among them.

The delay of the second scan, days since the dose, a rating: if it makes no difference, it could
as well have belonged to another person. Days are given to it as ranks: whether a change grows
evenly over eight of them, or is over after one, nobody knows beforehand. Groups are compared by
`gradshift.core.statistics.groups`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from gradshift.core.inference import resampling, tails
from gradshift.core.inference.resampling import PATTERNS, Resampled, Scheme
from gradshift.core.inference.statistic import Statistic

MAX_EXACT = 65_536
"""Up to this many arrangements all are used."""


def association(
    values: NDArray[np.float64],
    predictor: NDArray[np.float64],
    *,
    ranked: bool = False,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Resampled:
    """Test whether each column goes with a predictor, two-sided, with family-wise correction.

    Parameters
    ----------
    values : (n, m) array
        People x columns of one family, such as changes; NaN where a person has no value.
    predictor : (n,) array
        One number for each person; NaN: left out.
    ranked : bool
        Correlate ranks (Spearman), those of the people with a value in the column.
    n_permutations : int
        Random permutations when there are too many arrangements for all of them.
    seed : int
        Of the random permutations. They belong to rows: sort people.

    Returns
    -------
    Resampled
        Columns with fewer than three people, or people who all have the same predictor, are
        NaN.

    Raises
    ------
    ValueError
        If the sizes differ, or for what `gradshift.core.inference.resampling.check` refuses.

    References
    ----------
    Winkler et al. (2014), NeuroImage 92:381.
    """
    return resampling.largest_t(
        permuted(values, predictor, ranked=ranked, n_permutations=n_permutations, seed=seed)
    )


def permuted(
    values: NDArray[np.float64],
    predictor: NDArray[np.float64],
    *,
    ranked: bool = False,
    n_permutations: int = 10_000,
    seed: int = 0,
    max_exact: int = MAX_EXACT,
) -> Scheme:
    """Prepare the test of `association`.

    Parameters
    ----------
    values, predictor, ranked, n_permutations, seed
        As in `association`.
    max_exact : int
        Up to this many arrangements all are used.
    """
    resampling.check(values, n_permutations)
    if predictor.shape != (len(values),):
        raise ValueError(f"{len(values)} people need as many numbers, got {predictor.shape}.")
    people = np.isfinite(predictor) & ~np.isnan(values).all(axis=1)
    values, x = values[people], predictor[people]
    present = ~np.isnan(values)
    n = present.sum(axis=0)
    varied = np.array([len(set(x[column])) > 1 for column in present.T], dtype=bool)
    columns = np.flatnonzero((n >= 3) & varied)
    columns = columns[np.argsort(n[columns], kind="stable")]
    kind = _RankCorrelations if ranked else _Correlations
    project = kind.of(values[:, columns])
    observed = project(unit(x[:, None]).T, slice(None))[0]
    t, p_min = np.full((2, len(n)), np.nan)
    t[columns] = tails.t_of_s(observed, n[columns] - 2)
    own = [x[present[:, column]] for column in columns]
    p_min[columns] = [smallest_p(rankdata(one) if ranked else one) for one in own]
    number = n_arrangements(x)
    exact = number <= max_exact
    return Scheme(
        n=n,
        t=t,
        p_min=p_min,
        columns=columns,
        df=n[columns] - 2,
        observed=observed,
        project=project,
        patterns=partial(_units, x, None if exact else n_permutations, seed),
        n_patterns=number if exact else n_permutations,
        n_permutations=number if exact else n_permutations,
        exact=exact,
        rounding=16 * len(x) * np.finfo(np.float64).eps,
    )


def smallest_p(predictor: NDArray[np.float64]) -> float:
    """Give the smallest two-sided p that permuting a predictor can reach.

    Parameters
    ----------
    predictor : (n,) array

    Returns
    -------
    float
        1 over the number of different arrangements, twice that if the mirror image of the
        predictor is one of them: both then have the same |t|.
    """
    ordered = np.sort(predictor - (predictor.min() + predictor.max()) / 2)
    mirrored = np.allclose(ordered, -ordered[::-1], rtol=0, atol=1e-12 * np.ptp(ordered))
    return min(1.0, (2 if mirrored else 1) / _count(predictor))


def _count(predictor: NDArray[np.float64]) -> int:
    """Count the different arrangements of a predictor."""
    _, sizes = np.unique(predictor, return_counts=True)
    return math.factorial(len(predictor)) // math.prod(math.factorial(int(k)) for k in sizes)


def unit(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre columns and give them length 1; NaN becomes 0, and so does a constant column."""
    present = ~np.isnan(columns)
    n = present.sum(axis=0)
    plain = np.where(present, columns, 0.0)
    centred = np.where(present, plain - plain.sum(axis=0) / np.maximum(n, 1), 0.0)
    size = np.abs(centred).max(axis=0, initial=0.0)
    constant = size <= 1e-13 * np.abs(plain).max(axis=0, initial=0.0)
    centred = np.where(constant, 0.0, centred / np.where(constant, 1.0, size))
    length = np.sqrt((centred**2).sum(axis=0))
    scaled: NDArray[np.float64] = centred / np.where(length > 0, length, 1.0)
    return scaled


@dataclass(frozen=True)
class _Correlations:
    """Gives s of arrangements: their correlation with columns over those present.

    Parameters
    ----------
    scaled : (n, k) array
        Columns of mean 0 and length 1; 0 where missing.
    present : (n, k) array, optional
        1 where there is a value; not given if there is one everywhere.
    """

    scaled: NDArray[np.float64]
    present: NDArray[np.float64] | None

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "_Correlations":
        present = ~np.isnan(values)
        return cls(unit(values), None if present.all() else present.astype(np.float64))

    def __call__(self, x: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        cross: NDArray[np.float64] = x @ self.scaled[:, part]
        if self.present is None:
            return cross
        mask = self.present[:, part]
        spread = x**2 @ mask - (x @ mask) ** 2 / mask.sum(axis=0)
        r: NDArray[np.float64] = cross / np.sqrt(np.where(spread > 1e-12, spread, np.inf))
        return r


@dataclass(frozen=True)
class _RankCorrelations:
    """Gives s of arrangements: the correlation of their ranks with those of columns.

    Parameters
    ----------
    n_columns : int
    kinds : tuple of ((c,) array of int, (p,) array of int, (p, c) array)
        Columns that the same people have a value in, these people, and the ranks of their
        values, of mean 0 and length 1.
    """

    n_columns: int
    kinds: tuple[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]], ...]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "_RankCorrelations":
        patterns, kind_of = np.unique(np.isnan(values), axis=1, return_inverse=True)
        kinds = []
        for i, missing in enumerate(patterns.T):
            columns, people = np.flatnonzero(kind_of.ravel() == i), np.flatnonzero(~missing)
            ranks = rankdata(values[np.ix_(people, columns)], axis=0)
            kinds.append((columns, people, unit(ranks)))
        return cls(values.shape[1], tuple(kinds))

    def __call__(self, x: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        start, stop, _ = part.indices(self.n_columns)
        rho = np.zeros((len(x), stop - start))
        for columns, people, ranks in self.kinds:
            here = (columns >= start) & (columns < stop)
            own = unit(rankdata(x[:, people], axis=1).T).T
            rho[:, columns[here] - start] = own @ ranks[:, here]
        return rho


def n_arrangements(x: NDArray[np.float64]) -> int:
    """Count the arrangements of x: of two values the different ones, else all orders."""
    return _count(x) if len(np.unique(x)) == 2 else math.factorial(len(x))


def arrangements(
    x: NDArray[np.float64], n_permutations: int | None, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of arrangements of x: all, or random ones.

    Parameters
    ----------
    x : (n,) array
    n_permutations : int or None
        None: all, see `n_arrangements`.
    seed : int
        Of the random ones; the size of a block changes none.

    Yields
    ------
    (b, n) array
    """
    values = np.unique(x)
    if n_permutations is not None:
        return _random(x, n_permutations, seed)
    if len(values) == 2:
        return _blocks(_labels(x, values))
    return _blocks(permutations(x.tolist()))


def _units(
    x: NDArray[np.float64], n_permutations: int | None, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield arrangements of x, centred and of length 1."""
    return (unit(block.T).T for block in arrangements(x, n_permutations, seed))


def _labels(x: NDArray[np.float64], values: NDArray[np.float64]) -> Iterator[list[float]]:
    """Yield every way to deal two values to people."""
    low, high = values.tolist()
    for chosen in combinations(range(len(x)), int((x == high).sum())):
        row = [low] * len(x)
        for person in chosen:
            row[person] = high
        yield row


def _blocks(
    rows: Iterator[list[float]] | Iterator[tuple[float, ...]],
) -> Iterator[NDArray[np.float64]]:
    while block := list(islice(rows, PATTERNS)):
        yield np.array(block, dtype=np.float64)


def _random(
    x: NDArray[np.float64], n_permutations: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield random permutations in blocks; the size of a block changes none."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_permutations, PATTERNS):
        size = min(PATTERNS, n_permutations - start)
        yield x[np.argsort(rng.random((size, len(x))), axis=1)]


STATISTIC = Statistic(
    name="association",
    formula=(
        r"t = \rho \sqrt{(n - 2) / (1 - \rho^2)}, \quad p = \operatorname{mean}_{\pi} "
        r"\left[ |t_\pi| \ge |t| \right], \; \pi \text{ permutations of } x \text{ over people}"
    ),
    high="p near 1: most permutations give as much",
    low="p near 0: hardly a permutation gives as much",
    methods=(
        "Whether changes went with a number such as days since the dose (Spearman's rank "
        "correlation) was tested two-sided by permuting it among people: all arrangements where "
        f"there are no more than {MAX_EXACT}, random ones including the observed one otherwise, "
        "with family-wise correction by the largest |t|."
    ),
    cite=("Winkler2014", "Phipson2010"),
    caveat=(
        "Unless people were assigned to it at random, what goes with a number has other "
        "explanations."
    ),
)
