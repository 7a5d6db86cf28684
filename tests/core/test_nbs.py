"""Components of connections and threshold-free enhancement, against plain loops."""

from itertools import combinations, product

import networkx
import numpy as np
import pytest
from scipy import stats

from gradshift.core.enhancement import STEPS
from gradshift.core.statistics.association import permuted
from gradshift.core.statistics.nbs import network_statistic as of_scheme
from gradshift.core.statistics.signflip import flipped

R = 12
UPPER = np.triu_indices(R, 1)


def network_statistic(changes, *, thresholds=(2.5, 3.1), **chance):
    return of_scheme(flipped(changes, **chance), thresholds=thresholds)


def t_of(changes):
    return changes.mean(axis=0) / (changes.std(axis=0, ddof=1) / np.sqrt(len(changes)))


def parts(t, threshold):
    """Components by networkx: (sign, regions) with their extent and intensity."""
    found = {}
    for sign in (1, -1):
        graph = networkx.Graph()
        for i, j, value in zip(*UPPER, sign * t, strict=True):
            if value > threshold:
                graph.add_edge(int(i), int(j), over=value - threshold)
        for nodes in networkx.connected_components(graph):
            part = graph.subgraph(nodes)
            found[sign, tuple(sorted(nodes))] = (
                part.number_of_edges(),
                part.size(weight="over"),
            )
    return found


def enhanced(t):
    """TFCE as its definition says: threshold by threshold, component by component."""
    step, scores = np.abs(t).max() / STEPS, np.zeros(len(t))
    place = {(int(i), int(j)): k for k, (i, j) in enumerate(zip(*UPPER, strict=True))}
    for sign in (1, -1):
        for height in step * np.arange(1, STEPS + 1):
            graph = networkx.Graph()
            graph.add_edges_from(edge for edge, k in place.items() if sign * t[k] >= height - 1e-9)
            for nodes in networkx.connected_components(graph):
                edges = graph.subgraph(nodes).edges
                for edge in edges:
                    scores[place[tuple(sorted(edge))]] += len(edges) ** 0.5 * height**3 * step
    return scores


@pytest.fixture
def planted(rng):
    """Seven people; six connections among regions 0 to 3 rise, a chain 7-8-9-10 falls."""
    changes = rng.normal(size=(7, len(UPPER[0])))
    inside = (UPPER[0] < 4) & (UPPER[1] < 4)
    chain = (UPPER[1] == UPPER[0] + 1) & (UPPER[0] >= 7) & (UPPER[0] < 10)
    changes[:, inside] += 2.5
    changes[:, chain] -= 2.5
    return changes


def test_components_agree_with_an_independent_implementation(planted):
    found = network_statistic(planted)
    flips = [planted * np.array(s)[:, None] for s in product((1, -1), repeat=7)]
    for threshold in (2.5, 3.1):
        expected = parts(t_of(planted), threshold)
        largest = np.array(
            [np.max([(0, 0), *parts(t_of(flip), threshold).values()], axis=0) for flip in flips]
        )
        mine = [one for one in found.components if one.threshold == threshold]
        assert {(one.sign, one.regions) for one in mine} == expected.keys()
        for one in mine:
            extent, intensity = expected[one.sign, one.regions]
            assert one.extent == extent
            assert one.intensity == pytest.approx(intensity)
            assert one.p_extent == (largest[:, 0] >= extent).mean()
            assert one.p_intensity == (largest[:, 1] >= intensity - 1e-9).mean()
    assert (found.n_permutations, found.exact) == (128, True)
    assert found.components[0].sign == 1
    assert set(range(4)) <= set(found.components[0].regions)
    assert found.components[0].p_extent <= 0.05


def test_enhancement_agrees_with_its_definition(planted):
    changes = planted[:5]
    found = network_statistic(changes)
    expected = enhanced(t_of(changes))
    np.testing.assert_allclose(np.abs(found.tfce), expected, rtol=1e-9)
    np.testing.assert_array_equal(np.sign(found.tfce[expected > 0]),
                                  np.sign(t_of(changes))[expected > 0])  # fmt: skip
    flips = [changes * np.array((1, *s))[:, None] for s in product((1, -1), repeat=4)]
    largest = np.array([enhanced(t_of(flip)).max() for flip in flips])
    reached = largest[:, None] >= expected * (1 - 1e-9)
    np.testing.assert_allclose(found.p_tfce, reached.mean(axis=0))


