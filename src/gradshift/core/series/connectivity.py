"""From region series to connectivity matrices."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating[Any])

MAX_R = 0.999999
"""Correlations are clipped to this before Fisher's z, which is infinite at one."""


def correlate(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate every pair of regions (plain Pearson r, nothing shrunk).

    Parameters
    ----------
    series : (T, R) array
        One column per region; a column that is NaN throughout is a region not to be used.

    Returns
    -------
    (R, R) array
        Exactly symmetric, diagonal 1; rows and columns of regions that are constant or not
        finite throughout are NaN.

    Raises
    ------
    ValueError
        If there are fewer than two volumes.
    """
    n_volumes, n_regions = series.shape
    if n_volumes < 2:
        raise ValueError(f"A correlation needs at least 2 volumes, got {n_volumes}.")
    finite = np.flatnonzero(np.isfinite(series).all(axis=0))
    used = series[:, finite]
    centred = used - used.mean(axis=0)
    norm = np.sqrt(np.einsum("tr,tr->r", centred, centred))
    rounding = n_volumes * np.finfo(np.float64).eps * np.abs(used).max(axis=0, initial=0)
    varies = norm > rounding
    unit = centred[:, varies] / norm[varies]
    r = np.clip(unit.T @ unit, -1, 1)
    r = (r + r.T) / 2
    np.fill_diagonal(r, 1.0)
    matrix = np.full((n_regions, n_regions), np.nan)
    matrix[np.ix_(finite[varies], finite[varies])] = r
    return matrix


def join_runs(runs: Sequence[NDArray[Real]]) -> NDArray[Real]:
    """Put the series of several runs one after the other, each run on the same scale.

    Every run is standardised region by region, so that a run with a larger signal does not
    dominate the correlation, then given the scale of the region over all runs (the root mean
    square of its standard deviations). A single run is returned as it is.

    Parameters
    ----------
    runs : sequence of (T_i, R) arrays
        A region that must not be used is NaN throughout; one that is NaN in any run is NaN in
        the result.

    Returns
    -------
    (sum of T_i, R) array
    """
    if len(runs) == 1:
        return runs[0]
    spreads = np.array([run.std(axis=0) for run in runs])
    spreads[spreads == 0] = np.nan
    scale = np.sqrt((spreads**2).mean(axis=0))
    standard = [(run - run.mean(axis=0)) / s for run, s in zip(runs, spreads, strict=True)]
    joined: NDArray[Real] = (np.concatenate(standard) * scale).astype(runs[0].dtype)
    return joined


def partial_correlate(series: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Correlate every pair of regions with all other regions held constant.

    Rests on `shrunk_covariance`: without shrinkage there is no inverse when regions outnumber
    volumes.

    Parameters
    ----------
    series : (T, R) array
        One column per region; a column that is NaN throughout is a region not to be used.

    Returns
    -------
    matrix : (R, R) array
        Symmetric, diagonal 1; NaN for unused regions.
    shrinkage : float
        See `shrunk_covariance`.
    """
    matrix, shrinkage = shrunk_covariance(series)
    usable = np.isfinite(np.diagonal(matrix))
    if not usable.any():
        return matrix, np.nan
    precision = np.linalg.inv(matrix[np.ix_(usable, usable)])
    scale = 1 / np.sqrt(np.diagonal(precision))
    partial = -precision * scale * scale[:, None]
    partial = (partial + partial.T) / 2
    np.fill_diagonal(partial, 1.0)
    matrix[np.ix_(usable, usable)] = partial
    return matrix, shrinkage


def shrunk_covariance(series: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Estimate the covariance of the standardised regions so that it has an inverse.

    Parameters
    ----------
    series : (T, R) array
        One column per region; a column that is NaN throughout is a region not to be used.

    Returns
    -------
    matrix : (R, R) array
        Shrunk towards its diagonal by the Ledoit-Wolf rule; NaN for unused regions.
    shrinkage : float
        The Ledoit-Wolf coefficient: 0 is none, 1 leaves the diagonal only; NaN without any region.

    References
    ----------
    Ledoit and Wolf (2004), J Multivariate Analysis 88:365.
    """
    from sklearn.covariance import ledoit_wolf

    usable = np.isfinite(np.diagonal(correlate(series)))
    matrix = np.full((len(usable), len(usable)), np.nan)
    if not usable.any():
        return matrix, np.nan
    used = series[:, usable]
    standard = (used - used.mean(axis=0)) / used.std(axis=0)
    covariance, shrinkage = ledoit_wolf(standard, assume_centered=True)
    matrix[np.ix_(usable, usable)] = covariance
    return matrix, float(shrinkage)


def fisher_z(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transform correlations to Fisher's z, with the diagonal left out as NaN."""
    z: NDArray[np.float64] = np.arctanh(np.clip(matrix, -MAX_R, MAX_R))
    np.fill_diagonal(z, np.nan)
    return z


def average_matrices(matrices: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average correlation matrices of runs as Fisher z, each with the same weight.

    Parameters
    ----------
    matrices : sequence of (R, R) arrays
        A region that is NaN in any is NaN in the result; a single one is returned as it is.

    Returns
    -------
    (R, R) array
        Correlations, diagonal 1 for used regions.
    """
    if len(matrices) == 1:
        return matrices[0]
    mean: NDArray[np.float64] = np.tanh(np.mean([fisher_z(matrix) for matrix in matrices], axis=0))
    used = np.isfinite([np.diagonal(matrix) for matrix in matrices]).all(axis=0)
    np.fill_diagonal(mean, np.where(used, 1.0, np.nan))
    return mean
