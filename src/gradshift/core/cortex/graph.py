"""The cortex as a weighted graph: which regions are hubs.

Weights are positive connections; a connection is as long as it is weak (one over weight).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components, floyd_warshall, shortest_path


@dataclass(frozen=True, kw_only=True)
class Graph:
    """An undirected graph with weights.

    Parameters
    ----------
    weights : (N, N) array
        Symmetric, not negative, zero on the diagonal and where there is no connection.
    modules : (N,) array of int
        The module (network) of each node.
    """

    weights: NDArray[np.float64]
    modules: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def density(self) -> float:
        """Share of all possible connections that are there."""
        return float(np.count_nonzero(self.weights) / (len(self) * (len(self) - 1)))

    @cached_property
    def isolated(self) -> NDArray[np.bool_]:
        """(N,) True for nodes without a connection."""
        return np.asarray(degree(self) == 0)

    @cached_property
    def pieces(self) -> NDArray[np.intp]:
        """(N,) number of the connected component each node belongs to."""
        return np.asarray(connected_components(self.weights > 0, directed=False)[1], dtype=np.intp)

    @cached_property
    def paths(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Shortest distances (N, N), and the last node but one on each shortest path."""
        length = np.zeros_like(self.weights)
        np.divide(1, self.weights, out=length, where=self.weights > 0)
        return floyd_warshall(length, return_predecessors=True)  # type: ignore[no-any-return]

    def threshold(self, density: float) -> "Graph":
        """Keep the strongest connections.

        Parameters
        ----------
        density : float
            Share of all possible connections to keep; if fewer are there, all are kept.

        Returns
        -------
        Graph
        """
        rows, columns = np.triu_indices(len(self), k=1)
        strength = self.weights[rows, columns]
        n_kept = int(density * len(strength) + 0.5)
        order = np.argsort(-strength, kind="stable")[:n_kept]
        weights = np.zeros_like(self.weights)
        weights[rows[order], columns[order]] = strength[order]
        return Graph(weights=weights + weights.T, modules=self.modules)


