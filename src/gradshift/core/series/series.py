"""Denoised series of regions: what every step after denoising works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradshift.core.series.connectivity import join_runs

Gives = Literal["matrix", "series", "vertices", "voxels"]
"""What a source has of a session, the richer the later."""


@dataclass(frozen=True, kw_only=True)
class RegionSeries:
    """Denoised series of R regions: N retained volumes of one run, or of runs joined.

    Parameters
    ----------
    names : tuple of str, length R
        The regions.
    series : (N, R) array
        NaN throughout for a region without a value.
    volumes : (N,) array of int
        Index of each retained volume within its own run.
    run_of : (N,) array of int
        The run each retained volume came from; runs follow each other.
    tr : float
        Repetition time in seconds.
    fd : (T,) array
        Framewise displacement of all volumes in mm; NaN where it is not known.
    fd_retained : (N,) array
        That of the retained volumes.
    fd_unfiltered : (T,) array, optional
        Displacement before the motion parameters were filtered; None where they were not.
    coverage : (R,) array
        Share of each region that was measured, 0 to 1, of runs joined the smallest; NaN where
        it is not known.
    reasons : mapping of str to str
        Regions without a value, and why.
    sources : tuple of str
        Names of the files that the series come from.

    Raises
    ------
    ValueError
        If the sizes do not agree.
    """

    names: tuple[str, ...]
    series: NDArray[np.float64]
    volumes: NDArray[np.intp]
    run_of: NDArray[np.intp]
    tr: float
    fd: NDArray[np.float64]
    fd_retained: NDArray[np.float64]
    coverage: NDArray[np.float64]
    reasons: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    fd_unfiltered: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        wanted = (len(self.volumes), len(self.names))
        if self.series.shape != wanted:
            raise ValueError(f"The series have the shape {self.series.shape}, not {wanted}.")
        if len(self.run_of) != wanted[0] or len(self.coverage) != wanted[1]:
            raise ValueError(
                f"{len(self.run_of)} runs for {wanted[0]} volumes, {len(self.coverage)} values "
                f"of coverage for {wanted[1]} regions."
            )

    @property
    def mean_fd(self) -> float | None:
        """Mean framewise displacement of all volumes in mm; None where none is known."""
        return _mean(self.fd)

    @property
    def mean_fd_retained(self) -> float | None:
        """Mean framewise displacement of the retained volumes in mm."""
        return _mean(self.fd_retained)

    @property
    def mean_fd_unfiltered(self) -> float | None:
        """Mean displacement of all volumes in mm before filtering; None where there was none."""
        return None if self.fd_unfiltered is None else _mean(self.fd_unfiltered)

    def numbered(self, run: int) -> "RegionSeries":
        """Return the series of a single run under this number."""
        return replace(self, run_of=np.full(len(self.volumes), run, dtype=np.intp))


def join(runs: Sequence[RegionSeries]) -> RegionSeries:
    """Put the series of runs one after the other, as `join_runs` does.

    Parameters
    ----------
    runs : sequence of RegionSeries
        Of the same regions and repetition time, each with its number.
    """
    first = runs[0]
    unfiltered = [run.fd_unfiltered for run in runs if run.fd_unfiltered is not None]
    return RegionSeries(
        names=first.names,
        series=join_runs([run.series for run in runs]),
        volumes=np.concatenate([run.volumes for run in runs]),
        run_of=np.concatenate([run.run_of for run in runs]),
        tr=first.tr,
        fd=np.concatenate([run.fd for run in runs]),
        fd_retained=np.concatenate([run.fd_retained for run in runs]),
        coverage=np.min([run.coverage for run in runs], axis=0),
        reasons={name: text for run in runs for name, text in run.reasons.items()},
        sources=tuple(name for run in runs for name in run.sources),
        fd_unfiltered=np.concatenate(unfiltered) if unfiltered else None,
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None
