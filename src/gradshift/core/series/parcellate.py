"""Region means of all atlases, and the quality of the voxels behind them, in one pass.

A run comes volume by volume and is never held as a whole. Of each volume only the voxels of
the brain mask are taken; one sparse matrix (regions of all atlases x voxels) adds them up in
double precision. Scaling is applied to the sums, not to the voxels.

Which voxels count
------------------
A region's mean is over its voxels in the brain mask *and* in the run mask: those that are
finite in every good volume and are not constant over time. The run mask is known only at
the end of the pass, so the sums must not depend on it:

- A volume is bad if more than half of its in-mask voxels are not finite, or if all are zero.
  It is left out of everything, its means are NaN.
- What is summed is the change of each voxel since the first good volume. A constant voxel
  changes by zero, and a voxel that is never finite is counted as zero: both leave the sums
  alone, and only the number of voxels and their level in the first good volume, which are
  known at the end, decide the mean.
- A voxel that is finite in some good volumes only has entered the sums of those. That is
  rare (images resampled volume by volume, whose edge moves); then, and only then, the run is
  read once more, without these voxels.

So the means are exact in every case, and no outlier in one voxel reaches a region.
"""

import mmap
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Blocks = Generator[tuple[int, NDArray[Any]], None, None]
"""(start, volumes) in order; volumes is (b, V)."""

MAX_NOT_FINITE = 0.5
"""A volume with a larger share of voxels that are not finite is bad."""

CENTRED = 0.01
"""A median tSNR below it is that of series whose mean was taken out."""

CARPET_VOXELS = 800
"""Voxels of the carpet sample."""


@dataclass(frozen=True, kw_only=True)
class RegionMeans:
    """What the pass gives for one atlas of R regions.

    Parameters
    ----------
    means : (T, R) array
        Mean over the voxels that count; a column of NaN where a region has none, a row of NaN
        for a bad volume.
    n_voxels : (R,) array of int
        Voxels of the region on the grid.
    n_in_mask : (R,) array of int
        Those in the brain mask.
    n_used : (R,) array of int
        Those that count: in the brain mask and in the run mask.
    tsnr : (R,) array
        Mean over the voxels that count of temporal mean / temporal SD; NaN without voxels.
    """

    means: NDArray[np.float64]
    n_voxels: NDArray[np.intp]
    n_in_mask: NDArray[np.intp]
    n_used: NDArray[np.intp]
    tsnr: NDArray[np.float64]

    @property
    def coverage(self) -> NDArray[np.float64]:
        """(R,) share of the region's voxels that count; 0 for a region without voxels."""
        return self.n_used / np.maximum(self.n_voxels, 1)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """(R,) True where a region has voxels in the mask, but none with a signal."""
        constant: NDArray[np.bool_] = (self.n_in_mask > 0) & (self.n_used == 0)
        return constant

    def reasons(self, threshold: float = 0.5) -> dict[int, str]:
        """Say why regions must not be used.

        Parameters
        ----------
        threshold : float
            Smallest coverage that is good enough.

        Returns
        -------
        dict of int to str
            Position of the region (0-based) to the reason; good regions are not in it.
        """
        reasons = {}
        for region, coverage in enumerate(self.coverage.tolist()):
            if self.n_voxels[region] == 0:
                reasons[region] = "no voxel on this grid"
            elif self.n_in_mask[region] == 0:
                reasons[region] = "no voxel in the brain mask"
            elif self.constant[region]:
                reasons[region] = "constant signal"
            elif coverage < threshold:
                reasons[region] = f"coverage {coverage:.2f} below {threshold:g}"
        return reasons


