"""Whose regions go with whose: the group's connectome, a person's, and one after the drug."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from gradshift.core.regions import Regions

ATLAS = "Schaefer2018_200_7"
"""The atlas whose regions the shipped connectome has, in its label order."""

TRAIT_DRAWS = 60
"""Draws behind a person's connectome: fewer make people differ more from one another."""

STATE_DRAWS = 400
"""Draws behind a session's connectome: fewer make a person differ more from day to day."""


@dataclass(frozen=True, kw_only=True)
class Planting:
    """What the drug does to the region signals, at effect 1.

    Parameters
    ----------
    loosening : float
        Share of the network's common (mean) signal that each of its regions loses. Effects
        compound: at effect 2 the same share of what is left is lost once more.
    coupling : float
        How much each of these regions gains of the mean signal of each partner, taken with
        standard deviation 1. Levels off with the effect as `loosening` does.
    network : str
        The network that changes.
    partners : tuple of str
        The sensory networks it couples to.
    """

    loosening: float = 0.7
    coupling: float = 0.20
    network: str = "Default"
    partners: tuple[str, ...] = ("SomMot", "Vis")


PLANTING = Planting()
"""The planting of the example study."""


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

    The change is made to the signals, ``x' = M x``, so that the result ``M base M'`` is
    positive definite whatever the effect: regions of one network lose a share of their
    common signal and gain a share of the mean signals of sensory networks.

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
    mixing = np.eye(len(base))
    lost = 1 - (1 - planting.loosening) ** effect
    gained = planting.coupling * lost / planting.loosening
    mixing -= lost * np.outer(changing, changing / changing.sum())
    for partner in planting.partners:
        mean = _members(regions, partner)
        mean /= np.sqrt(mean @ base @ mean)
        mixing += gained * np.outer(changing, mean)
    return _correlation(mixing @ base @ mixing.T)


def _members(regions: Regions, network: str) -> NDArray[np.float64]:
    return np.array([name == network for name in regions.networks], dtype=np.float64)


def _correlation(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = 1 / np.sqrt(np.diagonal(covariance))
    matrix = covariance * scale * scale[:, None]
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return matrix
