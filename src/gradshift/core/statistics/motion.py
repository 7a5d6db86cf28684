"""Show how far the changes of connections go with changes of head motion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from gradshift.core.inference.statistic import Statistic
from gradshift.core.inference.tails import t_of_s
from gradshift.core.statistics.association import unit

COLUMNS = 4096
"""Connections at a time, so that memory holds few copies of the data."""


@dataclass(frozen=True, kw_only=True)
class MotionDependence:
    """Quality control by functional connectivity (QC-FC), on changes.

    Parameters
    ----------
    n : int
        People.
    median_r : float
        Median over connections of |r| between the change of z and the change of motion. Near
        0: motion explains nothing; with 11 people chance alone gives some .21.
    share : float
        Share of connections with p < .05 (parametric); .05 by chance.
    distance_rho : float
        Spearman correlation over connections between r and the distance between regions; below
        0: motion makes near regions more alike.
    r : (E,) array
        Of every connection.

    Notes
    -----
    All but `n` are NaN with fewer than four people, or if motion changed alike in all.
    """

    n: int
    median_r: float
    share: float
    distance_rho: float
    r: NDArray[np.float64]


def motion_dependence(
    changes: NDArray[np.float64], motion: NDArray[np.float64], distance: NDArray[np.float64]
) -> MotionDependence:
    """Correlate the change of every connection with the change of motion.

    Parameters
    ----------
    changes : (n, E) array
        Change of Fisher z, people x connections; NaN where a person has no value.
    motion : (n,) array
        Change of mean framewise displacement in mm; NaN: left out.
    distance : (E,) array
        Between the centroids of the regions in mm; NaN where unknown.

    Returns
    -------
    MotionDependence

    References
    ----------
    Ciric et al. (2017), NeuroImage 154:174.
    """
    people = np.isfinite(motion)
    r, n = _correlations(changes[people], motion[people])
    known = np.isfinite(r)
    if not known.any():
        return MotionDependence(
            n=int(people.sum()), median_r=np.nan, share=np.nan, distance_rho=np.nan, r=r
        )
    df = n[known] - 2
    p = 2 * special.stdtr(df, -np.abs(t_of_s(r[known], df)))
    both = known & np.isfinite(distance)
    far = len(np.unique(distance[both])) > 1
    return MotionDependence(
        n=int(n.max()),
        median_r=float(np.median(np.abs(r[known]))),
        share=float((p < 0.05).mean()),
        distance_rho=float(stats.spearmanr(r[both], distance[both])[0]) if far else np.nan,
        r=r,
    )


def _correlations(
    changes: NDArray[np.float64], motion: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Correlate each column with motion over the people who have a value."""
    r = np.full(changes.shape[1], np.nan)
    n = np.zeros(changes.shape[1], dtype=np.intp)
    for start in range(0, changes.shape[1], COLUMNS):
        block = slice(start, start + COLUMNS)
        present = ~np.isnan(changes[:, block])
        x = unit(np.where(present, motion[:, None], np.nan))
        y = unit(changes[:, block])
        n[block] = present.sum(axis=0)
        usable = (n[block] >= 4) & x.any(axis=0) & y.any(axis=0)
        r[block] = np.where(usable, np.clip((x * y).sum(axis=0), -1, 1), np.nan)
    return r, n


STATISTIC = Statistic(
    name="motion",
    formula=(
        r"r_e = r(\Delta z_e, \Delta \mathrm{FD}), \quad \operatorname{median}_e |r_e|, \; "
        r"\operatorname{mean}_e [p_e < .05], \; \rho_e(r_e, \text{distance}_e)"
    ),
    high="changes of connections go with changes of motion",
    low="near what chance gives: motion explains little",
    methods=(
        "The change of Fisher z of every connection was correlated over people with the change "
        "of mean framewise displacement (QC-FC); given are the median |r|, the share of "
        "connections with p < .05, and the Spearman correlation of r with distance."
    ),
    cite=("Ciric2017",),
    caveat=(
        "With few people |r| is large by chance: compare recipes with each other rather than "
        "with 0."
    ),
)
