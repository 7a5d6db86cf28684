"""Metrics of weighted graphs: definitions, other programs, reference numbers."""

import networkx as nx
import numpy as np
import pytest

from gradshift.core.cortex import graph as g
from gradshift.core.cortex.graph import Graph
from gradshift.core.series.connectivity import fisher_z

PAIRS_400 = 399 * 398 / 2
PAIRS_200 = 199 * 198 / 2


def random_graph(rng, n=23, density=0.4, n_modules=4):
    """A graph with an isolated node and a piece of its own."""
    weights = np.triu(rng.uniform(0.05, 1, (n, n)) * (rng.random((n, n)) < density), 1)
    weights[0] = weights[:, 0] = 0
    weights[1:4, 4:] = 0
    weights[1, 2] = weights[2, 3] = 0.7
    return Graph(weights=weights + weights.T, modules=np.arange(n) % n_modules)


@pytest.fixture
def graph(rng):
    return random_graph(rng)


@pytest.fixture
def as_networkx(graph):
    found = nx.from_numpy_array(graph.weights)
    for _, _, data in found.edges(data=True):
        data["length"] = 1 / data["weight"]
    return found


@pytest.fixture
def group_graph(hcp):
    def build(scale):
        group = hcp(scale)
        weights = g.positive_weights(fisher_z(group.matrix))
        return Graph(weights=weights, modules=group.regions.network_index)

    return build


def brute_betweenness(weights):
    """Walk every shortest path, one pair after the other."""
    graph = nx.from_numpy_array(weights)
    for _, _, data in graph.edges(data=True):
        data["length"] = 1 / data["weight"]
    count = np.zeros(len(weights))
    for a in range(len(weights)):
        for b in range(a):
            if nx.has_path(graph, a, b):
                inner = nx.shortest_path(graph, a, b, weight="length")[1:-1]
                count[inner] += 1
    return count / ((len(weights) - 1) * (len(weights) - 2) / 2)


def test_betweenness_by_walking_every_path(graph):
    np.testing.assert_allclose(g.betweenness(graph), brute_betweenness(graph.weights))


def test_networkx_betweenness_agrees(graph, as_networkx):
    theirs = nx.betweenness_centrality(as_networkx, weight="length")
    np.testing.assert_allclose(g.betweenness(graph), list(theirs.values()), atol=1e-14)


def test_betweenness_of_a_star_and_a_chain():
    star = np.zeros((6, 6))
    star[0, 1:] = star[1:, 0] = [0.9, 0.8, 0.7, 0.6, 0.5]
    none = np.zeros(6, dtype=np.intp)
    assert g.betweenness(Graph(weights=star, modules=none)).tolist() == [1, 0, 0, 0, 0, 0]
    chain = np.diag([0.5, 0.6, 0.7, 0.8], 1)
    inner = g.betweenness(Graph(weights=chain + chain.T, modules=none[:5]))
    np.testing.assert_allclose(inner, np.array([0, 3, 4, 3, 0]) / 6)


def test_geodesic_entropy_of_known_graphs():
    def entropy(edges, n):
        weights = np.zeros((n, n))
        for a, b in edges:
            weights[a, b] = weights[b, a] = 0.1 + (a + 2 * b) % 7 / 10
        return g.geodesic_entropy(Graph(weights=weights, modules=np.zeros(n, dtype=np.intp)))

    complete = [(a, b) for a in range(6) for b in range(a)]
    assert entropy(complete, 6) == pytest.approx(0)
    assert entropy([(0, b) for b in range(1, 6)], 6) == pytest.approx(
        5 / 6 * -(np.log(1 / 5) / 5 + 4 / 5 * np.log(4 / 5))
    )
    two_steps, four_steps = -np.log(1 / 2), -np.log(1 / 4)  # a chain of five
    three = -(2 * 0.25 * np.log(0.25) + 0.5 * np.log(0.5))
    chain = [(0, 1), (1, 2), (2, 3), (3, 4)]
    expected = (2 * four_steps + 2 * three + two_steps) / 5
    assert entropy(chain, 5) == pytest.approx(expected)
    assert entropy(chain, 9) == pytest.approx(expected)  # regions without a connection
    assert np.isnan(entropy([], 4))


def test_geodesic_entropy_by_walking(graph, as_networkx):
    each = []
    for _, lengths in nx.all_pairs_shortest_path_length(as_networkx):
        steps = np.array([length for length in lengths.values() if length])
        if len(steps):
            shares = np.bincount(steps)[1:] / len(steps)
            each.append(-sum(p * np.log(p) for p in shares if p))
    assert g.geodesic_entropy(graph) == pytest.approx(np.mean(each))


def test_networkx_clustering_agrees(graph, as_networkx):
    theirs = nx.clustering(as_networkx, weight="weight")
    np.testing.assert_allclose(g.clustering(graph), list(theirs.values()), atol=1e-14)


def test_clustering_does_not_depend_on_the_scale_of_weights(graph):
    larger = Graph(weights=graph.weights * 7, modules=graph.modules)
    np.testing.assert_allclose(g.clustering(larger), g.clustering(graph))


