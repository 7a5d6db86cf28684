"""Region means of a file that holds one whole series after the other, in one pass.

What `gradshift.core.series.parcellate` is to files that hold one volume after the other: the same
rules say which volumes are bad and which places count. Here a series is known whole when it is
added up, so that those that do not count are left out at once. Bad volumes are known only
at the end of the pass; where there are any, the file is read once more without them.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gradshift.core.series.parcellate import (
    CARPET_VOXELS,
    MAX_NOT_FINITE,
    Parcellation,
    RegionMeans,
    give_back,
)

Pieces = Generator[tuple[int, NDArray[Any]], None, None]
"""(first place, series) in order; series is (b, T)."""

Atlas = tuple[NDArray[np.integer[Any]], int]


def parcellate_series(
    read: Callable[[], Pieces],
    atlases: Sequence[Atlas],
    *,
    n_volumes: int,
    slope: float = 1.0,
    intercept: float = 0.0,
    carpet_voxels: int = CARPET_VOXELS,
    keep: NDArray[np.float32] | None = None,
) -> Parcellation:
    """Average a run over the regions of one or more atlases.

    Parameters
    ----------
    read : callable
        Starts reading the run: a generator of (first place, (b, T) numbers). Called once, and
        a second time if a volume is bad.
    atlases : sequence of ((G,) array of int, int)
        Labels 1..R of every place, 0 for none, and R.
    n_volumes : int
        T.
    slope, intercept : float
        value = slope * number + intercept.
    carpet_voxels : int
        How many series the carpet has.
    keep : (T, G) array of float32, optional
        Filled with all values. May be a memory map.

    Returns
    -------
    Parcellation
        All places are in its mask.

    Raises
    ------
    ValueError
        If `read` gives other places than the atlases have.
    """
    weights = _weights(atlases)
    good = np.ones(n_volumes, dtype=bool)
    with np.errstate(all="ignore"):
        sums = _Sums(weights, good, carpet_voxels, slope, intercept)
        sums.add(read, keep)
        bad = sums.bad
        if bad.any() and not bad.all():
            sums = _Sums(weights, ~bad, carpet_voxels, slope, intercept)
            sums.add(read)
        return sums.result(atlases, np.flatnonzero(bad))


def _weights(atlases: Sequence[Atlas]) -> csr_array:
    """(G, regions of all atlases) matrix with a 1 where a place belongs to a region."""
    rows, columns, first = [], [], 0
    for labels, size in atlases:
        inside = np.flatnonzero(labels)
        rows.append(inside)
        columns.append(first + labels[inside].astype(np.intp) - 1)
        first += size
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (len(atlases[0][0]), first)
    return csr_array((np.ones(len(row)), (row, column)), shape=shape)


class _Sums:
    """What is added up while the series go by."""

    def __init__(
        self,
        weights: csr_array,
        good: NDArray[np.bool_],
        n_carpet: int,
        slope: float,
        intercept: float,
    ) -> None:
        n, n_regions = weights.shape
        self._weights, self._good = weights, good
        self._slope, self._intercept = slope, intercept
        self._first = np.zeros(n_regions)
        self._changes = np.zeros((n_regions, int(good.sum())))  # since the first good volume
        self._finite = np.zeros(len(good), dtype=np.intp)  # places, by volume
        self._nonzero = np.zeros(len(good), dtype=bool)  # volumes that hold anything
        self._valid = np.zeros(n, dtype=bool)
        self._tsnr = np.full(n, np.nan)
        self._sample = np.linspace(0, n - 1, min(n_carpet, n)).round().astype(int)
        self._carpet = np.empty((len(good), len(self._sample)), dtype=np.float32)

    def add(self, read: Callable[[], Pieces], keep: NDArray[np.float32] | None = None) -> None:
        """Read the run."""
        reached = 0
        with closing(read()) as pieces:
            for start, numbers in pieces:
                if start != reached:
                    raise ValueError(f"Expected place {reached}, got {start}.")
                reached += len(numbers)
                values = self._values(numbers)
                self._add(slice(start, reached), values)
                if keep is not None:
                    keep[:, start:reached] = values.T
                    give_back(keep)
        if reached != len(self._valid):
            raise ValueError(f"Expected {len(self._valid)} places, got {reached}.")

    def _add(self, where: slice, values: NDArray[Any]) -> None:
        inside = (self._sample >= where.start) & (self._sample < where.stop)
        self._carpet[:, inside] = values[self._sample[inside] - where.start].T
        finite = self._count(values)
        if not self._good.all():
            values = values[:, self._good]
            finite = None if finite is None else finite[:, self._good]
        first = values[:, 0].astype(np.float64)
        change = np.subtract(values, first[:, None], dtype=np.float64)
        squares = np.einsum("ij,ij->i", change, change)
        valid = squares > 0
        if finite is not None:
            valid &= finite.all(axis=1)
        if not valid.all():
            first[~valid] = change[~valid] = 0.0
        level = change.mean(axis=1)
        spread = np.sqrt(np.maximum(squares / change.shape[1] - level**2, 0.0))
        self._valid[where] = valid
        self._tsnr[where] = (first + level) / spread
        weights = self._weights[where].T
        self._first += weights @ first
        self._changes += weights @ change

    def _count(self, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Count what is finite, by volume; return where, or None if all is."""
        if not self._nonzero.all():
            self._nonzero |= (np.isfinite(values) & (values != 0)).any(axis=0)
        if np.isfinite(values.sum(dtype=np.float64)):  # one that is not makes the sum so
            self._finite += len(values)
            return None
        finite: NDArray[np.bool_] = np.isfinite(values)
        self._finite += finite.sum(axis=0)
        return finite

    def _values(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Turn numbers of the file into values."""
        trivial = self._slope == 1 and self._intercept == 0
        return numbers if trivial else numbers * self._slope + self._intercept

    @property
    def bad(self) -> NDArray[np.bool_]:
        """(T,) True for volumes that are mostly not finite, or zero throughout."""
        few = self._finite < (1 - MAX_NOT_FINITE) * len(self._valid)
        bad: NDArray[np.bool_] = few | ~self._nonzero
        return bad

    def result(self, atlases: Sequence[Atlas], bad: NDArray[np.intp]) -> Parcellation:
        """Turn the sums into means, and share them out among the atlases."""
        n_used = self._weights.T @ self._valid.astype(np.float64)
        means = np.full((len(self._good), len(n_used)), np.nan)
        means[self._good] = ((self._first[:, None] + self._changes) / n_used[:, None]).T
        tsnr = self._weights.T @ np.where(self._valid, self._tsnr, 0.0) / n_used
        results, last = [], 0
        for labels, size in atlases:
            regions = slice(last, last + size)
            counts = np.bincount(labels, minlength=size + 1)[1:]
            results.append(
                RegionMeans(
                    means=means[:, regions],
                    n_voxels=counts,
                    n_in_mask=counts,
                    n_used=n_used[regions].astype(np.intp),
                    tsnr=tsnr[regions],
                )
            )
            last += size
        valid = self._valid
        shown = valid[self._sample]
        return Parcellation(
            atlases=tuple(results),
            tsnr=float(np.median(self._tsnr[valid])) if valid.any() else float("nan"),
            run_mask=valid,
            bad_volumes=tuple(bad.tolist()),
            carpet=self._carpet[:, shown],
            carpet_voxels=self._sample[shown],
        )
