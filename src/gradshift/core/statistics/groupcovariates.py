"""Compare two groups with covariates held constant: Freedman and Lane, and Welch's t."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import tails
from gradshift.core.inference.resampling import PATTERNS, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.association import MAX_EXACT, smallest_p
from gradshift.core.statistics.covariates import (
    NO_SPREAD,
    PEOPLE_PER_COVARIATE,
    Adjusted,
    kinds_of,
    orthonormal,
    vary,
    with_covariates,
)
from gradshift.core.statistics.groups import Welch, check_groups, welch
from gradshift.core.statistics.signtest import skewness_of

LEAST_DF = 0.5
"""Degrees of freedom that a group must keep for a variance of its own."""

WORST = 1e6
"""Condition number above which the variances of two groups cannot be told apart."""

Array = NDArray[np.float64]


def adjusted_groups(
    values: Array,
    group: Array,
    covariates: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Adjusted:
    """Prepare the test whether the adjusted means of two groups differ, two-sided.

    Residuals of the model with covariates only are permuted, and the whole model is fitted
    again. Each group keeps a residual variance of its own: with the weights w that make the
    adjusted difference of the values, its variance is ``sum_g s_g^2 sum_(i in g) w_i^2``. The
    ``s_g^2`` are free of bias whatever the spread of the other group, which covariates mix into
    the residuals of this one (MINQUE): with M, which makes the residuals, they solve ``sum_h s_h^2
    sum_(i in g, j in h) M_ij^2 = sum_(i in g) e_i^2``; none is below 0. Their degrees of freedom
    are the people of the group less their leverage, those of t follow after Satterthwaite, and t
    is compared by its normal score. Without covariates this is the test of
    `gradshift.core.statistics.groups`.

    Parameters
    ----------
    values : (n, m) array
        People x columns of one family, such as changes; NaN where a person has no value.
    group : (n,) array
        As in `gradshift.core.statistics.groups.compare_labels`.
    covariates : (n, k) array
        One column each; people without them are left out.
    n_permutations, seed : int
        Random orders of people where there are too many for all of them.

    Raises
    ------
    ValueError
        If the sizes differ, or for what `gradshift.core.inference.resampling.check` refuses.

    Notes
    -----
    No p is given that is smaller than permuting the labels alone can give.

    References
    ----------
    Rao (1970), J Am Stat Assoc 65:161 (variances free of bias).
    """
    check_groups(values, group, n_permutations)
    some = with_covariates(values, covariates) & np.isfinite(group)
    values, group, covariates = values[some], group[some], covariates[some]
    fits = fits_of(values, group, covariates)
    n = (~np.isnan(values)).sum(axis=0)
    least = PEOPLE_PER_COVARIATE * covariates.shape[1]
    reasons = _reasons(fits, n, least)
    columns = np.flatnonzero([not reason for reason in reasons])
    return _adjusted(fits, group, n, columns, reasons, _orders(len(values), n_permutations, seed))


@dataclass(frozen=True)
class Fit:
    """The model of the columns that the same people have a value in.

    Parameters
    ----------
    columns : (c,) array of int
    people : (p,) array of int
    ones : (p,) array of bool
        Who is in group 1.
    weights : (p,) array
        They make the adjusted difference of the values.
    leaves : (p, p) array
        It makes the residuals of the whole model of the values.
    unmix : (2, 2) array
        It makes the residual variances of group 0 and 1 of their sums of squares.
    df : pair of float
        Degrees of freedom of these variances.
    n_columns : int
        Columns of the model.
    rest : (p, c) array
        Values without what covariates explain, at most 1.
    size : (c,) array
        Their size before.
    problem : str
        Why nothing can be tested; else empty.
    """

    columns: NDArray[np.intp]
    people: NDArray[np.intp]
    ones: NDArray[np.bool_]
    weights: Array
    leaves: Array
    unmix: Array
    df: tuple[float, float]
    n_columns: int
    rest: Array
    size: Array
    problem: str

    @property
    def groups(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Who is in group 0 and who in group 1."""
        return ~self.ones, self.ones

    def variances(self, left: Array) -> Array:
        """Return the (2, ..., c) residual variances of both groups from (..., p, c) residuals."""
        squares = np.stack([(left[..., members, :] ** 2).sum(axis=-2) for members in self.groups])
        squares[squares <= 1e-24 * len(self.ones)] = 0.0
        return np.maximum(np.tensordot(self.unmix, squares, axes=1), 0.0)

    def welch(self, shuffled: Array) -> tuple[Welch, Array, Array]:
        """Fit the model to (..., p, c) residuals; also return differences and residuals."""
        difference = np.einsum("p,...pc->...c", self.weights, shuffled)
        left = self.leaves @ shuffled
        variance = self.variances(left)
        parts = [
            own * (self.weights[members] ** 2).sum()
            for own, members in zip(variance, self.groups, strict=True)
        ]
        difference = np.where(np.abs(difference) <= 1e-13, 0.0, difference)
        own = (np.asarray(self.df[0]), np.asarray(self.df[1]))
        return welch(difference, (parts[0], parts[1]), own), difference, left