def test_networkx_eigenvector_centrality_agrees(graph):
    inside = graph.pieces == np.bincount(graph.pieces).argmax()
    piece = Graph(weights=graph.weights[np.ix_(inside, inside)], modules=graph.modules[inside])
    theirs = nx.eigenvector_centrality_numpy(nx.from_numpy_array(piece.weights), weight="weight")
    np.testing.assert_allclose(g.eigenvector_centrality(piece), list(theirs.values()), atol=1e-9)


def test_eigenvector_centrality_of_a_star_is_known():
    star = np.zeros((5, 5))
    star[0, 1:] = star[1:, 0] = 1
    centrality = g.eigenvector_centrality(Graph(weights=star, modules=np.zeros(5, dtype=np.intp)))
    np.testing.assert_allclose(centrality, [np.sqrt(0.5), *[np.sqrt(0.125)] * 4])


def test_networkx_modularity_agrees(graph, as_networkx):
    communities = [set(np.flatnonzero(graph.modules == m).tolist()) for m in range(4)]
    theirs = nx.community.modularity(as_networkx, communities, weight="weight")
    assert g.modularity(graph) == pytest.approx(theirs)


def test_two_separate_cliques_have_modularity_one_half():
    weights = np.kron(np.eye(2), np.ones((4, 4)) - np.eye(4))
    assert g.modularity(Graph(weights=weights, modules=np.repeat([0, 1], 4))) == pytest.approx(0.5)


def test_efficiency_by_its_definition(graph, as_networkx):
    n = len(graph)
    total = sum(
        1 / distance
        for source, reached in nx.all_pairs_dijkstra_path_length(as_networkx, weight="length")
        for target, distance in reached.items()
        if source != target
    )
    assert g.efficiency(graph) == pytest.approx(total / (n * (n - 1)))


def test_participation_by_its_definition(graph):
    for i, found in enumerate(g.participation(graph)):
        total = graph.weights[i].sum()
        if i == 0:
            assert np.isnan(found)
        else:
            parts = [graph.weights[i, graph.modules == m].sum() / total for m in range(4)]
            assert found == pytest.approx(1 - sum(part**2 for part in parts))


def test_participation_at_both_ends():
    weights = np.zeros((5, 5))
    weights[0, 1:] = weights[1:, 0] = 0.5
    spread = g.participation(Graph(weights=weights, modules=np.arange(5)))
    np.testing.assert_allclose(spread, [0.75, 0, 0, 0, 0])


def test_within_module_z_has_mean_zero_and_population_sd_one(graph):
    z = g.within_module_z(graph)
    for module in range(4):
        inside = z[graph.modules == module]
        assert inside.mean() == pytest.approx(0, abs=1e-12)
        assert inside.std(ddof=0) == pytest.approx(1)


def test_within_module_z_is_undefined_among_equals():
    weights = np.ones((6, 6)) - np.eye(6)
    weights[0, 1] = weights[1, 0] = 0.5
    z = g.within_module_z(Graph(weights=weights, modules=np.array([0, 0, 0, 1, 1, 2])))
    assert np.isfinite(z[:3]).all()
    assert np.isnan(z[3:]).all()


def test_threshold_keeps_the_strongest(graph):
    kept = graph.threshold(0.1)
    n_edges = round(0.1 * 23 * 22 / 2)
    assert np.count_nonzero(kept.weights) == 2 * n_edges
    np.testing.assert_array_equal(kept.weights, kept.weights.T)
    assert kept.weights[kept.weights > 0].min() >= np.sort(graph.weights.ravel())[-2 * n_edges]
    assert kept.density == pytest.approx(0.1, abs=0.002)


def test_half_a_connection_is_kept(group_graph):
    """Fifteen percent of 4950 connections are 742.5: as bctpy, not to the even number."""
    assert np.count_nonzero(group_graph(100).threshold(0.15).weights) == 2 * 743


def test_threshold_beyond_what_is_there_keeps_everything(graph):
    np.testing.assert_array_equal(graph.threshold(0.99).weights, graph.weights)


def test_pieces_and_isolated_nodes(graph):
    assert len(np.unique(graph.pieces)) == 3
    assert np.flatnonzero(graph.isolated).tolist() == [0]
    assert np.bincount(graph.pieces).max() == 19


def test_the_order_of_nodes_does_not_matter(graph, rng):
    order = rng.permutation(len(graph))
    shuffled = Graph(weights=graph.weights[np.ix_(order, order)], modules=graph.modules[order])
    for metric in (
        g.strength,
        g.degree,
        g.eigenvector_centrality,
        g.participation,
        g.within_module_z,
        g.betweenness,
        g.clustering,
    ):
        np.testing.assert_allclose(
            metric(shuffled), metric(graph)[order], atol=1e-12, err_msg=metric.__name__
        )
    assert g.efficiency(shuffled) == pytest.approx(g.efficiency(graph))
    assert g.modularity(shuffled) == pytest.approx(g.modularity(graph))
    assert g.geodesic_entropy(shuffled) == pytest.approx(g.geodesic_entropy(graph))


