"""Thinning a series to a longer repetition time, as if it had been measured so."""

import numpy as np
from numpy.typing import NDArray


def thinned(n_volumes: int, tr: float, longer: float) -> NDArray[np.intp]:
    """Choose the volumes of a run that a longer repetition time would have.

    Nothing is averaged: what is faster than the longer repetition time folds back, as it does
    in a slower measurement.

    Parameters
    ----------
    n_volumes : int
    tr, longer : float
        Repetition times in seconds.

    Returns
    -------
    (M,) array of int
        The volume nearest to each multiple of the longer repetition time, each once.
    """
    times = np.arange(0.0, (n_volumes - 0.5) * tr, longer)
    chosen: NDArray[np.intp] = np.unique(np.round(times / tr).astype(np.intp))
    return chosen[chosen < n_volumes]
