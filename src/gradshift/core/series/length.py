"""Whether enough of a run is left, and whether it moved too much."""

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import ExcludedError

WARN_MEAN_FD = 0.25
"""Mean framewise displacement (mm) above which a run is remarked upon."""

WARN_FD = 5.0
"""Framewise displacement (mm) of a single volume that is remarked upon."""

WARN_MINUTES = 4.0
"""Minutes below which a run is remarked upon even where less was allowed."""


def check_length(
    kept: NDArray[np.bool_],
    fd: NDArray[np.float64] | None,
    *,
    tr: float,
    min_minutes: float = 5.0,
    min_share: float = 0.5,
    max_mean_fd: float | None = 0.55,
) -> list[str]:
    """Check that a run is long enough and its head still enough.

    Parameters
    ----------
    kept : (T,) array of bool
        Retained volumes.
    fd : (T,) array or None
        Framewise displacement in mm of all volumes, dropped ones included.
    tr : float
        Repetition time in seconds.
    min_minutes : float
        Minutes that must be retained.
    min_share : float
        Share of all volumes that must be retained.
    max_mean_fd : float or None
        Largest mean framewise displacement in mm; None (recipes without scrubbing) allows
        any.

    Returns
    -------
    list of str
        Warnings, a sentence each.

    Raises
    ------
    ExcludedError
        If the run must be left out.
    """
    n_kept, n_volumes = int(kept.sum()), len(kept)
    minutes, share = n_kept * tr / 60, n_kept / max(n_volumes, 1)
    left = f"{minutes:.1f} min ({n_kept} of {n_volumes} volumes, {share:.0%}) are retained"
    # Rounding must not exclude a run of exactly the minimum.
    if minutes < min_minutes - 1e-9:
        raise ExcludedError(
            f"Only {left}, and at least {min_minutes:g} min are needed (--min-minutes)."
        )
    if share < min_share - 1e-9:
        raise ExcludedError(
            f"Only {left}, and at least {min_share:.0%} of the volumes are needed "
            "(min_share of the recipe)."
        )
    warnings = []
    if minutes < WARN_MINUTES:
        warnings.append(f"Only {left}: correlations from less than 4 min are unreliable.")
    return warnings + _check_motion(fd, max_mean_fd)


def _check_motion(fd: NDArray[np.float64] | None, max_mean_fd: float | None) -> list[str]:
    if fd is None or not np.isfinite(fd).any():
        return []
    mean, largest = float(np.nanmean(fd)), float(np.nanmax(fd))
    if max_mean_fd is not None and mean > max_mean_fd:
        raise ExcludedError(
            f"The mean framewise displacement is {mean:.2f} mm, and at most {max_mean_fd:g} mm "
            "is allowed (max_mean_fd of the recipe)."
        )
    warnings = []
    if mean > WARN_MEAN_FD:
        warnings.append(
            f"The mean framewise displacement is {mean:.2f} mm (more than {WARN_MEAN_FD:g} mm)."
        )
    if largest > WARN_FD:
        count = int((fd > WARN_FD).sum())
        times = "once" if count == 1 else f"{count} times"
        warnings.append(
            f"Head movement exceeded {WARN_FD:g} mm between volumes {times} "
            f"(max. {largest:.1f} mm)."
        )
    return warnings
