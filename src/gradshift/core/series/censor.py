"""Which volumes of a run are retained, and whether enough of them are."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Thresholds(Protocol):
    """What censoring for motion needs to know (a recipe's `Scrub` has it)."""

    @property
    def fd_threshold(self) -> float | None:
        """Framewise displacement (mm) above which a volume is dropped."""

    @property
    def dvars_threshold(self) -> float | None:
        """Standardised DVARS above which a volume is dropped."""

    @property
    def min_segment(self) -> int:
        """Shortest run of retained volumes that is kept."""

    @property
    def before(self) -> int:
        """Volumes dropped before each one above a threshold."""

    @property
    def after(self) -> int:
        """Volumes dropped after each one above a threshold."""


@dataclass(frozen=True, kw_only=True)
class Censoring:
    """Which of T volumes are retained, and why the others are not.

    Parameters
    ----------
    kept : (T,) array of bool
    reasons : dict of str to (T,) array of bool
        In this order: ``bad_volume`` (not usable as an image), ``non_steady_state``, ``fd``,
        ``dvars`` (above their thresholds), ``neighbour`` (beside one of these two),
        ``short_segment``. A volume may have several reasons, but ``neighbour`` and
        ``short_segment`` are given only to volumes that have no other.
    """

    kept: NDArray[np.bool_]
    reasons: dict[str, NDArray[np.bool_]]

    @property
    def indices(self) -> NDArray[np.intp]:
        """Positions of the retained volumes, 0-based."""
        return np.flatnonzero(self.kept)


def retained(
    fd: NDArray[np.float64] | None,
    dvars: NDArray[np.float64] | None,
    non_steady: NDArray[np.bool_],
    scrub: Thresholds | None,
    bad_volumes: NDArray[np.bool_] | None = None,
    outliers: NDArray[np.bool_] | None = None,
) -> Censoring:
    """Decide which volumes are retained.

    Volumes strictly above a threshold are dropped; a volume without a value (the first) is
    not above any. Retained stretches shorter than ``scrub.min_segment`` are dropped as in
    nilearn, except that what interrupts a stretch is any dropped volume (in nilearn volumes
    that are not steady do not count). A run of which nothing is dropped has no short segments.

    Parameters
    ----------
    fd : (T,) array or None
        Framewise displacement in mm.
    dvars : (T,) array or None
        Standardised DVARS.
    non_steady : (T,) array of bool
        True for volumes before the steady state; always dropped.
    scrub : Thresholds or None
        None: nothing is dropped for motion.
    bad_volumes : (T,) array of bool, optional
        True for volumes that cannot be used (not a number, empty); always dropped.
    outliers : (T,) array of bool, optional
        True for volumes that another program left out and filled; always dropped, as ``outlier``.

    Returns
    -------
    Censoring

    Raises
    ------
    ValueError
        If sizes differ, or a threshold is given for something that is not there.

    References
    ----------
    Power et al. (2014), NeuroImage 84:320.
    """
    n_volumes = len(non_steady)
    nothing = np.zeros(n_volumes, dtype=bool)
    bad = nothing.copy() if bad_volumes is None else np.array(bad_volumes, dtype=bool)
    reasons = {"bad_volume": bad, "non_steady_state": np.array(non_steady, dtype=bool)}
    fd_threshold = None if scrub is None else scrub.fd_threshold
    dvars_threshold = None if scrub is None else scrub.dvars_threshold
    reasons["fd"] = _above("fd", fd, fd_threshold, n_volumes)
    reasons["dvars"] = _above("dvars", dvars, dvars_threshold, n_volumes)
    if outliers is not None:
        reasons["outlier"] = np.array(outliers, dtype=bool)
    if len(bad) != n_volumes:
        raise ValueError(f"bad_volumes has {len(bad)} volumes, non_steady {n_volumes}.")
    dropped = np.logical_or.reduce(list(reasons.values()))
    reasons["neighbour"] = reasons["short_segment"] = nothing
    if scrub is not None:
        motion = reasons["fd"] | reasons["dvars"]
        reasons["neighbour"] = _widen(motion, scrub.before, scrub.after) & ~dropped
        dropped |= reasons["neighbour"]
        reasons["short_segment"] = _short_segments(~dropped, scrub.min_segment)
        dropped |= reasons["short_segment"]
    return Censoring(kept=~dropped, reasons=reasons)


def _above(
    name: str, values: NDArray[np.float64] | None, threshold: float | None, n_volumes: int
) -> NDArray[np.bool_]:
    if values is not None and len(values) != n_volumes:
        raise ValueError(f"{name} has {len(values)} volumes, non_steady {n_volumes}.")
    if threshold is None:
        return np.zeros(n_volumes, dtype=bool)
    if values is None:
        raise ValueError(f"There is a threshold for {name} ({threshold:g}) but no {name}.")
    # A NaN is not above anything.
    above: NDArray[np.bool_] = values > threshold
    return above


def _widen(mask: NDArray[np.bool_], before: int, after: int) -> NDArray[np.bool_]:
    wide = mask.copy()
    for index in np.flatnonzero(mask):
        wide[max(index - before, 0) : index + after + 1] = True
    return wide


def _short_segments(kept: NDArray[np.bool_], min_segment: int) -> NDArray[np.bool_]:
    short = np.zeros(len(kept), dtype=bool)
    if kept.all():
        return short
    edges = np.flatnonzero(np.diff(kept.astype(np.int8), prepend=0, append=0))
    for start, stop in edges.reshape(-1, 2):
        short[start:stop] = stop - start < min_segment
    return short
