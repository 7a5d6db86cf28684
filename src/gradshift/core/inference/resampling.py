"""Count how often rearranged data give a statistic as large as the observed one.

Every test here rests on a number s between -1 and 1, a correlation, that rises with t as
``t = s sqrt(df) / sqrt(1 - s^2)``. Matrix products give s for a block of rearrangements
(flipped signs, permuted labels) and a block of columns at once, so that memory is flat in both.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.tails import runs_of_df, s_of_t, t_of_s

TIE = 1e-8
"""Values of a statistic that differ by no more than this share are the same: what is tested has
been through tables with ten digits."""

LEAST = 1e-10
"""Values of |t| closer than this are the same, too: no t of 0 is told from another."""

PATTERNS = 128
"""Rearrangements per matrix product; counts of a block must fit into 8 bits."""

COLUMNS = 512
"""Columns per matrix product: the block stays in the processor's cache."""

Project = Callable[[NDArray[Any], slice], NDArray[np.float64]]
"""From (b, ...) rearrangements and a slice of columns to their (b, columns) array of s."""

Workers = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Applies a function to all items, in their order, as `map` does: in several processes, say."""


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Results of a test of m columns by rearrangement.

    Parameters
    ----------
    t : (m,) array
        0 if there is no effect at all, infinite if nothing is left unexplained.
    p : (m,) array
        Two-sided p of each column by itself.
    p_fwe : (m,) array
        p corrected for all columns (largest |t|).
    n : (m,) array of int
        People with a value.
    p_min : (m,) array
        The smallest p that this number of people and of rearrangements can give.
    n_permutations : int
        Rearrangements, the observed one included if all were used.
    exact : bool
        Whether all rearrangements were used.
    largest : (B,) array
        Largest statistic of the family in each rearrangement that was formed: its distribution
        where nothing is there.
    extra : int
        1 if the observed data count as one more rearrangement.
    scores : bool
        See `Scheme`: whether `largest` holds normal scores rather than t.
    p_spreads, p_fwe_spreads : (m,) array
        p, and p corrected for all columns, of draws of normal errors with the spread of each
        group; see `gradshift.core.statistics.ownspreads`. Empty where no groups are compared.

    Notes
    -----
    Columns that cannot be tested are NaN in all but `n`, and take no part in `p_fwe`.
    """

    t: NDArray[np.float64]
    p: NDArray[np.float64]
    p_fwe: NDArray[np.float64]
    n: NDArray[np.intp]
    p_min: NDArray[np.float64]
    n_permutations: int
    exact: bool
    largest: NDArray[np.float64]
    extra: int
    scores: bool
    p_spreads: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    p_fwe_spreads: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