def test_metrics_leave_the_weights_alone(graph):
    before = graph.weights.copy()
    for metric in (g.betweenness, g.clustering, g.eigenvector_centrality, g.efficiency):
        metric(graph)
    graph.threshold(0.2)
    np.testing.assert_array_equal(graph.weights, before)


@pytest.mark.parametrize(
    ("scale", "mean_strength", "strength", "participation", "centrality"),
    [
        (100, 34.6154, 27.418, 0.73893, 0.06586),
        (200, 54.50935860116337, 52.2679328447559, 0.7570366805, 0.0577893227),
        (400, 86.18632151449168, 69.25256625231094, 0.7599629872, 0.0337051634),
    ],
)
def test_posterior_cingulate_without_threshold(
    hcp, group_graph, scale, mean_strength, strength, participation, centrality
):
    graph = group_graph(scale)
    members = list(hcp(scale).regions.sets["PCC"])
    assert g.strength(graph).mean() == pytest.approx(mean_strength, rel=2e-6)
    assert g.strength(graph)[members].mean() == pytest.approx(strength, rel=2e-5)
    assert g.participation(graph)[members].mean() == pytest.approx(participation, abs=5e-6)
    assert g.eigenvector_centrality(graph)[members].mean() == pytest.approx(centrality, abs=5e-6)


@pytest.mark.parametrize(
    ("scale", "density", "edges", "pieces", "modularity", "efficiency"),
    [
        (100, 0.10, 495, 9, 0.53759, 0.26004),
        (200, 0.10, 1990, 21, 0.4840991, 0.2305763),
        (200, 0.15, 2985, 18, 0.3976131, 0.2517279),
        (400, 0.10, 7980, 37, 0.4580951, 0.2034515),
        (400, 0.15, 11970, 31, 0.3826551, 0.2171319),
    ],
)
def test_thresholded_group(group_graph, scale, density, edges, pieces, modularity, efficiency):
    graph = group_graph(scale).threshold(density)
    assert np.count_nonzero(graph.weights) == 2 * edges
    assert len(np.unique(graph.pieces)) == pieces
    assert g.modularity(graph) == pytest.approx(modularity, abs=5e-6)
    assert g.efficiency(graph) == pytest.approx(efficiency, abs=5e-6)


@pytest.mark.parametrize(
    ("scale", "pairs", "degree", "strength", "participation", "z", "centrality", "through"),
    [
        (200, PAIRS_200, 19.25, 12.27581, 0.190963, 1.028818, 0.002508, 153.75),
        (400, PAIRS_400, 24.454545, 12.396944, 0.219093, 0.135862, 0.001457, 120.181818),
    ],
)
def test_posterior_cingulate_at_one_tenth(
    hcp, group_graph, scale, pairs, degree, strength, participation, z, centrality, through
):
    graph = group_graph(scale).threshold(0.10)
    members = list(hcp(scale).regions.sets["PCC"])
    assert g.degree(graph)[members].mean() == pytest.approx(degree)
    assert g.strength(graph)[members].mean() == pytest.approx(strength, abs=5e-6)
    spread = np.nan_to_num(g.participation(graph))[members]
    assert spread.mean() == pytest.approx(participation, abs=1e-6)
    assert g.within_module_z(graph)[members].mean() == pytest.approx(z, abs=1e-6)
    assert g.eigenvector_centrality(graph)[members].mean() == pytest.approx(centrality, abs=1e-6)
    assert g.betweenness(graph)[members].mean() * pairs == pytest.approx(through)


def test_clustering_of_the_group_at_one_tenth(group_graph):
    assert g.clustering(group_graph(400).threshold(0.1)).mean() == pytest.approx(
        0.212174, abs=1e-6
    )
    assert g.clustering(group_graph(200).threshold(0.1)).mean() == pytest.approx(
        0.232016, abs=1e-6
    )


@pytest.mark.filterwarnings("ignore")
def test_bctpy_agrees(group_graph):
    """With its own conventions: ordered pairs, zero for isolated nodes."""
    bct = pytest.importorskip("bct")
    graph = group_graph(100).threshold(0.15)
    weights, modules = graph.weights, graph.modules + 1
    np.testing.assert_allclose(
        g.eigenvector_centrality(graph), bct.eigenvector_centrality_und(weights), atol=1e-12
    )
    np.testing.assert_allclose(
        np.nan_to_num(g.participation(graph)), bct.participation_coef(weights, modules), atol=1e-12
    )
    np.testing.assert_allclose(
        np.nan_to_num(g.within_module_z(graph)),
        bct.module_degree_zscore(weights, modules),
        atol=1e-10,
    )
    lengths = np.divide(1, weights, out=np.zeros_like(weights), where=weights > 0)
    np.testing.assert_allclose(
        g.betweenness(graph) * 99 * 98, bct.betweenness_wei(lengths), atol=1e-8
    )
    np.testing.assert_allclose(
        g.clustering(graph), bct.clustering_coef_wu(weights / weights.max()), atol=1e-12
    )
    assert g.efficiency(graph) == pytest.approx(bct.efficiency_wei(weights))
    np.testing.assert_array_equal(
        bct.threshold_proportional(group_graph(100).weights, 0.15), weights
    )
