"""Count how often rearranged data give a statistic as large as the observed one.

Every test here rests on a number s between -1 and 1, a correlation, that rises with t as
``t = s sqrt(df) / sqrt(1 - s^2)``. Matrix products give s for a block of rearrangements
(flipped signs, permuted labels) and a block of columns at once, so that memory is flat in both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TIE = 1e-10
"""Values of |t| closer than this are the same."""

PATTERNS = 128
"""Rearrangements per matrix product; counts of a block must fit into 8 bits."""

COLUMNS = 512
"""Columns per matrix product: the block stays in the processor's cache."""

Project = Callable[[NDArray[np.float64], slice], NDArray[np.float64]]
"""From (b, ...) rearrangements and a slice of columns to their (b, columns) array of s."""


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


def count(
    project: Project,
    patterns: Iterator[NDArray[np.float64]],
    n_patterns: int,
    *,
    observed: NDArray[np.float64],
    t: NDArray[np.float64],
    df: NDArray[np.intp],
    rounding: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the patterns with |t| as large as observed, by column and in the whole family.

    Parameters
    ----------
    project : callable
        Gives s of a block of patterns in a slice of columns.
    patterns : iterator of (b, ...) array
        Blocks of patterns, at most `PATTERNS` each.
    n_patterns : int
        Patterns in all blocks.
    observed : (m,) array
        |s| of the data as they are, by the same arithmetic.
    t : (m,) array
        Observed t.
    df : (m,) array of int
        Degrees of freedom, in rising order.
    rounding : float
        Relative error of s.

    Returns
    -------
    own, family : (m,) array of int
    """
    threshold = np.minimum(s_of_t(np.abs(t) - TIE, df), observed * (1 - rounding))
    runs = _runs(df)
    own = np.zeros(len(t), dtype=np.int64)
    largest = np.zeros(n_patterns)
    done = 0
    for block_of_patterns in patterns:
        block = slice(done, done + len(block_of_patterns))
        for run, df_of_run in runs:
            highest = np.zeros(len(block_of_patterns))
            for start in range(run.start, run.stop, COLUMNS):
                part = slice(start, min(start + COLUMNS, run.stop))
                s = project(block_of_patterns, part)
                np.abs(s, out=s)
                reached = (s >= threshold[part]).view(np.uint8)
                own[part] += np.add.reduce(reached, axis=0, dtype=np.uint8)
                np.maximum(highest, s.max(axis=1), out=highest)
            largest[block] = np.maximum(largest[block], t_of_s(highest, df_of_run))
        done += len(block_of_patterns)

    family = np.zeros(len(t), dtype=np.int64)
    for run, df_of_run in runs:
        ordered = np.sort(s_of_t(largest, df_of_run))
        family[run] = n_patterns - np.searchsorted(ordered, threshold[run], side="left")
    return own, family


def _runs(df: NDArray[np.intp]) -> list[tuple[slice, int]]:
    """Cut sorted degrees of freedom into runs of the same number."""
    edges = [0, *(np.flatnonzero(np.diff(df)) + 1).tolist(), len(df)]
    return [
        (slice(start, stop), int(df[start])) for start, stop in pairwise(edges) if stop > start
    ]


def s_of_t(t: NDArray[np.float64], df: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Turn t into ``t / sqrt(t^2 + df)``."""
    with np.errstate(invalid="ignore"):
        s = t / np.hypot(t, np.sqrt(df))
    return np.where(np.isinf(t), np.sign(t), s)


def t_of_s(s: NDArray[np.float64], df: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Turn s back into t, infinite at 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t: NDArray[np.float64] = s * np.sqrt(df) / np.sqrt(np.maximum(1 - s**2, 0))
    return np.where(s == 0, 0.0, t)
