"""Test changes with covariates held constant (Freedman and Lane).

What the covariates explain is taken out of the changes, the signs of the rest are flipped, and
the whole model is fitted again to each pattern.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference import resampling, tails
from gradshift.core.inference.resampling import Scheme
from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.signflip import signs
from gradshift.core.statistics.signtest import skewness_of

PEOPLE_PER_COVARIATE = 5
"""So many people are needed for each covariate."""

SAME = 1e-8
"""A covariate that varies by less than this share of itself does not vary."""

NO_SPREAD = "a covariate does not vary between these people, or repeats another"

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """A test with covariates, and the fit of its m columns.

    Parameters
    ----------
    scheme : Scheme
    effect : (m,) array
        The mean change where within-person covariates did not change, of people with average
        traits; for groups the difference of their adjusted means.
    sd : (m,) array
        Standard deviation of what the whole model leaves.
    se : (m,) array
        Standard error of `effect`, as in t.
    spread : (m,) array
        If variances are the same everywhere the standard error is ``sd / sqrt(spread)``.
    df : (m,) array of int
        Degrees of freedom that the model leaves.
    df_t : (m,) array
        Those of t; for groups after Satterthwaite.
    skewness : (m,) array
        Of what the whole model leaves.
    reasons : tuple of str, length m
        Why a column is not tested; empty if it is.
    """

    scheme: Scheme
    effect: Array
    sd: Array
    se: Array
    spread: Array
    df: NDArray[np.intp]
    df_t: Array
    skewness: Array
    reasons: tuple[str, ...]


def flipped_residuals(
    changes: Array,
    covariates: Array,
    *,
    traits: Sequence[bool] | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Adjusted:
    """Prepare the test whether changes differ from 0 where the covariates are 0, two-sided.

    Parameters
    ----------
    changes : (n, m) array
        People x columns of one family; NaN where a person has no value.
    covariates : (n, k) array
        One column each; people without them are left out.
    traits : sequence of bool, length k, optional
        Which covariates are traits of people, such as age: they have no natural zero and are
        centred over the people of each column. The others are within-person quantities, such
        as the change of motion, and enter as they are: what is tested is the change at no
        change of motion. If not given, none is a trait.
    n_permutations, seed : int
        As in `gradshift.core.statistics.signflip.signflip`.

    Returns
    -------
    Adjusted
        Columns with fewer than `PEOPLE_PER_COVARIATE` people per covariate, or whose people do
        not differ in a covariate, are not tested.

    Raises
    ------
    ValueError
        If the sizes differ, or for what `gradshift.core.inference.resampling.check` refuses.

    References
    ----------
    Freedman and Lane (1983), J Bus Econ Stat 1:292. Winkler et al. (2014), NeuroImage 92:381.
    """
    resampling.check(changes, n_permutations)
    some = with_covariates(changes, covariates)
    changes, covariates = changes[some], covariates[some]
    centred = np.zeros(covariates.shape[1], bool) if traits is None else np.asarray(traits, bool)
    if centred.shape != covariates.shape[1:]:
        raise ValueError(
            f"{covariates.shape[1]} covariates, but {len(centred)} said to be traits."
        )
    fits = _Fits.empty(changes.shape[1])
    for columns, people in kinds_of(changes):
        held = covariates[people]
        fits.add(_fit(changes, held - np.where(centred, held.mean(axis=0), 0), columns, people))
    least = PEOPLE_PER_COVARIATE * covariates.shape[1]
    return fits.adjusted(
        (~np.isnan(changes)).sum(axis=0), least, len(changes), n_permutations, seed
    )


def with_covariates(values: Array, covariates: Array) -> NDArray[np.bool_]:
    """Say who has all covariates and any value."""
    if covariates.ndim != 2 or len(covariates) != len(values):
        raise ValueError(f"{len(values)} people need as many covariates, got {covariates.shape}.")
    some = ~np.isnan(values).all(axis=1)
    return np.asarray(some & np.isfinite(covariates).all(axis=1), dtype=np.bool_)


def kinds_of(values: Array) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the columns that the same people have a value in, and these people."""
    missing, kind_of = np.unique(np.isnan(values), axis=1, return_inverse=True)
    for i, absent in enumerate(missing.T):
        people = np.flatnonzero(~absent)
        if len(people):
            yield np.flatnonzero(kind_of.ravel() == i), people