def test_components_between_groups_agree_with_an_independent_implementation(planted):
    """All 35 ways to deal three and four people to groups, by loops over networkx."""
    group = np.array([0.0, 1, 0, 1, 1, 0, 1])
    changes = planted * np.where(group == 1, 1.0, 0.2)[:, None]

    def t_between(labels):
        return stats.ttest_ind(changes[labels == 1], changes[labels == 0]).statistic

    dealt = []
    for chosen in combinations(range(7), 4):
        labels = np.zeros(7)
        labels[list(chosen)] = 1
        dealt.append(t_between(labels))
    found = of_scheme(permuted(changes, group), thresholds=(2.0,))
    expected = parts(t_between(group), 2.0)
    largest = np.array([np.max([(0, 0), *parts(t, 2.0).values()], axis=0) for t in dealt])
    assert {(one.sign, one.regions) for one in found.components} == expected.keys()
    for one in found.components:
        extent, intensity = expected[one.sign, one.regions]
        assert one.p_extent == pytest.approx((largest[:, 0] >= extent).mean())
        assert one.p_intensity == pytest.approx((largest[:, 1] >= intensity - 1e-9).mean())
    assert found.n_permutations == 35
    scores = np.array([enhanced(t).max() for t in dealt])
    reached = scores[:, None] >= enhanced(t_between(group)) * (1 - 1e-9)
    np.testing.assert_allclose(found.p_tfce, reached.mean(axis=0))


def test_connections_that_some_lack_count_with_those_who_have_them(planted):
    missing = (UPPER[0] == 5) | (UPPER[1] == 5)
    absent = (UPPER[0] == 6) | (UPPER[1] == 6)
    changes = planted.copy()
    changes[np.ix_([2, 3], missing)] = np.nan
    changes[:, absent] = np.nan
    found = network_statistic(changes)
    assert np.isnan(found.p_tfce[absent]).all()
    assert np.isfinite(found.p_tfce[~absent]).all()
    there = np.zeros(len(absent))
    there[~absent] = stats.ttest_1samp(changes[:, ~absent], 0, nan_policy="omit").statistic
    expected = parts(there, 2.5)
    mine = {(one.sign, one.regions) for one in found.components if one.threshold == 2.5}
    assert mine == expected.keys()


def test_the_order_of_people_changes_nothing_and_random_flips_repeat(rng):
    changes = rng.normal(0.3, 1, size=(8, 45))
    there, other = network_statistic(changes), network_statistic(rng.permutation(changes))
    np.testing.assert_array_equal(there.p_tfce, other.p_tfce)
    assert [(c.regions, c.p_extent) for c in there.components] == [
        (c.regions, c.p_extent) for c in other.components
    ]
    many = rng.normal(0.3, 1, size=(18, 45))
    first = network_statistic(many, n_permutations=200, seed=2)
    again = network_statistic(many, n_permutations=200, seed=2)
    assert (first.exact, first.n_permutations) == (False, 200)
    np.testing.assert_array_equal(first.p_tfce, again.p_tfce)
    assert first.p_tfce.min() >= 1 / 201


def test_the_error_rate_over_all_components_is_the_nominal_one(rng):
    """Nothing planted, regions with common noise, 200 studies of 7: inside the 99 % band."""
    called = np.zeros(3)
    for _ in range(200):
        regional = rng.normal(size=(7, R))
        changes = (
            rng.normal(size=(7, len(UPPER[0]))) + regional[:, UPPER[0]] * regional[:, UPPER[1]]
        )
        found = network_statistic(changes, thresholds=(2.5,))
        extents = [c.p_extent for c in found.components]
        intensities = [c.p_intensity for c in found.components]
        called += [min(p, default=1) <= 0.05 for p in (extents, intensities, found.p_tfce)]
    low, high = stats.binom.ppf([0.005, 0.995], 200, 0.05)
    assert (called <= high).all()
    assert (called[1:] >= low).all()


def test_no_change_and_no_triangle():
    found = network_statistic(np.zeros((4, 6)))
    assert found.components == ()
    assert (found.p_tfce == 1).all()
    with pytest.raises(ValueError, match="7 connections are not those of a triangle"):
        network_statistic(np.zeros((4, 7)))
