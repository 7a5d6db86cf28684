"""Which regions lead: asymmetry of lagged correlations (exploratory).

Haemodynamic responses differ between regions by about a second, which looks like direction;
a change within a person is safer than a difference between regions, unless the drug changes
the vessels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.core.series.connectivity import MAX_R
from gradshift.errors import InputError

MIN_PAIRS = 150
"""Pairs of volumes below which lagged correlations are too noisy."""

TOP = 0.95
"""Quantile above which an asymmetry counts as one of the strongest."""


class Direction(NamedTuple):
    """Asymmetry of lagged correlations.

    Parameters
    ----------
    lead : (R,) array
        Mean asymmetry of each region with all others, in nats. Above 0: leads; below 0:
        follows; the sum over regions is 0.
    nonreversibility : float
        Mean square of the strongest twentieth of the asymmetries. 0: the recording looks
        the same played backwards.
    n_pairs : int
        Pairs of volumes that were used.
    """

    lead: NDArray[np.float64]
    nonreversibility: float
    n_pairs: int


def lagged_pairs(
    volumes: NDArray[np.intp], run_of: NDArray[np.intp], lag: int = 1
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find pairs of retained volumes of the same run that lie `lag` volumes apart.

    For a lag of more than one the volumes between may be missing.

    Parameters
    ----------
    volumes : (T,) array of int
        Index of each volume within its run, rising.
    run_of : (T,) array of int
    lag : int

    Returns
    -------
    earlier, later : (P,) array of int
        Positions in `volumes`.
    """
    position = {
        key: i for i, key in enumerate(zip(run_of.tolist(), volumes.tolist(), strict=True))
    }
    pairs = [
        (i, position[run, volume + lag])
        for (run, volume), i in position.items()
        if (run, volume + lag) in position
    ]
    indices = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return indices[:, 0], indices[:, 1]


def direction(
    series: NDArray[np.float64],
    volumes: NDArray[np.intp],
    run_of: NDArray[np.intp],
    lag: int = 1,
) -> Direction:
    """Compare correlations with the future of others to those with their past.

    ``C_ij`` is the correlation of region i with region j `lag` volumes later (i leads j),
    ``I = -ln(1 - C²) / 2`` the information that carries, ``D = I - Iᵀ`` its asymmetry.

    Parameters
    ----------
    series : (T, R) array
        Denoised.
    volumes, run_of : (T,) array of int
        Index of each volume within its run, and that run: no pair crosses a gap.
    lag : int
        In volumes.

    Returns
    -------
    Direction

    Raises
    ------
    InputError
        If there are fewer than 150 pairs of volumes, or fewer than two regions.

    References
    ----------
    Deco et al. (2022), Commun Biol 5:572. The lead of a region is defined here as what it
    gives minus what it receives.
    """
    earlier, later = lagged_pairs(volumes, run_of, lag)
    if len(earlier) < MIN_PAIRS:
        raise InputError(
            f"only {len(earlier)} pairs of volumes are {lag} apart without a gap, direction "
            f"needs {MIN_PAIRS}"
        )
    if (n_regions := series.shape[1]) < 2:
        raise InputError(f"direction needs 2 usable regions, there are {n_regions}")
    shift = _standard(series[earlier]).T @ _standard(series[later])
    information = -np.log1p(-np.square(np.clip(shift, -MAX_R, MAX_R))) / 2
    asymmetry = information - information.T
    strength = asymmetry[np.triu_indices(n_regions, k=1)] ** 2
    strongest = strength[strength >= np.quantile(strength, TOP)]
    return Direction(
        asymmetry.sum(axis=1) / (n_regions - 1), float(strongest.mean()), len(earlier)
    )


def _standard(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre the columns and scale them to unit length."""
    centred = series - series.mean(axis=0)
    unit: NDArray[np.float64] = centred / np.linalg.norm(centred, axis=0)
    return unit