def vary(covariates: Array) -> bool:
    """Say whether people differ in every covariate, and none follows from the others."""
    centred = covariates - covariates.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    size = np.sqrt((covariates**2).sum(axis=0))
    if len(covariates) <= covariates.shape[1] or (length <= SAME * size).any():
        return False
    sizes = np.linalg.svd(centred / length, compute_uv=False)
    return bool(sizes.min(initial=1.0) > SAME)


def orthonormal(columns: Array) -> Array:
    """Return an orthonormal basis of columns that do not follow from each other."""
    left: Array = np.linalg.qr(columns / np.sqrt((columns**2).sum(axis=0)))[0]
    return left


@dataclass(frozen=True)
class _Kind:
    """The model of the columns that the same people have a value in.

    Parameters
    ----------
    columns : (c,) array of int
    people : (p,) array of int
    basis : (p, r) array
        Orthonormal covariates.
    x : (p,) array
        The intercept without what covariates explain, of length 1.
    spread : float
        Its squared length before.
    rest : (p, c) array
        The changes without what covariates explain, of length 1; 0 if nothing is left.
    length : (c,) array
        Their length before.
    problem : str
        Why nothing can be tested; else empty.
    """

    columns: NDArray[np.intp]
    people: NDArray[np.intp]
    basis: Array
    x: Array
    spread: float
    rest: Array
    length: Array
    problem: str


def _fit(
    changes: Array, held: Array, columns: NDArray[np.intp], people: NDArray[np.intp]
) -> _Kind:
    """Fit the covariates of some people to their columns."""
    ones, y = np.ones(len(people)), changes[np.ix_(people, columns)]
    testable = vary(held)
    basis = orthonormal(held) if testable else np.zeros((len(people), 0))
    free = ones - basis @ (basis.T @ ones)
    spread = float(free @ free)
    size = np.maximum(np.abs(y).max(axis=0), 1e-300)
    rest = y / size
    rest = rest - basis @ (basis.T @ rest)
    length = np.sqrt((rest**2).sum(axis=0))
    nothing = length <= 1e-12
    return _Kind(
        columns,
        people,
        basis,
        free / np.sqrt(max(spread, 1e-300)),
        spread,
        np.where(nothing, 0.0, rest / np.where(nothing, 1.0, length)),
        np.where(nothing, 0.0, length * size),
        "" if testable and spread > SAME * len(people) else NO_SPREAD,
    )