@dataclass(frozen=True, kw_only=True)
class Parcellation:
    """What one pass over a run of T volumes gives.

    Parameters
    ----------
    atlases : tuple of RegionMeans
        In the order in which the atlases were given.
    tsnr : float
        Median over the voxels that count of temporal mean / temporal SD.
    run_mask : (n_in_mask,) array of bool
        Which of the in-mask voxels are finite in all good volumes and not constant.
    bad_volumes : tuple of int
        Volumes that are mostly not finite, or zero throughout: to be censored.
    carpet : (T, S) array of float32
        Values of S voxels of the run mask, drawn evenly over the in-mask voxels.
    carpet_voxels : (S,) array of int
        Their places on the grid, 0..V-1.
    """

    atlases: tuple[RegionMeans, ...]
    tsnr: float
    run_mask: NDArray[np.bool_]
    bad_volumes: tuple[int, ...]
    carpet: NDArray[np.float32]
    carpet_voxels: NDArray[np.intp]


def parcellate(
    read: Callable[[], Blocks],
    atlases: Sequence[tuple[NDArray[np.integer[Any]], int]],
    mask: NDArray[np.bool_],
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
        Starts reading the run: a generator of (index of the first volume, (b, V) numbers).
        Called once, and a second time only if voxels are finite in a part of the volumes.
    atlases : sequence of ((V,) array of int, int)
        Labels 1..R of every voxel, 0 for none, and R.
    mask : (V,) array of bool
        The brain mask.
    n_volumes : int
        T.
    slope, intercept : float
        value = slope * number + intercept.
    carpet_voxels : int
        How many voxels the carpet sample has (fewer if the mask is smaller).
    keep : (T, n_in_mask) array of float32, optional
        Filled with the values of all in-mask voxels, in the order of the grid, as they are
        in the file (bad volumes and bad voxels too). May be a memory map.

    Returns
    -------
    Parcellation

    Raises
    ------
    ValueError
        If sizes do not fit together, or `read` gives more or fewer volumes.
    """
    _check_sizes(atlases, mask, n_volumes, keep)
    places = np.flatnonzero(mask)
    weights = _stack([labels[places] for labels, _ in atlases], [size for _, size in atlases])
    sample = np.linspace(0, len(places) - 1, min(carpet_voxels, len(places))).round().astype(int)
    carpet = np.empty((n_volumes, len(sample)), dtype=np.float32)
    sums = np.full((n_volumes, weights.shape[0]), np.nan)
    scale = _Scale(slope, intercept)
    voxels = _Voxels(len(places), zero=-intercept / slope)

    # Wild numbers (damaged data) may overflow; they show as such in the results.
    with np.errstate(all="ignore"):
        with closing(_volumes(read, places, n_volumes)) as volumes:
            for volume, numbers in volumes:
                change = voxels.add(volume, numbers)
                if change is not None:
                    sums[volume] = weights @ change
                carpet[volume] = scale.values(numbers[sample])
                if keep is not None:
                    keep[volume] = scale.values(numbers)
                    give_back(keep)
        if voxels.sometimes_finite.any():
            _sum_again(sums, read, places, weights, voxels)
        tsnr = voxels.tsnr(slope, intercept)
        results = _region_means(sums, weights, voxels, tsnr, atlases, scale)

    valid = voxels.valid
    shown = valid[sample]
    return Parcellation(
        atlases=results,
        tsnr=float(np.median(tsnr[valid])) if valid.any() else float("nan"),
        run_mask=valid,
        bad_volumes=tuple(voxels.bad_volumes),
        carpet=carpet[:, shown],
        carpet_voxels=places[sample[shown]],
    )


def unless_centred(tsnr: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return tSNR as it is, or NaN throughout for series that come without their mean.

    Parameters
    ----------
    tsnr : (V,) array
    valid : (V,) array of bool
        Places with a signal.
    """
    if valid.any() and np.median(np.abs(tsnr[valid])) < CENTRED:
        return np.full_like(tsnr, np.nan)
    return tsnr


def give_back(array: NDArray[Any]) -> None:
    """Give back the memory of a mapped file; what was written to it stays with the system.

    Nothing is lost, and the system may still hold it all; but it no longer counts as memory
    of this process, which a scheduler may bound.
    """
    shared = isinstance(array, np.memmap) and array.mode != "c"  # what is private would be lost
    if shared and isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)


