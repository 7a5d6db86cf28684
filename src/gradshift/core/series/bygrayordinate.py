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

from gradshift.core.series.parcellate import (
    CARPET_VOXELS,
    MAX_NOT_FINITE,
    Parcellation,
    RegionMeans,
    give_back,
    unless_centred,
)

Pieces = Generator[tuple[int, NDArray[Any]], None, None]
"""(first place, series) in order; series is (b, T)."""

BLOCK = 64
"""Series handled at once: their numbers stay in the cache of the processor."""

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
    good = np.ones(n_volumes, dtype=bool)
    with np.errstate(all="ignore"):
        sums = _Sums(atlases, good, carpet_voxels, slope, intercept)
        sums.add(read, keep)
        bad = sums.bad
        if bad.any() and not bad.all():
            sums = _Sums(atlases, ~bad, carpet_voxels, slope, intercept)
            sums.add(read)
        return sums.result(np.flatnonzero(bad))


class _Sums:
    """What is added up while the series go by."""

    def __init__(
        self,
        atlases: Sequence[Atlas],
        good: NDArray[np.bool_],
        n_carpet: int,
        slope: float,
        intercept: float,
    ) -> None:
        n = len(atlases[0][0])
        self._atlases, self._good = atlases, good
        self._slope, self._intercept = slope, intercept
        self._first = [np.zeros(size) for _, size in atlases]
        since = int(good.sum())  # changes are since the first good volume
        self._changes = [np.zeros((size, since)) for _, size in atlases]
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
        if not self._nonzero.all():
            self._nonzero |= (np.isfinite(values) & (values != 0)).any(axis=0)
        self._finite += len(values)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            first = where.start + start
            self._add_block(slice(first, first + len(block)), block)

    def _add_block(self, where: slice, values: NDArray[Any]) -> None:
        """Add some series, whose numbers stay in the cache of the processor."""
        used = values if self._good.all() else values[:, self._good]
        kind = np.result_type(values.dtype, np.float32)
        first = used[:, 0].astype(np.float64)
        change = np.subtract(used, used[:, :1], dtype=kind)
        squares = np.einsum("ij,ij->i", change, change).astype(np.float64)
        if not (fine := np.isfinite(squares) & (squares > 0)).all():
            odd = np.flatnonzero(~fine)  # constant, not finite, or beyond single precision
            self._finite -= (~np.isfinite(values[odd])).sum(axis=0)
            exact = np.subtract(used[odd], used[odd, :1], dtype=np.float64)
            squares[odd] = np.einsum("ij,ij->i", exact, exact)
            fine = np.isfinite(squares) & (squares > 0)
            first[~fine] = change[~fine] = 0.0
        level = change.mean(axis=1, dtype=kind).astype(np.float64)
        spread = np.sqrt(np.maximum(squares / change.shape[1] - level**2, 0.0))
        self._valid[where] = fine
        self._tsnr[where] = (first + level) / spread
        for (labels, _), firsts, changes in zip(
            self._atlases, self._first, self._changes, strict=True
        ):
            here = labels[where]
            if len(regions := np.unique(here[here > 0])):
                member = here == regions[:, None]
                firsts[regions - 1] += member @ first
                changes[regions - 1] += member.astype(kind) @ change

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

    def result(self, bad: NDArray[np.intp]) -> Parcellation:
        """Turn the sums into means."""
        valid = self._valid
        tsnr = unless_centred(self._tsnr, valid)
        results = []
        for (labels, size), first, changes in zip(
            self._atlases, self._first, self._changes, strict=True
        ):
            counts = np.bincount(labels, minlength=size + 1)[1:]
            n_used = np.bincount(labels[valid], minlength=size + 1)[1:]
            sums = np.bincount(labels[valid], tsnr[valid], minlength=size + 1)[1:]
            means = np.full((len(self._good), size), np.nan)
            means[self._good] = ((first[:, None] + changes) / n_used[:, None]).T
            results.append(
                RegionMeans(
                    means=means,
                    n_voxels=counts,
                    n_in_mask=counts,
                    n_used=n_used,
                    tsnr=sums / n_used,
                )
            )
        shown = valid[self._sample]
        return Parcellation(
            atlases=tuple(results),
            tsnr=float(np.median(tsnr[valid])) if valid.any() else float("nan"),
            run_mask=valid,
            bad_volumes=tuple(bad.tolist()),
            carpet=self._carpet[:, shown],
            carpet_voxels=self._sample[shown],
        )
