"""Test changes with covariates held constant (Freedman and Lane).

What the covariates explain is taken out of the changes, the rest is rearranged (signs flipped,
people permuted), and the whole model is fitted again to each rearrangement.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import resampling
from gradshift.core.inference.resampling import PATTERNS, Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.association import MAX_EXACT, smallest_p
from gradshift.core.statistics.signflip import signs

PEOPLE_PER_COVARIATE = 5
"""So many people are needed for each covariate."""

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """A test with covariates, and the fit of its m columns.

    Parameters
    ----------
    scheme : Scheme
        Columns with fewer than `PEOPLE_PER_COVARIATE` people per covariate are not tested.
    effect : (m,) array
        The mean at the mean of the covariates; the slope on the predictor, which for groups is
        the difference of their adjusted means.
    sd : (m,) array
        Standard deviation of what the whole model leaves.
    spread : (m,) array
        The standard error of `effect` is ``sd / sqrt(spread)``.
    df : (m,) array of int
        Degrees of freedom that are left.
    """

    scheme: Scheme
    effect: Array
    sd: Array
    spread: Array
    df: NDArray[np.intp]


def flipped_residuals(
    changes: Array, covariates: Array, *, n_permutations: int = 10_000, seed: int = 0
) -> Adjusted:
    """Prepare the test whether changes differ from 0 at the mean of covariates, two-sided.

    Parameters
    ----------
    changes : (n, m) array
        People x columns of one family; NaN where a person has no value.
    covariates : (n, k) array
        One column each, such as the change of motion; people without them are left out.
        They are centred over the people of each column.
    n_permutations, seed : int
        As in `gradshift.core.statistics.signflip.signflip`.

    Raises
    ------
    ValueError
        If the sizes differ, or for what `gradshift.core.inference.resampling.check` refuses.

    References
    ----------
    Freedman and Lane (1983), J Bus Econ Stat 1:292. Winkler et al. (2014), NeuroImage 92:381.
    """
    there = _with_covariates(changes, covariates, n_permutations)
    fits = _fits(changes[there], covariates[there], np.ones(there.sum()), centred=False)
    n = fits.n
    columns = fits.testable(covariates.shape[1])
    p_min = np.full(len(n), np.nan)
    p_min[columns] = 2.0 ** (1 - n[columns])
    patterns = signs(int(there.sum()), n_permutations=n_permutations, seed=seed)
    return fits.adjusted(columns, _flip, p_min, **patterns)


def permuted_residuals(
    values: Array,
    predictor: Array,
    covariates: Array,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Adjusted:
    """Prepare the test whether values go with a predictor when covariates are held constant.

    Parameters
    ----------
    values : (n, m) array
        People x columns of one family, such as changes; NaN where a person has no value.
    predictor : (n,) array
        One number for each person, 0 and 1 for two groups; NaN: left out.
    covariates, n_permutations, seed
        As in `flipped_residuals`, of permutations of people.

    Raises
    ------
    ValueError
        If the sizes differ, or for what `gradshift.core.inference.resampling.check` refuses.

    Notes
    -----
    No p is given that is smaller than permuting the predictor alone can give.
    """
    there = _with_covariates(values, covariates, n_permutations) & np.isfinite(predictor)
    x = predictor[there]
    fits = _fits(values[there], covariates[there], x, centred=True)
    columns = fits.testable(covariates.shape[1])
    p_min = np.full(len(fits.n), np.nan)
    present = ~np.isnan(values[there])
    p_min[columns] = [smallest_p(x[present[:, column]]) for column in columns]
    exact = math.factorial(len(x)) <= MAX_EXACT
    number = math.factorial(len(x)) if exact else n_permutations
    return fits.adjusted(
        columns,
        _permute,
        p_min,
        patterns=partial(_all_orders, len(x))
        if exact
        else partial(_random_orders, len(x), n_permutations, seed),
        n_patterns=number,
        n_permutations=number,
        exact=exact,
    )


def _with_covariates(values: Array, covariates: Array, n_permutations: int) -> NDArray[np.bool_]:
    """Check the input, and say who has covariates and any value."""
    resampling.check(values, n_permutations)
    if covariates.ndim != 2 or len(covariates) != len(values):
        raise ValueError(f"{len(values)} people need as many covariates, got {covariates.shape}.")
    some = ~np.isnan(values).all(axis=1)
    return np.asarray(some & np.isfinite(covariates).all(axis=1), dtype=np.bool_)


@dataclass(frozen=True)
class _Kind:
    """What the columns have in common that the same people have a value in.

    Parameters
    ----------
    columns : (c,) array of int
        Which columns.
    people : (p,) array of int
    basis : (p, r) array
        Orthonormal covariates.
    x : (p,) array
        The predictor without what covariates explain, of length 1.
    rest : (p, c) array
        The values without what covariates explain, of length 1; 0 if nothing is left.
    """

    columns: NDArray[np.intp]
    people: NDArray[np.intp]
    basis: Array
    x: Array
    rest: Array


@dataclass(frozen=True, kw_only=True)
class _Fits:
    """The model of every column, fitted to the data as they are."""

    kinds: tuple[_Kind, ...]
    n: NDArray[np.intp]
    s: Array
    effect: Array
    squares: Array
    spread: Array
    df: NDArray[np.intp]

    def testable(self, n_covariates: int) -> NDArray[np.intp]:
        """Return the columns with enough people, in rising order of degrees of freedom."""
        enough = (self.n >= PEOPLE_PER_COVARIATE * n_covariates) & (self.df >= 1)
        columns = np.flatnonzero(enough & (self.spread > 0))
        return columns[np.argsort(self.df[columns], kind="stable")]

    def adjusted(
        self,
        columns: NDArray[np.intp],
        refit: Callable[[NDArray[Any], _Kind, Array], Array],
        p_min: Array,
        **patterns: Any,
    ) -> Adjusted:
        """Put scheme and fit together."""
        t = np.full(len(self.n), np.nan)
        t[columns] = resampling.t_of_s(self.s[columns], self.df[columns])
        most = int(self.n.max(initial=0))
        scheme = Scheme(
            n=self.n,
            t=t,
            p_min=p_min,
            columns=columns,
            df=self.df[columns],
            observed=self.s[columns],
            project=_Refits(refit, self.kinds, columns),
            rounding=32 * most * np.finfo(np.float64).eps,
            **patterns,
        )
        return Adjusted(
            scheme=scheme,
            effect=self.effect,
            sd=np.sqrt(self.squares / np.where(self.df > 0, self.df, np.nan)),
            spread=self.spread,
            df=self.df,
        )


def _fits(values: Array, covariates: Array, predictor: Array, *, centred: bool) -> _Fits:
    """Fit covariates and predictor to every column; `centred`: with an intercept beside."""
    n_columns = values.shape[1]
    s, effect, squares, spread = np.full((4, n_columns), np.nan)
    n, df = (~np.isnan(values)).sum(axis=0), np.zeros(n_columns, dtype=np.intp)
    missing, kind_of = np.unique(np.isnan(values), axis=1, return_inverse=True)
    kinds = []
    for i, absent in enumerate(missing.T):
        columns, people = np.flatnonzero(kind_of.ravel() == i), np.flatnonzero(~absent)
        if not len(people):
            continue
        left, sizes, _ = np.linalg.svd(
            covariates[people] - covariates[people].mean(axis=0), full_matrices=False
        )
        basis = left[:, sizes > 1e-10 * max(float(sizes.max(initial=0)), 1e-300)]
        y, x = values[np.ix_(people, columns)], predictor[people]
        size = np.maximum(np.abs(y).max(axis=0), 1e-300)
        y = y / size
        if centred:
            x, y = x - x.mean(), y - y.mean(axis=0)
        free = x - basis @ (basis.T @ x)
        own = float(free @ free)
        spread[columns] = own if own > 1e-12 * max(float(x @ x), 1e-300) else 0.0
        df[columns] = len(people) - basis.shape[1] - (2 if centred else 1)
        rest = y - basis @ (basis.T @ y)
        length = np.sqrt((rest**2).sum(axis=0))
        rest = rest / np.where(length > 1e-12, length, np.inf)
        direction = free / np.sqrt(own) if own > 0 else free
        s[columns] = np.clip(direction @ rest, -1, 1)
        effect[columns] = s[columns] * length * size / np.sqrt(own) if own > 0 else np.nan
        squares[columns] = (1 - s[columns] ** 2) * (length * size) ** 2
        kinds.append(_Kind(columns, people, basis, direction, rest))
    return _Fits(
        kinds=tuple(kinds), n=n, s=s, effect=effect, squares=squares, spread=spread, df=df
    )


@dataclass(frozen=True)
class _Refits:
    """Gives s of rearranged residuals, the whole model fitted to each.

    Parameters
    ----------
    refit : callable
        From (b, p) patterns of the people of a kind, the kind and the (p, c) residuals of some
        of its columns to their (b, c) array of s.
    kinds : tuple of _Kind
        Columns by the people who have a value.
    order : (k,) array of int
        The columns that are tested.
    """

    refit: Callable[[NDArray[Any], _Kind, Array], Array]
    kinds: tuple[_Kind, ...]
    order: NDArray[np.intp]

    def __call__(self, patterns: NDArray[Any], part: slice) -> Array:
        wanted = self.order[part]
        found = np.zeros((len(patterns), len(wanted)))
        for kind in self.kinds:
            here = np.flatnonzero(np.isin(wanted, kind.columns))
            if len(here):
                rest = kind.rest[:, np.searchsorted(kind.columns, wanted[here])]
                found[:, here] = self.refit(patterns[:, kind.people], kind, rest)
        return found


def _flip(signs: Array, kind: _Kind, rest: Array) -> Array:
    """Fit the model to residuals whose signs are flipped."""
    return _partial((signs * kind.x) @ rest, [(signs * one) @ rest for one in kind.basis.T])


def _permute(orders: NDArray[np.intp], kind: _Kind, rest: Array) -> Array:
    """Fit the model to residuals that are permuted: those of the kind keep their order."""
    own = np.argsort(np.argsort(orders, axis=1), axis=1)
    return _partial(kind.x[own] @ rest, [one[own] @ rest for one in kind.basis.T])


def _partial(fitted: Array, explained: list[Array]) -> Array:
    """Return s of the fitted predictor a and the fitted covariates b: ``a / sqrt(1 - b b')``.

    Both are in units of the length of the residuals.
    """
    left = 1 - sum((one**2 for one in explained), np.zeros(fitted.shape))
    found: Array = np.clip(fitted / np.sqrt(np.maximum(left, 1e-12)), -1, 1)
    return found


def _all_orders(n_people: int) -> Iterator[NDArray[np.intp]]:
    every = permutations(range(n_people))
    while block := list(islice(every, PATTERNS)):
        yield np.array(block)


def _random_orders(n_people: int, n_permutations: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield random orders in blocks; the size of a block changes none."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_permutations, PATTERNS):
        size = min(PATTERNS, n_permutations - start)
        yield np.argsort(rng.random((size, n_people)), axis=1)


STATISTIC = Statistic(
    name="covariates",
    formula=(
        r"\Delta = \beta_0 + (X - \bar{X}) \beta + \varepsilon, \\ t \text{ of } \beta_0, \; "
        r"\text{residuals of the model without } \beta_0 \text{ rearranged}"
    ),
    high="p near 1: most rearrangements give as much",
    low="p near 0: hardly a rearrangement gives as much",
    methods=(
        "Changes were also tested with covariates held at their mean, first of all the change of "
        "mean framewise displacement, by the method of Freedman and Lane: what the covariates "
        "leave unexplained was rearranged, by flipping signs or, between groups, by permuting "
        "people. No more than one covariate was allowed for "
        f"{PEOPLE_PER_COVARIATE} people."
    ),
    cite=("Freedman1983", "Winkler2014"),
    caveat=(
        "Covariates are centred: a change that everybody shares with the mean change of motion "
        "is not taken out. p is approximate: where nothing was planted in eleven people, a family "
        "was called at .05 in 6 % of studies with one covariate and in 7 % with two."
    ),
)