def average_map(
    values: NDArray[np.float64],
    atlases: Sequence[tuple[NDArray[np.integer[Any]], int]],
    mask: NDArray[np.bool_],
) -> tuple[RegionMeans, ...]:
    """Average one map over the regions of one or more atlases.

    Parameters
    ----------
    values : (V,) array
        Voxels that are 0 or not finite have no value.
    atlases : sequence of ((V,) array of int, int)
        Labels 1..R of every voxel, 0 for none, and R.
    mask : (V,) array of bool
        Voxels that may be used.

    Returns
    -------
    tuple of RegionMeans
        With T = 1, and without tSNR.
    """
    used = mask & np.isfinite(values) & (values != 0)
    results = []
    for labels, size in atlases:
        counts = np.bincount(labels[used], minlength=size + 1)[1:]
        sums = np.bincount(labels[used], values[used], minlength=size + 1)[1:]
        with np.errstate(invalid="ignore"):
            means = (sums / counts)[None]
        results.append(
            RegionMeans(
                means=means,
                n_voxels=np.bincount(labels, minlength=size + 1)[1:],
                n_in_mask=counts,
                n_used=counts,
                tsnr=np.full(size, np.nan),
            )
        )
    return tuple(results)


def _region_means(
    sums: NDArray[np.float64],
    weights: csr_array,
    voxels: "_Voxels",
    tsnr: NDArray[np.float64],
    atlases: Sequence[tuple[NDArray[np.integer[Any]], int]],
    scale: "_Scale",
) -> tuple[RegionMeans, ...]:
    """Turn the sums of changes into means of values, and share them out among the atlases."""
    n_in_mask = np.diff(weights.indptr).astype(np.intp)
    n_used = weights @ voxels.valid.astype(np.float64)
    first = weights @ np.where(voxels.valid, voxels.first, 0.0)
    means = scale.values((first + sums) / n_used)
    region_tsnr = weights @ np.where(voxels.valid, tsnr, 0.0) / n_used
    results = []
    last = 0
    for labels, size in atlases:
        rows = slice(last, last + size)
        results.append(
            RegionMeans(
                means=means[:, rows],
                n_voxels=np.bincount(labels, minlength=size + 1)[1:],
                n_in_mask=n_in_mask[rows],
                n_used=n_used[rows].astype(np.intp),
                tsnr=region_tsnr[rows],
            )
        )
        last += size
    return tuple(results)


