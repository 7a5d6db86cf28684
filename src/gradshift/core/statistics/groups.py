"""Test whether changes differ between two groups, by permuting who belongs to which.

The statistic is Welch's t, which lets the groups differ in spread, on the scale of a normal
score: its degrees of freedom change with every arrangement of unequal groups, and t of different
degrees of freedom cannot be compared with each other, normal scores can.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference import resampling, tails
from gradshift.core.inference.resampling import Resampled, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.association import (
    MAX_EXACT,
    arrangements,
    n_arrangements,
    smallest_p,
)

HIGHEST = 38.0
"""A larger normal score counts as this: its p is smaller than a computer can write."""

NOTHING = 1e-13
"""A smaller share of the variance is rounding."""

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Welch:
    """Welch's comparison of two groups; shapes as the variances it is made from.

    Parameters
    ----------
    t : array
        0 if the groups do not differ, infinite if nobody differs within them.
    se : array
        Standard error of the difference.
    df : array
        Degrees of freedom after Satterthwaite; NaN if nobody differs within groups.
    """

    t: Array
    se: Array
    df: Array

    @property
    def score(self) -> Array:
        """Normal scores with the p of t, and its sign."""
        with np.errstate(invalid="ignore"):
            z = -special.ndtri(special.stdtr(self.df, -np.abs(self.t)))
        z = np.where(np.isinf(self.t), HIGHEST, np.where(self.t == 0, 0.0, z))
        score: Array = np.sign(self.t) * np.minimum(z, HIGHEST)
        return score


def welch(difference: Array, parts: tuple[Array, Array], df: tuple[Array, Array]) -> Welch:
    """Compare a difference with its standard error.

    Parameters
    ----------
    difference : array
    parts : pair of array
        What either group adds to the variance of the difference, such as ``s^2 / n``.
    df : pair of array
        Degrees of freedom of either, such as ``n - 1``.

    References
    ----------
    Welch (1947), Biometrika 34:28. Satterthwaite (1946), Biometrics Bull 2:110.
    """
    variance = parts[0] + parts[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0, 0.0, difference / np.sqrt(variance))
        satterthwaite = variance**2 / (parts[0] ** 2 / df[0] + parts[1] ** 2 / df[1])
    return Welch(t=t, se=np.sqrt(variance), df=satterthwaite)


def compare_labels(
    values: Array, group: Array, *, n_permutations: int = 10_000, seed: int = 0
) -> Resampled:
    """Test whether each column differs between two groups, two-sided, corrected for all columns.

    Parameters
    ----------
    values : (n, m) array
        People x columns of one family, such as changes; NaN where a person has no value.
    group : (n,) array
        1 for the group that is held against the other, 0 for the other; NaN: neither.
    n_permutations : int
        Random arrangements of labels when there are more than
        `gradshift.core.statistics.association.MAX_EXACT`.
    seed : int
        Of the random arrangements. They belong to rows: sort people.

    Returns
    -------
    Resampled
        `t` is Welch's; columns with fewer than two people in a group are NaN.

    Raises
    ------
    ValueError
        If the sizes differ, for codes other than 0 and 1, or for what
        `gradshift.core.inference.resampling.check` refuses.
    """
    return resampling.largest_t(labelled(values, group, n_permutations=n_permutations, seed=seed))


def labelled(
    values: Array,
    group: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
    max_exact: int = MAX_EXACT,
) -> Scheme:
    """Prepare the test of `compare_labels`.

    Parameters
    ----------
    values, group, n_permutations, seed
        As in `compare_labels`.
    max_exact : int
        Up to this many arrangements all are used.
    """
    check_groups(values, group, n_permutations)
    some = np.isfinite(group) & ~np.isnan(values).all(axis=1)
    values, group = values[some], group[some]
    present = ~np.isnan(values)
    n1 = (present & (group == 1)[:, None]).sum(axis=0)
    n0 = (present & (group == 0)[:, None]).sum(axis=0)
    few = np.minimum(n0, n1) < 2
    # whether a column belongs to the family must not hang on the labels, which are permuted
    some_deal = bool((group == 0).sum() >= 2) and bool((group == 1).sum() >= 2)
    columns = np.flatnonzero((n0 + n1 >= 4) & some_deal)
    project = _Scores.of(values[:, columns])
    t, p_min = np.full((2, values.shape[1]), np.nan)
    p_min[columns] = _smallest(group, present[:, columns])
    p_min[few] = np.nan
    number = n_arrangements(group)
    exact = number <= max_exact
    if len(columns):
        t[columns] = project.welch(group[None], slice(None)).t[0]
        t[few] = np.nan
    n_patterns = number if exact else n_permutations
    return Scheme(
        n=n0 + n1,
        t=t,
        p_min=p_min,
        columns=columns,
        df=np.ones(len(columns), dtype=np.intp),
        observed=project(group[None], slice(None))[0],
        project=project,
        patterns=partial(arrangements, group, None if exact else n_permutations, seed),
        n_patterns=n_patterns,
        n_permutations=n_patterns,
        exact=exact,
        rounding=1e-12,
        scores=True,
    )


def check_groups(values: Array, group: Array, n_permutations: int) -> None:
    """Refuse groups that cannot be compared; see `compare_labels`."""
    resampling.check(values, n_permutations)
    if group.shape != (len(values),):
        raise ValueError(f"{len(values)} people need as many groups, got {group.shape}.")
    if other := set(group[np.isfinite(group)].tolist()) - {0.0, 1.0}:
        raise ValueError(f"Groups are coded 0 and 1, got {sorted(other)}.")


def _smallest(group: Array, present: NDArray[np.bool_]) -> list[float]:
    """Return the smallest p of each column; most columns have the same people."""
    known: dict[bytes, float] = {}
    smallest = []
    for column in present.T:
        key = column.tobytes()
        if key not in known:
            known[key] = smallest_p(group[column])
        smallest.append(known[key])
    return smallest


@dataclass(frozen=True)
class _Scores:
    """Gives s of labels: the normal score of Welch's t, see `Scheme.scores`.

    Parameters
    ----------
    values : (n, k) array
        Columns of mean 0 and largest size 1; 0 where missing.
    present : (n, k) array, optional
        1 where there is a value; not given if there is one everywhere.
    """

    values: Array
    present: Array | None

    @classmethod
    def of(cls, values: Array) -> "_Scores":
        present = ~np.isnan(values)
        plain = np.where(present, values, 0.0)
        centred = plain - plain.sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        centred = np.where(present, centred, 0.0)
        size = np.abs(centred).max(axis=0, initial=0.0)
        constant = size <= NOTHING * np.abs(plain).max(axis=0, initial=0.0)
        scaled = np.where(constant, 0.0, centred / np.where(constant, 1.0, size))
        return cls(scaled, None if present.all() else present.astype(np.float64))

    def welch(self, labels: Array, part: slice) -> Welch:
        """Compare the groups that (b, n) labels make, column by column."""
        y = self.values[:, part]
        squares = y**2
        total = squares.sum(axis=0)
        sums = labels @ y
        powers = labels @ squares
        if self.present is None:
            n1 = labels.sum(axis=1)[:, None]
            n0 = labels.shape[1] - n1
        else:
            n1 = labels @ self.present[:, part]
            n0 = self.present[:, part].sum(axis=0) - n1
        one, other = _mean(sums, n1), _mean(y.sum(axis=0) - sums, n0)
        few = np.minimum(n0, n1) < 2
        difference = np.where(few, 0.0, one - other)
        difference[np.abs(difference) <= NOTHING] = 0.0
        spread = tuple(
            np.where(rest <= NOTHING * total, 0.0, rest) / np.maximum(n - 1, 1) / np.maximum(n, 1)
            for rest, n in (
                (total - powers - n0 * other**2, n0),
                (powers - n1 * one**2, n1),
            )
        )
        return welch(
            difference, (spread[0], spread[1]), (np.maximum(n0 - 1, 1), np.maximum(n1 - 1, 1))
        )

    def __call__(self, labels: Array, part: slice) -> Array:
        if not self.values[:, part].size:
            return np.zeros((len(labels), self.values[:, part].shape[1]))
        return tails.s_of_t(self.welch(labels, part).score, 1)


def _mean(sums: Array, n: Array) -> Array:
    mean: Array = sums / np.maximum(n, 1)
    return mean


STATISTIC = Statistic(
    name="groups",
    formula=(
        r"t = \frac{\bar{\Delta}_1 - \bar{\Delta}_0}{\sqrt{s_1^2 / n_1 + s_0^2 / n_0}}, \quad "
        r"z = \operatorname{sign}(t) \, \Phi^{-1}\!\left( 1 - \tfrac{1}{2} p_\nu(t) \right), "
        r"\\ p = \operatorname{mean}_{\pi} \left[ |z_\pi| \ge |z| \right], \; "
        r"\pi \text{ the ways to deal the labels to people}"
    ),
    high="p near 1: most ways to deal the labels give as much",
    low="p near 0: hardly a way to deal the labels gives as much",
    methods=(
        "Changes were compared between groups by Welch's t on the scale of its normal score (by "
        "its Satterthwaite degrees of freedom), two-sided, permuting the labels of people: all "
        f"arrangements where there are no more than {MAX_EXACT}, random ones including the "
        "observed one otherwise, with family-wise correction by the largest score."
    ),
    cite=("Welch1947", "Janssen1997", "Winkler2014", "Phipson2010"),
    caveat=(
        "Exact where people were assigned at random. Where groups differ in spread, permutations "
        "err more often than they should, which is why a declared difference is also held against "
        "the own spreads of the groups; two people cannot tell the spread of a group. Unless "
        "people were assigned at random, a difference has other explanations."
    ),
)
