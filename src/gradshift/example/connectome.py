"""Whose regions go with whose: the group's connectome, a person's, and one after the drug."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.example.planting import PLANTING, Planting

ATLAS = "Schaefer2018_200_7"
"""The atlas whose regions the shipped connectome has, in its label order."""

TRAIT_DRAWS = 250
"""Draws behind a person's connectome: fewer make people differ more from one another.

People of this study are more alike than real ones: with eleven of them and eight minutes
each, the gradients of many sessions would else be too noisy to be used after the drug.
"""

STATE_DRAWS = 2000
"""Draws behind a session's connectome: fewer make a person differ more from day to day.

Less than in real people, for the same reason; that a session is short matters far more.
"""


def group_connectome() -> NDArray[np.float64]:
    """Load the correlations of 200 regions averaged over many people.

    Returns
    -------
    (200, 200) array
        Pearson r, positive definite, diagonal 1; regions in the order of `ATLAS`. From the
        Human Connectome Project by way of BrainSpace (see ``NOTICE`` in this folder).
    """
    with (files("gradshift.example") / "group_connectome.npz").open("rb") as stream:
        upper = np.load(stream)["upper"].astype(np.float64)
    n_regions = int((1 + np.sqrt(1 + 8 * len(upper))) / 2)
    matrix = np.zeros((n_regions, n_regions))
    matrix[np.triu_indices(n_regions, 1)] = upper
    return matrix + matrix.T + np.eye(n_regions)


def varied_connectome(
    base: NDArray[np.float64], *, n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Let a connectome vary as an estimate from few independent samples would.

    Parameters
    ----------
    base : (R, R) array
        Positive definite correlations.
    n_draws : int
        Number of samples; the edges vary with a standard deviation of about
        ``(1 - r ** 2) / sqrt(n_draws)`` around `base`.
    rng : numpy.random.Generator

    Returns
    -------
    (R, R) array
        Positive definite, diagonal 1. A twentieth of `base` is mixed in, since fewer draws
        than regions alone would leave the matrix singular.
    """
    draws = rng.standard_normal((n_draws, len(base))) @ np.linalg.cholesky(base).T
    return _correlation(0.95 * draws.T @ draws / n_draws + 0.05 * base)


def planted_connectome(
    base: NDArray[np.float64], regions: Regions, effect: float, *, planting: Planting = PLANTING
) -> NDArray[np.float64]:
    """Change a connectome as the simulated drug does.

    The change is made to the signals, ``x' = M x + noise``, so that the result
    ``M base M' + D`` (D diagonal, not negative) is positive definite whatever the effect:
    regions of one network lose a share of their common signal; these and the other regions
    at the high end of the hierarchy gain a share of the mean signals of sensory networks; the
    hub's regions get noise of their own.

    Parameters
    ----------
    base : (R, R) array
        Positive definite correlations before the drug.
    regions : Regions
        R regions.
    effect : float
        Size for this person: 1 plants all of `planting`, 0 returns `base` as it is.
    planting : Planting

    Returns
    -------
    (R, R) array
        Positive definite, diagonal 1.
    """
    if len(base) != len(regions):
        raise ValueError(f"A connectome of {len(base)} regions, but {len(regions)} regions.")
    if effect == 0:
        return base.copy()
    changing = _members(regions, planting.network)
    lost = _compound(planting.loosening, effect)
    mixing = np.eye(len(base)) - lost * np.outer(changing, changing / changing.sum())
    gains = planting.coupling * changing
    gains += planting.flattening * sum(_members(regions, name) for name in planting.beside)
    gains *= lost / planting.loosening
    for partner in planting.partners:
        mean = _members(regions, partner)
        mean /= np.sqrt(mean @ base @ mean)
        mixing += np.outer(gains, mean)
    kept = np.ones(len(base))
    kept[list(regions.sets.get(planting.hub, ()))] -= _compound(planting.isolation, effect)
    mixed = _correlation(mixing @ base @ mixing.T) * np.sqrt(np.outer(kept, kept))
    np.fill_diagonal(mixed, 1.0)
    return mixed


def _compound(share: float, effect: float) -> float:
    """Lose a share `effect` times, each time of what is left."""
    return float(1 - (1 - share) ** effect)


def _members(regions: Regions, network: str) -> NDArray[np.float64]:
    return np.array([name == network for name in regions.networks], dtype=np.float64)


def _correlation(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = 1 / np.sqrt(np.diagonal(covariance))
    matrix = covariance * scale * scale[:, None]
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return matrix
