"""Voxel maps of one session, and their means over regions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd

from gradshift.core.series.connectivity import join_runs
from gradshift.core.series.reho import concordance, concordance_among, doubled_ranks, planes
from gradshift.core.series.seeds import seed_map
from gradshift.core.series.spectra import Spectrum, over_mean, spectrum, z_scores
from gradshift.errors import InputError

MAPS = ("alff", "malff", "falff", "zfalff", "reho")
"""Maps of intrinsic activity, each the measure of the same name."""


BLOCK = 512
"""Voxels handled at once: what is computed of them stays in the cache of the processor."""

PART = 8192
"""Places that are read at once, where they lie on no grid."""

Ranks = Iterator[NDArray[np.signedinteger]]
"""What `gradshift.core.series.reho.doubled_ranks` gives, some places at a time."""


class Cut(Protocol):
    """What series of some places can be taken of: an array, or a file that is read in parts."""

    def __getitem__(self, where: tuple[slice, slice], /) -> NDArray[np.float32]:
        """Return ``[:, start:stop]``."""


@dataclass(frozen=True, kw_only=True)
class VoxelRun:
    """The voxels of one run, and how to clean them.

    Parameters
    ----------
    voxels : (T, M) array, or what can be cut like one
        Of float32.
    columns : (V,) array of int
        Those to use, rising.
    kept : (T,) array of bool
        Retained volumes, N in all.
    cleaning, filtering : (N, N) array
        From `gradshift.core.series.denoise.cleaning_operator`, without and with the filter.
    """

    voxels: Cut
    columns: NDArray[np.intp]
    kept: NDArray[np.bool_]
    cleaning: NDArray[np.float64]
    filtering: NDArray[np.float64]

    def read(self, part: slice) -> NDArray[np.float32]:
        """Read some voxels, and all that the file holds between them; (T, m)."""
        columns = self.columns[part]
        return self.voxels[:, columns[0] : columns[-1] + 1]

    def centred(self, read: NDArray[np.float32], part: slice, block: slice) -> NDArray[np.float32]:
        """Return the retained volumes of some voxels, (b, N), with their means taken out.

        Cleaning takes the mean out in any case: without it first, nothing is lost to
        rounding in single precision.

        Parameters
        ----------
        read : (T, m) array
            What was read of a part.
        part, block : slice
            That part, and voxels in it.
        """
        columns = self.columns[block] - self.columns[part.start]
        start, stop = columns[0], columns[-1] + 1
        values = read[:, start:stop][self.kept]
        if len(columns) < stop - start:
            values = values[:, columns - start]
        series = values.T.copy(order="C")
        means = series.mean(axis=1, dtype=np.float64, keepdims=True)
        np.subtract(series, means.astype(np.float32), out=series)
        return series

    def cleaned(self, series: NDArray[np.float32]) -> NDArray[np.float32]:
        """Clean series, (b, N)."""
        into, out_of = self._regressed
        return np.subtract(series, series @ into @ out_of, dtype=np.float32)

    def filtered(self, series: NDArray[np.float32]) -> NDArray[np.float32]:
        """Clean and filter series, (b, N)."""
        return series @ self._filtering

    @cached_property
    def _filtering(self) -> NDArray[np.float32]:
        return self.filtering.T.astype(np.float32)

    @cached_property
    def _regressed(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What cleaning takes out of a series, as a product of two thin matrices.

        It has as many dimensions as there are regressors.
        """
        taken = np.eye(len(self.cleaning)) - self.cleaning
        left, size, right = svd(taken)
        kept = size > len(taken) * np.finfo(np.float64).eps * size.max(initial=0.0)
        into, out_of = right[kept].T, (left[:, kept] * size[kept]).T
        return into.astype(np.float32), out_of.astype(np.float32)


class Maps(NamedTuple):
    """Maps over V voxels.

    Parameters
    ----------
    values : mapping of str to (V,) array
        By the name of the measure, see `MAPS`.
    seeds : list of (V,) array
        Fisher z with every seed.
    missing : mapping of str to str
        Why a map could not be made.
    remarks : tuple of str
        A sentence each.
    """

    values: Mapping[str, NDArray[np.float64]]
    seeds: Sequence[NDArray[np.float64]]
    missing: Mapping[str, str]
    remarks: tuple[str, ...]


class Volumes(NamedTuple):
    """The retained volumes of the runs of a session, N in all.

    Parameters
    ----------
    number, run_of : (N,) array of int
        Index of each within its run, and the number of the run.
    tr : float
        Repetition time in seconds.
    """

    number: NDArray[np.intp]
    run_of: NDArray[np.intp]
    tr: float


class Grid(NamedTuple):
    """Where voxels lie: neighbours are those that share a face, an edge or a corner.

    Parameters
    ----------
    places : (V,) array of int
        Rising places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.
    """

    places: NDArray[np.intp]
    shape: tuple[int, int, int]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The voxels; in C order the grid is that of z, y, x, and neighbours are the same."""
        return on_grid(np.ones(len(self.places), dtype=bool), self.places, self.shape[::-1])

    @property
    def parts(self) -> list[slice]:
        """What is read at once: a plane."""
        return planes(self.mask)

    def concordance(self, ranks: Ranks, n_volumes: int) -> NDArray[np.float64]:
        """Return Kendall's W of every neighbourhood."""
        return concordance(ranks, self.mask, n_volumes)


