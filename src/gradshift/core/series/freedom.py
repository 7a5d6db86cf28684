"""Degrees of freedom that denoising leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.series.denoise import varying
from gradshift.errors import ExcludedError

MIN_DF = 10
"""Degrees of freedom below which a session is left out."""

WARN_DF = 30
"""Degrees of freedom below which a session is remarked upon."""

MIN_DF_OF_RUN = 1
"""A run with fewer is its confounds and nothing else, and is not joined with others."""


@dataclass(frozen=True, kw_only=True)
class Freedom:
    """What cleaning leaves of one run.

    Parameters
    ----------
    degrees : float
        Degrees of freedom, see `degrees_of_freedom`.
    n_retained : int
        Volumes.
    n_regressors : int
        Linearly independent confounds in these volumes.
    """

    degrees: float
    n_retained: int
    n_regressors: int


def count_regressors(confounds: NDArray[np.floating], kept: NDArray[np.bool_]) -> int:
    """Count the linearly independent regressors among K confounds in the retained volumes.

    Parameters
    ----------
    confounds : (T, K) array
    kept : (T,) array of bool

    Returns
    -------
    int
        The rank of the confounds with their means taken out; a constant column counts
        nothing.
    """
    used = confounds[kept].astype(np.float64)
    used = used[:, varying(used)]
    if used.size == 0:
        return 0
    return int(np.linalg.matrix_rank((used - used.mean(axis=0)) / used.std(axis=0)))


def degrees_of_freedom(
    n_retained: int,
    *,
    tr: float,
    band: tuple[float, float] | None,
    n_regressors: int,
    detrend: bool = True,
) -> float:
    """Estimate the degrees of freedom that cleaning leaves in a series.

    A filter leaves ``2 * tr * (high - low)`` of each retained volume's one; the mean and the
    trend lie outside the band. Without a filter the mean costs one and the trend one.

    With a filter this is an estimate, because the filter's edges are not sharp and nilearn
    standardises the filtered confounds: of 240 volumes of noise at 2 s, filtered to 0.01-0.08
    Hz, correlations spread as with 50 (67.2 by the formula, no regressors), 35 (33.2; 34
    regressors), 21 (15.2; 52 regressors).

    Parameters
    ----------
    n_retained : int
        Number of retained volumes.
    tr : float
        Repetition time in seconds.
    band : tuple of two float, or None
        Edges in Hz.
    n_regressors : int
        Number of linearly independent confounds.
    detrend : bool
        Whether the trend is removed.

    Returns
    -------
    float
        May be negative.
    """
    if band is None:
        return float(n_retained - n_regressors - (2 if detrend else 1))
    low, high = band
    return n_retained * 2 * tr * (high - low) - n_regressors


def freedom_of_run(
    confounds: NDArray[np.floating],
    kept: NDArray[np.bool_],
    *,
    tr: float,
    band: tuple[float, float] | None,
    detrend: bool = True,
) -> tuple[Freedom, list[str]]:
    """Tell what cleaning leaves of one run.

    Parameters
    ----------
    confounds : (T, K) array
    kept : (T,) array of bool
    tr : float
        Repetition time in seconds.
    band : tuple of two float, or None
        Edges in Hz.
    detrend : bool
        Whether the trend is removed.

    Returns
    -------
    freedom : Freedom
    warnings : list of str
        A sentence, where confounds repeat each other.

    Raises
    ------
    ExcludedError
        If nothing is left.
    """
    n_retained, n_given = int(kept.sum()), confounds.shape[1]
    n_regressors = count_regressors(confounds, kept)
    df = degrees_of_freedom(
        n_retained, tr=tr, band=band, n_regressors=n_regressors, detrend=detrend
    )
    freedom = Freedom(degrees=df, n_retained=n_retained, n_regressors=n_regressors)
    if df < MIN_DF_OF_RUN:
        raise ExcludedError(
            f"Cleaning leaves {df:.1f} degrees of freedom ({_what([freedom], tr, band)}), that is "
            "nothing; choose a recipe with fewer regressors or a wider --band."
        )
    if n_regressors == n_given:
        return freedom, []
    return freedom, [
        f"Of {n_given} confounds only {n_regressors} are linearly independent in the retained "
        "volumes."
    ]


def check_freedom(
    runs: Sequence[Freedom], *, tr: float, band: tuple[float, float] | None
) -> tuple[float, list[str]]:
    """Check that cleaning leaves enough degrees of freedom over the joined runs of a session.

    Parameters
    ----------
    runs : sequence of Freedom
    tr : float
        Repetition time in seconds.
    band : tuple of two float, or None
        Edges in Hz.

    Returns
    -------
    df : float
        Their sum: each run is cleaned by itself.
    warnings : list of str
        A sentence, where they are few.

    Raises
    ------
    ExcludedError
        If fewer than 10 are left.
    """
    df = sum(run.degrees for run in runs)
    what = _what(runs, tr, band)
    if df < MIN_DF:
        raise ExcludedError(
            f"Cleaning leaves {df:.1f} degrees of freedom ({what}), and at least {MIN_DF} are "
            "needed; choose a recipe with fewer regressors or a wider --band."
        )
    if df >= WARN_DF:
        return df, []
    return df, [
        f"Cleaning leaves only {df:.1f} degrees of freedom ({what}); at least {WARN_DF} are "
        "recommended."
    ]


def _what(runs: Sequence[Freedom], tr: float, band: tuple[float, float] | None) -> str:
    """Say what the degrees of freedom are left of."""
    n_volumes = sum(run.n_retained for run in runs)
    n_regressors = sum(run.n_regressors for run in runs)
    filtered = f" filtered to {band[0]:g}-{band[1]:g} Hz" if band else ""
    joined = f" of {len(runs)} joined runs" if len(runs) > 1 else ""
    return f"{n_volumes} volumes{joined} at {tr:g} s{filtered} with {n_regressors} regressors"