class _Scale(NamedTuple):
    """How numbers of a file become values."""

    slope: float
    intercept: float

    def values(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        """Turn numbers into values."""
        return numbers * self.slope + self.intercept


class _Voxels:
    """What becomes known of every in-mask voxel as the volumes go by.

    Parameters
    ----------
    n_voxels : int
    zero : float
        The number in the file that stands for the value zero.
    """

    def __init__(self, n_voxels: int, *, zero: float) -> None:
        self._zero = zero
        self.bad_volumes: list[int] = []
        self.n_good = 0
        self.first = np.zeros(n_voxels)  # numbers of the first good volume
        self._missing = np.zeros(n_voxels, dtype=np.intp)  # good volumes without a finite number
        self._sum = np.zeros(n_voxels)  # of the change since the first good volume
        self._squares = np.zeros(n_voxels)
        self._change = np.empty(n_voxels)
        self._scratch = np.empty(n_voxels)

    def add(self, volume: int, numbers: NDArray[Any]) -> NDArray[np.float64] | None:
        """Take in one volume; return its change since the first good one, None if it is bad.

        The change is overwritten by the next volume.
        """
        finite = np.isfinite(numbers)
        if self._is_bad(numbers, finite):
            self.bad_volumes.append(volume)
            return None
        if self.n_good == 0:
            self.first[finite] = numbers[finite]
        self.n_good += 1
        change: NDArray[np.float64] = np.subtract(numbers, self.first, out=self._change)
        if not finite.all():
            change[~finite] = 0.0
            self._missing += ~finite
        self._sum += change
        self._squares += np.multiply(change, change, out=self._scratch)
        return change

    def _is_bad(self, numbers: NDArray[Any], finite: NDArray[np.bool_]) -> bool:
        zero = np.rint(self._zero) if numbers.dtype.kind in "iu" else self._zero
        n_finite = np.count_nonzero(finite)
        if n_finite < (1 - MAX_NOT_FINITE) * finite.size:
            return True
        return not np.count_nonzero((numbers != zero) & finite)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(n,) the run mask: finite in every good volume, and not constant."""
        valid: NDArray[np.bool_] = (self._missing == 0) & (self._squares > 0)
        return valid

    @property
    def sometimes_finite(self) -> NDArray[np.bool_]:
        """(n,) True for voxels that are finite in some good volumes, but not in all."""
        return (self._missing > 0) & (self._missing < self.n_good)

    def tsnr(self, slope: float, intercept: float) -> NDArray[np.float64]:
        """(n,) temporal mean / standard deviation (of the population) of the values."""
        change = self._sum / self.n_good
        sd = np.sqrt(np.maximum(self._squares / self.n_good - change**2, 0.0))
        mean = (self.first + change) * slope + intercept
        return unless_centred(mean / (sd * abs(slope)), self.valid)


def _volumes(
    read: Callable[[], Blocks], places: NDArray[np.intp], n_volumes: int
) -> Generator[tuple[int, NDArray[Any]], None, None]:
    """Read the run; give each volume's index and its numbers at the places."""
    n_read = 0
    with closing(read()) as blocks:
        for start, block in blocks:
            if start != n_read or start + len(block) > n_volumes:
                raise ValueError(
                    f"Expected volumes {n_read} to at most {n_volumes - 1}, "
                    f"got {start} to {start + len(block) - 1}."
                )
            for volume in block:
                yield n_read, volume.take(places)
                n_read += 1
    if n_read != n_volumes:
        raise ValueError(f"Expected {n_volumes} volumes, got {n_read}.")


def _sum_again(
    sums: NDArray[np.float64],
    read: Callable[[], Blocks],
    places: NDArray[np.intp],
    weights: csr_array,
    voxels: _Voxels,
) -> None:
    """Replace the sums by those of the valid voxels alone."""
    bad = set(voxels.bad_volumes)
    with closing(_volumes(read, places, len(sums))) as volumes:
        for volume, numbers in volumes:
            if volume not in bad:
                sums[volume] = weights @ np.where(voxels.valid, numbers - voxels.first, 0.0)


def _stack(labels: Sequence[NDArray[np.integer[Any]]], sizes: Sequence[int]) -> csr_array:
    """(regions of all atlases, n) matrix with a 1 where a voxel belongs to a region."""
    rows = []
    columns = []
    first = 0
    for atlas, size in zip(labels, sizes, strict=True):
        inside = np.flatnonzero(atlas)
        rows.append(first + atlas[inside].astype(np.intp) - 1)
        columns.append(inside)
        first += size
    # 32-bit positions: the products are bound by how fast the matrix comes from memory.
    row = np.concatenate(rows).astype(np.int32)
    column = np.concatenate(columns).astype(np.int32)
    return csr_array((np.ones(len(row)), (row, column)), shape=(first, len(labels[0])))


def _check_sizes(
    atlases: Sequence[tuple[NDArray[np.integer[Any]], int]],
    mask: NDArray[np.bool_],
    n_volumes: int,
    keep: NDArray[np.float32] | None,
) -> None:
    n_in_mask = int(np.count_nonzero(mask))
    if mask.dtype != bool or n_in_mask == 0:
        raise ValueError(f"The mask must be bool and not empty, got {mask.dtype}, {n_in_mask} in.")
    if not atlases:
        raise ValueError("At least one atlas is needed, got none.")
    for labels, size in atlases:
        if labels.shape != mask.shape:
            raise ValueError(f"Labels have shape {labels.shape}, the mask has {mask.shape}.")
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high > size:
            raise ValueError(f"Labels must be within 0..{size}, got {low}..{high}.")
    if keep is not None and keep.shape != (n_volumes, n_in_mask):
        raise ValueError(f"`keep` must be {(n_volumes, n_in_mask)}, got {keep.shape}.")