def fits_of(values: Array, group: Array, covariates: Array) -> list[Fit]:
    """Fit the model of the columns of each kind: of those that the same people have a value in.

    Parameters
    ----------
    values : (n, m) array
        NaN where a person has no value.
    group : (n,) array
        0 or 1.
    covariates : (n, k) array
        Without NaN; of no column: groups are compared as they are.
    """
    return [
        _fit(values, group[people], covariates[people], columns, people)
        for columns, people in kinds_of(values)
    ]


def _fit(
    values: Array,
    group: Array,
    covariates: Array,
    columns: NDArray[np.intp],
    people: NDArray[np.intp],
) -> Fit:
    """Fit the model of some people to their columns."""
    n, ones = len(people), group == 1
    y = values[np.ix_(people, columns)]
    testable = vary(np.column_stack([covariates, group]))
    held = np.column_stack([np.ones(n), covariates]) if testable else np.ones((n, 1))
    basis = orthonormal(held)
    free = group - basis @ (basis.T @ group)
    spread = max(float(free @ free), 1e-300)
    hat = basis @ basis.T + np.outer(free, free) / spread
    leverage = np.diagonal(hat)
    df = tuple(float((1 - leverage[members]).sum()) for members in (~ones, ones))
    leaves = np.eye(n) - hat
    mixed = _mixed(leaves, ones)
    size = np.maximum(np.abs(y - y.mean(axis=0)).max(axis=0), 1e-300)
    rest = (y - y.mean(axis=0)) / size
    rest = rest - basis @ (basis.T @ rest)
    problem = "" if testable else NO_SPREAD
    if not problem and (min(df) < LEAST_DF or np.linalg.cond(mixed) > WORST):
        problem = "too few people in a group for its covariates"
    return Fit(
        columns,
        people,
        ones,
        free / spread,
        leaves,
        np.asarray(np.eye(2) if problem else np.linalg.inv(mixed), dtype=np.float64),
        (max(df[0], 1e-9), max(df[1], 1e-9)),
        held.shape[1] + 1,
        rest,
        size,
        problem,
    )


def _mixed(leaves: Array, ones: NDArray[np.bool_]) -> Array:
    """Return the (2, 2) share of each group's variance in the squared residuals of either."""
    groups = (~ones, ones)
    return np.array([[(leaves[np.ix_(a, b)] ** 2).sum() for b in groups] for a in groups])


def _reasons(fits: list[Fit], n: NDArray[np.intp], least: int) -> tuple[str, ...]:
    """Say why columns are not tested; empty if they are."""
    reasons = [f"{few} people with a value and all covariates, {least} needed" for few in n]
    for fit in fits:
        if len(fit.people) >= least:
            for column in fit.columns:
                reasons[column] = fit.problem
    return tuple(reasons)


@dataclass(frozen=True)
class _Orders:
    """The orders of people that residuals are put in."""

    n_people: int
    number: int
    exact: bool
    seed: int

    def __call__(self) -> Iterator[NDArray[np.intp]]:
        if self.exact:
            every = permutations(range(self.n_people))
            while block := list(islice(every, PATTERNS)):
                yield np.array(block)
            return
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.number, PATTERNS):
            size = min(PATTERNS, self.number - start)
            yield np.argsort(rng.random((size, self.n_people)), axis=1)


