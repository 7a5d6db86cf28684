"""Diffusion embedding of a connectivity matrix."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components

from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions
from gradshift.errors import InputError

KEPT = 0.10
"""Share of its strongest connections that each region keeps."""

N_COMPONENTS = 10
"""Components that are computed and aligned."""

CONNECTED = 1e-12
"""Affinities below this are rounding errors, not connections."""


class Embedding(NamedTuple):
    """Diffusion map of an affinity matrix.

    Parameters
    ----------
    scores : (R, K) array
        Position of each region on each component, in diffusion units.
    eigenvalues : (K,) array
        Of the transition operator, falling; the trivial one is left out.
    """

    scores: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]


def n_kept(n_regions: int) -> int:
    """Return how many connections each of `n_regions` regions keeps.

    BrainSpace 0.3 keeps ``int(R * (1 - 0.9))``, one less for most R.
    """
    return round(KEPT * n_regions)


def sparsify(matrix: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Keep the `k` largest positive entries of each row.

    Parameters
    ----------
    matrix : (R, R) array
        Correlations with ones on the diagonal, which count among the k.
    k : int

    Returns
    -------
    (R, R) array
        Zero elsewhere. A row with fewer than `k` positive entries keeps those it has; of
        equal entries the first are kept.
    """
    least = -np.partition(-matrix, k - 1, axis=1)[:, k - 1 : k]
    chosen = matrix >= least
    for row in np.flatnonzero(chosen.sum(axis=1) > k):  # of equal ones the first
        chosen[row] = False
        chosen[row, np.argsort(-matrix[row], kind="stable")[:k]] = True
    return np.where(chosen, np.maximum(matrix, 0), 0)


def affinity(matrix: NDArray[np.float64], options: Options | None = None) -> NDArray[np.float64]:
    """Compare the connectivity profiles of every two regions.

    Parameters
    ----------
    matrix : (R, R) array
        Correlations, all finite, with ones on the diagonal.
    options : Options, optional
        Kernel and number of connections kept.

    Returns
    -------
    (R, R) array
        Symmetric, within [0, 1], diagonal 1. Cosine: zero for profiles that share
        nothing; normalised angle: one half for them.

    References
    ----------
    Margulies et al. (2016), PNAS 113:12574; Vos de Wael et al. (2020), Commun Biol 3:103.
    """
    options = options or Options()
    profiles = sparsify(matrix, max(1, n_kept(len(matrix))))
    unit = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    cosine = np.clip(unit @ unit.T, 0, 1)
    cosine = (cosine + cosine.T) / 2
    np.fill_diagonal(cosine, 1)
    if options.kernel == "normalized_angle":
        cosine = 1 - np.arccos(cosine) / np.pi
    weights: NDArray[np.float64] = cosine
    return weights


def random_walk(
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make the random walk whose slow modes are the gradients.

    Half of the effect of density is taken out (alpha 0.5).

    Parameters
    ----------
    weights : (R, R) array
        An affinity matrix: symmetric, not negative, no row of zeros.

    Returns
    -------
    flow : (R, R) array
        Symmetric; the entry is in proportion to how often the walk takes that step.
    degree : (R,) array
        Row sums of `flow`, in proportion to how often the walk is there.
    """
    density = 1 / np.sqrt(weights.sum(axis=1))
    flow = weights * density * density[:, None]
    return flow, flow.sum(axis=1)


def embed(weights: NDArray[np.float64], n_components: int = N_COMPONENTS) -> Embedding:
    """Compute the diffusion map of an affinity matrix, by an exact symmetric solver.

    All diffusion times are summed (multiscale, t = 0).

    Parameters
    ----------
    weights : (R, R) array
        Symmetric, not negative, connected.
    n_components : int
        Fewer are returned when there are not enough regions.

    Returns
    -------
    Embedding
        The sign of a component is arbitrary: its largest entry is made positive.

    References
    ----------
    Coifman and Lafon (2006), Appl Comput Harmon Anal 21:5.
    """
    flow, degree = random_walk(weights)
    root = np.sqrt(degree)
    n_regions = len(weights)
    first = max(0, n_regions - n_components - 1)
    values, vectors = eigh(flow / root / root[:, None], subset_by_index=(first, n_regions - 1))
    eigenvalues = values[-2::-1]
    scores = vectors[:, -2::-1] * (np.sqrt(degree.sum()) / root)[:, None]
    scores *= eigenvalues / (1 - eigenvalues)
    largest = np.abs(scores).argmax(axis=0)
    scores *= np.sign(scores[largest, np.arange(scores.shape[1])])
    return Embedding(scores, eigenvalues)


def n_pieces(weights: NDArray[np.float64]) -> int:
    """Count the unconnected parts of an affinity matrix."""
    return int(connected_components(weights > CONNECTED, directed=False, return_labels=False))


def between(
    matrix: NDArray[np.float64], used: NDArray[np.bool_], regions: Regions
) -> NDArray[np.float64]:
    """Take the used regions, all of which must correlate positively with another."""
    if (n_used := int(used.sum())) < 3:
        raise InputError(f"Gradients need at least 3 usable cortical regions, there are {n_used}.")
    inner = matrix[np.ix_(used, used)]
    lonely = np.flatnonzero(used)[(inner > 0).sum(axis=1) <= 1]
    if len(lonely):
        names = ", ".join(regions.names[i] for i in lonely)
        raise InputError(
            f"No gradient: {names} correlates positively with no other region; check its "
            "coverage and signal, and leave it out."
        )
    return inner