@dataclass(frozen=True)
class _Fits:
    """The models of all columns."""

    kinds: list[_Kind]
    s: Array
    effect: Array
    squares: Array
    spread: Array
    df: NDArray[np.intp]
    skewness: Array
    problems: list[str]

    @classmethod
    def empty(cls, n_columns: int) -> "_Fits":
        s, effect, squares, spread, skewness = np.full((5, n_columns), np.nan)
        df = np.zeros(n_columns, dtype=np.intp)
        return cls([], s, effect, squares, spread, df, skewness, [""] * n_columns)

    def add(self, kind: _Kind) -> None:
        columns = kind.columns
        self.kinds.append(kind)
        if kind.problem:
            for column in columns:
                self.problems[column] = kind.problem
            return
        s = np.clip(kind.x @ kind.rest, -1, 1)
        self.s[columns] = s
        self.effect[columns] = s * kind.length / np.sqrt(kind.spread)
        self.squares[columns] = (1 - s**2) * kind.length**2
        self.spread[columns] = kind.spread
        self.df[columns] = len(kind.people) - kind.basis.shape[1] - 1
        self.skewness[columns] = skewness_of(kind.rest - np.outer(kind.x, s), len(kind.people))

    def adjusted(
        self, n: NDArray[np.intp], least: int, n_people: int, n_permutations: int, seed: int
    ) -> Adjusted:
        """Put scheme and fit together."""
        reasons = tuple(
            f"{few} people with a value and all covariates, {least} needed"
            if few < least
            else problem or ("" if df >= 1 else NO_SPREAD)
            for few, problem, df in zip(n, self.problems, self.df, strict=True)
        )
        columns = np.flatnonzero([not reason for reason in reasons])
        columns = columns[np.argsort(self.df[columns], kind="stable")]
        t, p_min = np.full((2, len(n)), np.nan)
        t[columns] = tails.t_of_s(self.s[columns], self.df[columns])
        p_min[columns] = 2.0 ** (1 - n[columns])
        df = self.df.astype(np.float64)
        sd = np.sqrt(self.squares / np.where(df > 0, df, np.nan))
        scheme = Scheme(
            n=n,
            t=t,
            p_min=p_min,
            columns=columns,
            df=self.df[columns],
            observed=self.s[columns],
            project=_Refits(tuple(self.kinds), columns),
            rounding=32 * n_people * np.finfo(np.float64).eps,
            **signs(n_people, n_permutations=n_permutations, seed=seed),
        )
        return Adjusted(
            scheme=scheme,
            effect=self.effect,
            sd=sd,
            se=sd / np.sqrt(self.spread),
            spread=self.spread,
            df=self.df,
            df_t=df,
            skewness=self.skewness,
            reasons=reasons,
        )


@dataclass(frozen=True)
class _Refits:
    """Gives s of flipped residuals, the whole model fitted to each pattern.

    Parameters
    ----------
    kinds : tuple of _Kind
        Columns by the people who have a value.
    order : (k,) array of int
        The columns that are tested.
    """

    kinds: tuple[_Kind, ...]
    order: NDArray[np.intp]

    def __call__(self, patterns: Array, part: slice) -> Array:
        wanted = self.order[part]
        s = np.zeros((len(patterns), len(wanted)))
        for kind in self.kinds:
            here = np.flatnonzero(np.isin(wanted, kind.columns))
            if len(here):
                rest = kind.rest[:, np.searchsorted(kind.columns, wanted[here])]
                s[:, here] = _refit(patterns[:, kind.people], kind, rest)
        return s


def _refit(patterns: Array, kind: _Kind, rest: Array) -> Array:
    """Fit the model to residuals whose signs are flipped; all are of length 1.

    With a the fitted intercept and b the fitted covariates, s is ``a / sqrt(1 - b b')``.
    """
    left = np.ones((len(patterns), rest.shape[1]))
    for one in kind.basis.T:
        left -= ((patterns * one) @ rest) ** 2
    fitted = (patterns * kind.x) @ rest
    s: Array = np.clip(fitted / np.sqrt(np.maximum(left, 1e-12)), -1, 1)
    return s


STATISTIC = Statistic(
    name="covariates",
    formula=(
        r"\Delta = \beta_0 + X_w \beta_w + (X_t - \bar{X}_t) \beta_t + \varepsilon, \\ "
        r"t \text{ of } \beta_0, \; \text{residuals of the model without } \beta_0 "
        r"\text{ flipped}"
    ),
    high="p near 1: most rearrangements give as much",
    low="p near 0: hardly a rearrangement gives as much",
    methods=(
        "Changes were also tested with covariates held constant, first of all the change of mean "
        "framewise displacement, by the method of Freedman and Lane: the signs of what the "
        "covariates leave unexplained were flipped. Within-person covariates entered uncentred, "
        "so that the change at no change of motion was tested; traits of people were "
        "centred. No more than one covariate was allowed for "
        f"{PEOPLE_PER_COVARIATE} people."
    ),
    cite=("Freedman1983", "Winkler2014"),
    caveat=(
        "The change at no change of motion is an extrapolation where everybody moved more: its "
        "interval is then wide. Only what is linear in a covariate is taken out."
    ),
)