def check(values: NDArray[np.float64], n_permutations: int) -> None:
    """Refuse values that cannot be tested.

    Raises
    ------
    ValueError
        If `values` is not people x columns, has infinite values, or `n_permutations` < 1.
    """
    if values.ndim != 2:
        raise ValueError(f"Changes must be people x columns, got shape {values.shape}.")
    if n_permutations < 1:
        raise ValueError(f"A test needs at least 1 permutation, got {n_permutations}.")
    if np.isinf(values).any():
        raise ValueError("Changes must be finite, or NaN where a person has no value.")


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A test of m columns, and how its data are rearranged.

    Every kind of test (flipped signs, permuted labels, with covariates or within people) is
    one of these; what is made of the rearranged values (the largest |t|, components of
    connections, clusters of voxels) is the same for all.

    Parameters
    ----------
    n : (m,) array of int
        People with a value.
    t : (m,) array
        Observed t as it is shown; NaN where not tested.
    p_min : (m,) array
        The smallest p that so many people can give, if all rearrangements are used; NaN: the
        column has no p of its own.
    columns : (k,) array of int
        Those that make the family, in rising order of `df`.
    df : (k,) array of int
        Degrees of freedom.
    observed : (k,) array
        s of the data as they are, by the arithmetic of `project`.
    project : callable
        Gives s of a block of patterns in a slice of `columns`. Can be pickled.
    patterns : callable
        Yields blocks of patterns, at most `PATTERNS` each.
    n_patterns : int
        Patterns in all blocks.
    n_permutations : int
        What they stand for: the observed data and all mirror images included if exact.
    exact : bool
        Whether these are all rearrangements.
    rounding : float
        Relative error of s.
    scores : bool
        Whether s stands for a normal score z, as ``z / sqrt(z^2 + 1)`` with `df` of 1, rather
        than for t: of tests whose degrees of freedom differ from one rearrangement to the next.
    """

    n: NDArray[np.intp]
    t: NDArray[np.float64]
    p_min: NDArray[np.float64]
    columns: NDArray[np.intp]
    df: NDArray[np.intp]
    observed: NDArray[np.float64]
    project: Project
    patterns: Callable[[], Iterator[NDArray[Any]]]
    n_patterns: int
    n_permutations: int
    exact: bool
    rounding: float
    scores: bool = False

    @property
    def extra(self) -> int:
        """The observed data, which random rearrangements do not hold."""
        return 0 if self.exact else 1

    def smallest_p(self) -> NDArray[np.float64]:
        """Return the (m,) smallest p of so many people and rearrangements."""
        return self.p_min if self.exact else np.maximum(self.p_min, 1 / (self.n_patterns + 1))

    def each_block(
        self, work: Callable[[Project, NDArray[Any]], Any], workers: Workers, *, at_most: int
    ) -> Iterable[Any]:
        """Give blocks of patterns to a function, and return what it makes of each, in order.

        Parameters
        ----------
        work : callable
            Takes `project` and a block of patterns; can be pickled.
        workers : callable
        at_most : int
            Patterns of a block.
        """
        blocks = (
            block[start : start + at_most]
            for block in self.patterns()
            for start in range(0, len(block), at_most)
        )
        return workers(partial(work, self.project), blocks)


def largest_t(scheme: Scheme, workers: Workers = map) -> Resampled:
    """Test each column by itself and all together, by the largest |t|.

    Parameters
    ----------
    scheme : Scheme
    workers : callable
        Where the blocks of patterns are counted.
    """
    columns = scheme.columns
    observed = np.abs(t_of_s(scheme.observed, scheme.df))
    threshold = np.minimum(
        s_of_t(observed * (1 - TIE) - LEAST, scheme.df),
        np.abs(scheme.observed) * (1 - scheme.rounding),
    )
    own, largest = np.zeros(len(columns), dtype=np.int64), np.zeros(scheme.n_patterns)
    work, done = partial(_reached, threshold=threshold, df=scheme.df), 0
    for reached, highest in scheme.each_block(work, workers, at_most=PATTERNS):
        own += reached
        largest[done : done + len(highest)] = highest
        done += len(highest)
    family = np.zeros(len(columns), dtype=np.int64)
    for run, df in runs_of_df(scheme.df):
        ordered = np.sort(s_of_t(largest, df))
        family[run] = len(ordered) - np.searchsorted(ordered, threshold[run], side="left")
    p_min = scheme.smallest_p()
    p, p_fwe = np.full((2, len(scheme.n)), np.nan)
    for values, counts in ((p, own), (p_fwe, family)):
        shares = (counts + scheme.extra) / (scheme.n_patterns + scheme.extra)
        values[columns] = np.maximum(shares, p_min[columns])
    return Resampled(
        t=scheme.t,
        p=p,
        p_fwe=p_fwe,
        n=scheme.n,
        p_min=p_min,
        n_permutations=scheme.n_permutations,
        exact=scheme.exact,
        largest=largest,
        extra=scheme.extra,
        scores=scheme.scores,
    )


def _reached(
    project: Project,
    block: NDArray[Any],
    *,
    threshold: NDArray[np.float64],
    df: NDArray[np.intp],
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Count by column the patterns of a block with |s| of at least `threshold`.

    Returns
    -------
    own : (k,) array of int
    largest : (b,) array
        The largest |t| of each pattern.
    """
    own, largest = np.zeros(len(threshold), dtype=np.uint8), np.zeros(len(block))
    for run, df_of_run in runs_of_df(df):
        highest = np.zeros(len(block))
        for start in range(run.start, run.stop, COLUMNS):
            part = slice(start, min(start + COLUMNS, run.stop))
            s = project(block, part)
            np.abs(s, out=s)
            reached = (s >= threshold[part]).view(np.uint8)
            own[part] = np.add.reduce(reached, axis=0, dtype=np.uint8)
            np.maximum(highest, s.max(axis=1), out=highest)
        largest = np.maximum(largest, t_of_s(highest, df_of_run))
    return own, largest


def share(
    largest: NDArray[np.float64], values: NDArray[np.float64] | float, extra: int
) -> NDArray[np.float64]:
    """Return the share of patterns whose largest value is as large as each of these.

    Parameters
    ----------
    largest : (B,) array
        One value of each pattern.
    values : array
        Observed values.
    extra : int
        1 to count the observed data as one more pattern.
    """
    ordered = np.sort(largest)
    least = np.asarray(values) * (1 - TIE)
    reached = len(ordered) - np.searchsorted(ordered, least, side="left")
    shares: NDArray[np.float64] = (reached + extra) / (len(ordered) + extra)
    return shares