class Neighbourhoods(NamedTuple):
    """Which of V places are neighbours, where they lie on no grid.

    Parameters
    ----------
    pairs : (2, P) array of int
        Neighbours, each pair once.
    full : (V,) array of int
        Places of a whole neighbourhood, the place itself among them.
    """

    pairs: NDArray[np.intp]
    full: NDArray[np.intp]

    @property
    def parts(self) -> list[slice]:
        """What is read at once."""
        n = len(self.full)
        return [slice(start, min(start + PART, n)) for start in range(0, n, PART)]

    def concordance(self, ranks: Ranks, n_volumes: int) -> NDArray[np.float64]:
        """Return Kendall's W of every neighbourhood."""
        return concordance_among(ranks, self.pairs, self.full, n_volumes)


def session_maps(
    runs: Sequence[VoxelRun],
    volumes: Volumes,
    ground: Grid | Neighbourhoods,
    *,
    n_common: int,
    band: tuple[float, float],
    seeds: Sequence[NDArray[np.float64]] = (),
    homogeneity: bool = True,
) -> Maps:
    """Map intrinsic activity and the connectivity of seeds, in one pass over the voxels.

    Of a grid three planes of voxels are held at a time, whatever the number of volumes.

    Parameters
    ----------
    runs : sequence of VoxelRun
        The runs of the session, by rising number.
    volumes : Volumes
    ground : Grid or Neighbourhoods
        Where the V voxels or vertices lie.
    n_common : int
        Volumes that amplitudes and homogeneity are measured in, the first ones.
    band : (low, high)
        In hertz.
    seeds : sequence of (N,) array
        Series of the seeds, of the runs joined as the voxels are.
    homogeneity : bool
        Whether to map regional homogeneity, which costs more than all else.
    """
    missing: dict[str, str] = {}
    waves: Spectrum | None = None
    try:
        waves = spectrum(volumes.number[:n_common], volumes.run_of[:n_common], volumes.tr, band)
    except InputError as error:
        missing = dict.fromkeys(MAPS[:4], str(error))
    parts = ground.parts
    n_voxels = parts[-1].stop if parts else 0
    one_pass = _Pass(
        runs=runs,
        spectrum=waves,
        n_common=n_common,
        seeds=seeds,
        amplitudes=np.full((2, n_voxels), np.nan),
        with_seeds=np.full((len(seeds), n_voxels), np.nan),
    )
    values = {}
    if homogeneity:
        values["reho"] = ground.concordance(one_pass.ranks(parts), n_common)
    else:
        one_pass.fill(parts)
    if waves is not None:
        alff, falff = one_pass.amplitudes
        values |= {
            "alff": alff, "malff": over_mean(alff), "falff": falff, "zfalff": z_scores(falff)
        }  # fmt: skip
    return Maps(values, list(one_pass.with_seeds), missing, waves.remarks if waves else ())


@dataclass(frozen=True, kw_only=True)
class _Pass:
    """The pass over all voxels, which fills maps on its way.

    Parameters
    ----------
    runs, n_common, seeds
        As in `session_maps`.
    spectrum : Spectrum or None
        None if amplitudes cannot be measured.
    amplitudes : (2, V) array
        Filled with ALFF and fALFF.
    with_seeds : (S, V) array
        Filled with Fisher z.
    """

    runs: Sequence[VoxelRun]
    spectrum: Spectrum | None
    n_common: int
    seeds: Sequence[NDArray[np.float64]]
    amplitudes: NDArray[np.float64]
    with_seeds: NDArray[np.float64]

    def ranks(self, parts: Sequence[slice]) -> Iterator[NDArray[np.signedinteger]]:
        """Yield the (b, n_common) ranks of parts of the voxels, in order."""
        for part in parts:
            ranked = [doubled_ranks(joined[: self.n_common].T) for joined in self._mapped(part)]
            yield np.concatenate(ranked) if ranked else np.zeros((0, self.n_common), np.int16)

    def fill(self, parts: Sequence[slice]) -> None:
        """Fill the maps, without ranks."""
        for part in parts:
            for _ in self._mapped(part):
                pass

    def _mapped(self, part: slice) -> Iterator[NDArray[np.float32]]:
        """Fill the maps of a part of the voxels, which is read at once.

        Yields
        ------
        (N, b) array
            The series of some of them, filtered and joined.
        """
        if part.start == part.stop:
            return
        read = [run.read(part) for run in self.runs]
        for block in _blocks(part):
            raw = [
                run.centred(values, part, block)
                for run, values in zip(self.runs, read, strict=True)
            ]
            yield self._map(block, raw)

    def _map(self, block: slice, raw: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Fill the maps of some voxels from their series, (b, N) of each run."""
        if self.spectrum is not None:
            cleaned = [run.cleaned(series) for run, series in zip(self.runs, raw, strict=True)]
            every = np.concatenate(cleaned, axis=1)
            self.amplitudes[:, block] = self.spectrum.measure(every[:, : self.n_common])
        filtered = [run.filtered(series) for run, series in zip(self.runs, raw, strict=True)]
        joined = join_runs([series.T for series in filtered])
        for z, seed in zip(self.with_seeds, self.seeds, strict=True):
            z[block] = seed_map(joined, seed)
        return joined


def _blocks(part: slice) -> list[slice]:
    starts = range(part.start, part.stop, BLOCK)
    return [slice(start, min(start + BLOCK, part.stop)) for start in starts]


def on_grid(
    values: NDArray[Any], places: NDArray[np.intp], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Put values back at their places in a grid."""
    image = np.zeros(shape, dtype=values.dtype)
    image.ravel()[places] = values
    return image