def _orders(n_people: int, n_permutations: int, seed: int) -> _Orders:
    exact = math.factorial(n_people) <= MAX_EXACT
    return _Orders(n_people, math.factorial(n_people) if exact else n_permutations, exact, seed)


def _adjusted(
    fits: list[Fit],
    group: Array,
    n: NDArray[np.intp],
    columns: NDArray[np.intp],
    reasons: tuple[str, ...],
    orders: _Orders,
) -> Adjusted:
    """Put scheme and fit together."""
    t, effect, sd, se, spread, df_t, skewness, p_min = np.full((8, len(n)), np.nan)
    df = np.zeros(len(n), dtype=np.intp)
    for fit in fits:
        own = fit.columns
        if fit.problem:
            continue
        welch, difference, left = fit.welch(fit.rest)
        t[own], se[own], df_t[own] = welch.t, welch.se * fit.size, welch.df
        effect[own] = difference * fit.size
        df[own] = len(fit.people) - fit.n_columns
        with np.errstate(divide="ignore", invalid="ignore"):
            sd[own] = np.sqrt((left**2).sum(axis=0) / df[own]) * fit.size
        spread[own] = 1 / (fit.weights**2).sum()
        skewness[own] = skewness_of(left, len(fit.people))
        p_min[own] = smallest_p(group[fit.people])
    untested = np.array([bool(reason) for reason in reasons], dtype=bool)
    t[untested] = p_min[untested] = np.nan
    project = _Refits(tuple(fits), columns)
    observed = project(np.arange(orders.n_people)[None], slice(None))[0]
    scheme = Scheme(
        n=n,
        t=t,
        p_min=p_min,
        columns=columns,
        df=np.ones(len(columns), dtype=np.intp),
        observed=observed,
        project=project,
        patterns=orders,
        n_patterns=orders.number,
        n_permutations=orders.number,
        exact=orders.exact,
        rounding=1e-11,
        scores=True,
    )
    return Adjusted(
        scheme=scheme,
        effect=effect,
        sd=sd,
        se=se,
        spread=spread,
        df=df,
        df_t=df_t,
        skewness=skewness,
        reasons=reasons,
    )


@dataclass(frozen=True)
class _Refits:
    """Gives s of permuted residuals, the whole model fitted to each order.

    Parameters
    ----------
    fits : tuple of Fit
        Columns by the people who have a value.
    order : (k,) array of int
        The columns that are tested.
    """

    fits: tuple[Fit, ...]
    order: NDArray[np.intp]

    def __call__(self, orders: NDArray[np.intp], part: slice) -> Array:
        wanted = self.order[part]
        t = np.zeros((len(orders), len(wanted)))
        for fit in self.fits:
            here = np.flatnonzero(np.isin(wanted, fit.columns))
            if len(here):
                rest = fit.rest[:, np.searchsorted(fit.columns, wanted[here])]
                own = np.argsort(np.argsort(orders[:, fit.people], axis=1), axis=1)
                t[:, here] = fit.welch(rest[own])[0].score
        return tails.s_of_t(t, 1)


STATISTIC = Statistic(
    name="groupcovariates",
    formula=(
        r"\Delta = \mu + X \beta + \gamma g + \varepsilon, \quad t = \frac{\hat\gamma}"
        r"{\sqrt{\sum_g s_g^2 \sum_{i \in g} w_i^2}}, \; \hat\gamma = \sum_i w_i \Delta_i, \\ "
        r"\textstyle\sum_h s_h^2 \sum_{i \in g, j \in h} M_{ij}^2 = \sum_{i \in g} e_i^2, \; "
        r"\text{residuals of the model without } g \text{ permuted}"
    ),
    high="p near 1: most permutations give as much",
    low="p near 0: hardly a permutation gives as much",
    methods=(
        "Groups were also compared with covariates held constant by the method of Freedman and "
        "Lane: what the covariates leave unexplained was permuted over people. Each group kept a "
        "residual variance of its own, and t was compared by its normal score, as without "
        "covariates."
    ),
    cite=("Freedman1983", "Welch1947", "Winkler2014"),
    caveat=(
        "The same slope on a covariate is assumed in both groups; groups that hardly overlap in "
        "a covariate are compared by extrapolation."
    ),
)