def positive_weights(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set negative connections and the diagonal to zero."""
    weights: NDArray[np.float64] = np.maximum(z, 0)
    np.fill_diagonal(weights, 0)
    return weights


def degree(graph: Graph) -> NDArray[np.float64]:
    """Count the connections of each node."""
    return np.asarray(np.count_nonzero(graph.weights, axis=1), dtype=np.float64)


def strength(graph: Graph) -> NDArray[np.float64]:
    """Sum the weights of each node's connections."""
    total: NDArray[np.float64] = graph.weights.sum(axis=1)
    return total


def eigenvector_centrality(graph: Graph) -> NDArray[np.float64]:
    """Compute the leading eigenvector of the weights, by an exact symmetric solver.

    Returns
    -------
    (N,) array
        Not negative, unit length (as bctpy; igraph scales the largest to one). High: connected
        with nodes that are themselves well connected. In an unconnected graph all but one
        component are zero.
    """
    last = len(graph) - 1
    _, vectors = eigh(graph.weights, subset_by_index=(last, last))
    loading: NDArray[np.float64] = np.abs(vectors[:, 0])
    return loading


def participation(graph: Graph) -> NDArray[np.float64]:
    """Compute how evenly each node's connections spread over modules.

    Returns
    -------
    (N,) array
        Near 1: spread over all modules; 0: all within one. NaN for isolated nodes, where
        bctpy has 0.

    References
    ----------
    Guimerà and Amaral (2005), Nature 433:895; Rubinov and Sporns (2011), NeuroImage 56:2068.
    """
    total = np.where(graph.isolated, np.nan, strength(graph))
    to_module = graph.weights @ _membership(graph.modules)
    coefficient: NDArray[np.float64] = 1 - np.sum((to_module / total[:, None]) ** 2, axis=1)
    return coefficient


def within_module_z(graph: Graph) -> NDArray[np.float64]:
    """Compare each node's strength within its module with that of the module's others.

    Returns
    -------
    (N,) array
        In standard deviations (of the population, as bctpy; the MATLAB toolbox takes those
        of a sample). NaN in a module whose nodes are all equally strong.
    """
    within = np.sum(graph.weights * (graph.modules == graph.modules[:, None]), axis=1)
    z = np.full(len(graph), np.nan)
    for module in np.unique(graph.modules):
        inside = graph.modules == module
        spread = within[inside].std()
        if spread > 1e-12 * np.abs(within[inside]).max():
            z[inside] = (within[inside] - within[inside].mean()) / spread
    return z


def betweenness(graph: Graph) -> NDArray[np.float64]:
    """Compute the share of shortest paths between other nodes that pass each node.

    Each pair is counted once and has one shortest path, which with real-valued weights is
    so: paths of exactly equal length are not shared out.

    Returns
    -------
    (N,) array
        Within [0, 1]: pairs divided by ``(N - 1)(N - 2) / 2``. bctpy counts each pair twice
        and divides by nothing.

    References
    ----------
    Brandes (2001), J Math Sociol 25:163.
    """
    n_nodes = len(graph)
    _, before = graph.paths
    passing = np.zeros(n_nodes)
    source, target = np.nonzero(before >= 0)
    node = before[source, target]
    while len(node):  # all paths at once, a step nearer to their sources each time
        on = node != source
        source, node = source[on], node[on]
        passing += np.bincount(node, minlength=n_nodes)
        node = before[source, node]
    pairs = (n_nodes - 1) * (n_nodes - 2)  # ordered, as they were counted
    share: NDArray[np.float64] = passing / pairs
    return share


def clustering(graph: Graph) -> NDArray[np.float64]:
    """Compute the intensity of the triangles around each node, weights over their maximum.

    Returns
    -------
    (N,) array
        Within [0, 1]; 0 for nodes with fewer than two connections.

    References
    ----------
    Onnela et al. (2005), Phys Rev E 71:065103.
    """
    root = np.cbrt(graph.weights / max(graph.weights.max(), np.finfo(float).tiny))
    triangles = np.einsum("ij,ji->i", root @ root, root)
    n_links = degree(graph)
    intensity: NDArray[np.float64] = triangles / np.maximum(n_links * (n_links - 1), 1)
    return intensity


def efficiency(graph: Graph) -> float:
    """Average one over the shortest distance, over all pairs of nodes.

    Returns
    -------
    float
        In the unit of the weights; nodes that cannot be reached count as zero.

    References
    ----------
    Latora and Marchiori (2001), Phys Rev Lett 87:198701.
    """
    distance, _ = graph.paths
    apart = distance > 0
    return float(np.sum(1 / distance[apart]) / (len(graph) * (len(graph) - 1)))


def geodesic_entropies(graph: Graph) -> NDArray[np.float64]:
    """Return the entropy of the numbers of steps from each node to all others.

    Every connection is one step, whatever its weight.

    Returns
    -------
    (N,) array
        In nats; nodes that cannot be reached do not count. NaN for nodes without a connection.

    References
    ----------
    Viol et al. (2019), Entropy 21:128.
    """
    steps = shortest_path(graph.weights > 0, directed=False, unweighted=True)
    reached = np.isfinite(steps) & (steps > 0)
    n = reached.sum(axis=1)
    entropy = np.zeros(len(graph))
    for k in range(1, int(steps[reached].max(initial=0.0)) + 1):
        share = (reached & (steps == k)).sum(axis=1) / np.maximum(n, 1)
        entropy -= share * np.log(np.where(share > 0, share, 1.0))
    return np.where(n > 0, entropy, np.nan)


def geodesic_entropy(graph: Graph) -> float:
    """Average `geodesic_entropies` over the nodes with a connection; NaN if there is none."""
    entropies = geodesic_entropies(graph)
    finite = np.isfinite(entropies)
    return float(entropies[finite].mean()) if finite.any() else float("nan")


def modularity(graph: Graph) -> float:
    """Compute Newman's Q of the given modules.

    Returns
    -------
    float
        0: connections ignore the modules; towards 1: they stay within. NaN without any
        connection.

    References
    ----------
    Newman (2004), Phys Rev E 70:056131.
    """
    member = _membership(graph.modules)
    between = member.T @ graph.weights @ member
    total = between.sum()
    if total == 0:
        return float("nan")
    return float((np.trace(between) - np.sum(between.sum(axis=0) ** 2) / total) / total)


def _membership(modules: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mark the module of each node: (N, M), one where it belongs."""
    return np.equal.outer(modules, np.unique(modules)).astype(np.float64)
