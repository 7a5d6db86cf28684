"""Hold a comparison of groups against normal errors that have the spread of either group.

Permuting labels mixes the groups: where they differ in spread, the largest statistics of small
groups come more often than permutations show, the more so the more values are tested at once.
Errors drawn with the spread of each group do not mix them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import resampling, tails
from gradshift.core.inference.resampling import PATTERNS, Resampled, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.covariates import with_covariates
from gradshift.core.statistics.groupcovariates import Fit, fits_of

LEAST_DRAWS = 999
"""At least so many draws, unless fewer rearrangements are asked for."""

Array = NDArray[np.float64]


def with_own_spreads(
    test: Resampled,
    values: Array,
    group: Array,
    covariates: Array | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Resampled:
    """Add to a comparison of groups the p that draws with their own spreads give.

    Residuals of the whole model, divided by the spread of their group, make columns that
    correlate as the values do. Normal errors with these correlations get the spread of each
    group back, and the model is fitted to them as to the values.

    Parameters
    ----------
    test : Resampled
        By `gradshift.core.statistics.groups` or `gradshift.core.statistics.groupcovariates`.
    values, group, covariates
        As given to that test.
    n_permutations : int
        No more draws than this.
    seed : int
        Of the draws.

    Returns
    -------
    Resampled
        With `p_spreads` and `p_fwe_spreads`; all else is as it was.

    References
    ----------
    Krishnamoorthy, Lu and Mathew (2007), Comput Stat Data Anal 51:5731.
    """
    columns = np.flatnonzero(np.isfinite(test.p))
    if not len(columns):
        return test
    if covariates is None:
        covariates = np.zeros((len(values), 0))
    some = with_covariates(values, covariates) & np.isfinite(group)
    fits = fits_of(values[some], group[some], covariates[some])
    project = _Drawn(tuple(_Errors.of(fit) for fit in fits), columns)
    n_draws = min(n_permutations, max(LEAST_DRAWS, len(test.largest)))
    drawn = resampling.largest_t(
        Scheme(
            n=test.n,
            t=test.t,
            p_min=test.p_min,
            columns=columns,
            df=np.ones(len(columns), dtype=np.intp),
            observed=project.observed(),
            project=project,
            patterns=_Normal(int(some.sum()), n_draws, seed),
            n_patterns=n_draws,
            n_permutations=n_draws,
            exact=False,
            rounding=1e-11,
            scores=True,
        )
    )
    return replace(test, p_spreads=drawn.p, p_fwe_spreads=drawn.p_fwe)


@dataclass(frozen=True)
class _Normal:
    """Blocks of draws: a square of normal numbers each, which mix the residuals of people."""

    n_people: int
    number: int
    seed: int

    def __call__(self) -> Iterator[Array]:
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.number, PATTERNS):
            size = min(PATTERNS, self.number - start)
            yield rng.standard_normal((size, self.n_people, self.n_people))


@dataclass(frozen=True)
class _Errors:
    """The columns of one fit, and errors that behave as theirs.

    Parameters
    ----------
    fit : Fit
    directions : (p, c) array
        Residuals in units of the spread of their group; every column has length 1.
    spreads : (p, c) array
        Standard deviation that the group of each person has.
    """

    fit: Fit
    directions: Array
    spreads: Array

    @classmethod
    def of(cls, fit: Fit) -> "_Errors":
        left = fit.leaves @ fit.rest
        own = np.sqrt(fit.variances(left))
        alike, spreads = np.zeros(left.shape), np.zeros(left.shape)
        for members, spread in zip(fit.groups, own, strict=True):
            theirs = left[members]
            size = np.sqrt((theirs**2).sum(axis=0) / max(len(theirs), 1))
            alike[members] = theirs / np.where(size > 0, size, 1.0)
            spreads[members] = spread
        length = np.sqrt((alike**2).sum(axis=0))
        return cls(fit, alike / np.where(length > 0, length, 1.0), spreads)


@dataclass(frozen=True)
class _Drawn:
    """Gives s of draws, see `_Normal`: the normal score of Welch's t of each column.

    Parameters
    ----------
    errors : tuple of _Errors
        Columns by the people who have a value.
    order : (k,) array of int
        The columns that are tested.
    """

    errors: tuple[_Errors, ...]
    order: NDArray[np.intp]

    def observed(self) -> Array:
        """Return s of the values themselves."""
        score = np.zeros(len(self.order))
        for own in self.errors:
            here = np.flatnonzero(np.isin(self.order, own.fit.columns))
            kept = np.searchsorted(own.fit.columns, self.order[here])
            score[here] = own.fit.welch(own.fit.rest[:, kept])[0].score
        return tails.s_of_t(score, 1)

    def __call__(self, draws: Array, part: slice) -> Array:
        wanted = self.order[part]
        score = np.zeros((len(draws), len(wanted)))
        for own in self.errors:
            here = np.flatnonzero(np.isin(wanted, own.fit.columns))
            if len(here):
                kept = np.searchsorted(own.fit.columns, wanted[here])
                mixing = draws[:, own.fit.people[:, None], own.fit.people]
                drawn = mixing @ own.directions[:, kept] * own.spreads[:, kept]
                score[:, here] = own.fit.welch(drawn)[0].score
        return tails.s_of_t(score, 1)


STATISTIC = Statistic(
    name="ownspreads",
    formula=(
        r"\varepsilon_i = s_{g(i)} \sum_k z_{ik} u_k, \; z_{ik} \sim N(0, 1), \quad "
        r"u_k = \frac{e_k / s_{g(k)}}{\sqrt{\sum_j (e_j / s_{g(j)})^2}}, "
        r"\\ p = \operatorname{mean}_{z} \left[ |z(\varepsilon)| \ge |z| \right]"
    ),
    high="p near 1: normal errors with the spreads of the groups give as much",
    low="p near 0: such errors do not give as much",
    methods=(
        "Since permutations mix groups that may differ in spread, a declared difference between "
        "groups was called a change only if draws of normal errors, with the spread of each group "
        "and the correlations of the values, gave as large a score in no larger share than the "
        "significance level, too (parametric bootstrap, family-wise)."
    ),
    cite=("Krishnamoorthy2007",),
    caveat=(
        "Costs some power where groups do not differ in spread. Draws assume normal errors. p in "
        "the tables is that of permutations; exploratory results, connections and voxels are not "
        "held against draws."
    ),
)
