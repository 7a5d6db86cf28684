"""Covariances in the tangent space at their mean: how far each is away, and in which direction."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.session import Session
from gradshift.core.series.connectivity import shrunk_covariance
from gradshift.errors import InputError

STEPS = 50
"""Most steps to the mean; sessions of one study take about ten."""

CLOSE = 1e-8
"""Mean displacement per region below which the mean is found."""

Matrix = NDArray[np.float64]


def covariance(session: Session) -> Matrix:
    """Estimate the covariance of the cortical regions of a session; NaN for the others.

    It is of the first `n_common` retained volumes, since how much it is shrunk depends on their
    number.
    """
    series = session.series[: session.n_common].copy()
    series[:, ~session.regions.cortical] = np.nan
    return shrunk_covariance(series)[0]


def geometric_mean(matrices: Sequence[Matrix]) -> Matrix:
    """Find the matrix from which the displacements to all others add up to nothing.

    Parameters
    ----------
    matrices : sequence of (R, R) array
        Positive definite, from `covariance`.

    Returns
    -------
    (R, R) array
        NaN for regions that any of them lacks. It does not depend on their order.

    Raises
    ------
    InputError
        Without matrices, if they share no region, or if it is not found.

    References
    ----------
    Fletcher and Joshi (2007), Signal Processing 87:250; Varoquaux et al. (2010), MICCAI.
    """
    if not matrices:
        raise InputError("no session compared has series of regions")
    used = np.logical_and.reduce([np.isfinite(np.diagonal(matrix)) for matrix in matrices])
    if not used.any():
        raise InputError("no region has a signal in every session compared")
    inside = [matrix[np.ix_(used, used)] for matrix in matrices]
    mean, step, last = np.mean(inside, axis=0), 1.0, np.inf
    for _ in range(STEPS):
        away = np.mean([displacement(matrix, mean) for matrix in inside], axis=0)
        size = float(np.linalg.norm(away)) / len(away)
        if size < CLOSE:
            found = np.full(matrices[0].shape, np.nan)
            found[np.ix_(used, used)] = mean
            return found
        step = step / 2 if size > last else step
        last = size
        root = _of_values(np.sqrt, mean)
        mean = root @ _of_values(np.exp, step * away) @ root
    raise InputError(f"the mean of all sessions was not found in {STEPS} steps")


def displacement(matrix: Matrix, mean: Matrix) -> Matrix:
    """Tell where a matrix is, seen from the mean: logarithm of the whitened matrix.

    Parameters
    ----------
    matrix, mean : (R, R) array
        Positive definite, of the same regions.

    Returns
    -------
    (R, R) array
        Symmetric; 0 where the matrix is the mean.
    """
    whitener = _of_values(lambda values: 1 / np.sqrt(values), mean)
    return _of_values(np.log, whitener @ matrix @ whitener)


def _of_values(function: Callable[[Matrix], Matrix], matrix: Matrix) -> Matrix:
    """Apply a function to the eigenvalues of a symmetric matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    made: Matrix = (vectors * function(values)) @ vectors.T
    return made
