"""Measures of the graph: reference numbers, thresholds, status."""

import numpy as np
import pytest

from gradshift.core.cortex import graph as g
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.options import Options
from gradshift.core.measures import measures

PLAIN = {
    "strength": g.strength,
    "eigenvectorcentrality": g.eigenvector_centrality,
    "participation": g.participation,
    "withinmodulez": g.within_module_z,
    "betweenness": g.betweenness,
    "clustering": g.clustering,
    "efficiency": g.efficiency,
    "modularity": g.modularity,
}


def table(name, session):
    return {(row.level, row.label): row for row in evaluate(measures()[name], session)}


def test_the_posterior_cingulate_has_its_reference_centrality(hcp, as_session):
    session = as_session(hcp(400).regions, hcp(400).matrix)
    row = table("eigenvectorcentrality", session)["set", "PCC"]
    assert row.value == pytest.approx(0.03370516344665587, abs=1e-9)
    assert table("strength", session)["set", "PCC"].value == pytest.approx(69.2525662523)


@pytest.mark.parametrize("name", PLAIN)
def test_measures_are_metrics_of_the_graph(hcp, as_session, name):
    session = as_session(hcp(100).regions, hcp(100).matrix)
    rows = table(name, session)
    expected = PLAIN[name](session.graph)
    found = [row.value for (level, _), row in rows.items() if level in {"region", "whole"}]
    np.testing.assert_array_equal(found, np.atleast_1d(expected))


def test_geodesic_entropy_is_the_mean_over_densities(hcp, as_session):
    session = as_session(hcp(100).regions, hcp(100).matrix, options=Options(densities=(0.1, 0.3)))
    each = [g.geodesic_entropy(session.graph.threshold(density)) for density in (0.1, 0.3)]
    (row,) = table("geodesicentropy", session).values()
    assert row.value == pytest.approx(np.mean(each))
    assert each[1] < each[0]  # more connections, fewer steps


@pytest.mark.parametrize("name", PLAIN)
def test_areas_are_those_under_the_curve(hcp, as_session, name):
    densities = (0.2, 0.25, 0.4)
    session = as_session(hcp(100).regions, hcp(100).matrix, options=Options(densities=densities))
    low, middle, high = (PLAIN[name](session.graph.threshold(d)) for d in densities)
    expected = np.atleast_1d((low + middle) / 2 * 0.05 + (middle + high) / 2 * 0.15)
    rows = [r for r in table(f"{name}auc", session).values() if r.level in {"region", "whole"}]
    np.testing.assert_allclose([row.value for row in rows], expected)
    for row in rows:
        assert row.status == ("ok" if np.isfinite(row.value) else "not defined at every density")


def test_a_point_of_the_curve_is_the_metric_at_that_density(hcp, as_session):
    session = as_session(hcp(100).regions, hcp(100).matrix, options=Options(densities=(0.1, 0.3)))
    point = measures()["strengthauc"].at(1)
    rows = [row for row in evaluate(point, session) if row.level == "region"]
    assert {row.measure for row in rows} == {"strength"}
    expected = g.strength(session.graph.threshold(0.3))
    np.testing.assert_allclose([row.value for row in rows], expected)


def test_isolated_regions_have_no_participation_area(hcp, as_session):
    session = as_session(hcp(100).regions, hcp(100).matrix)
    isolated = session.thresholded[0].isolated
    rows = table("participationauc", session)
    values = np.array([rows["region", name].value for name in session.regions.names])
    assert isolated.any()
    np.testing.assert_array_equal(np.isnan(values), isolated)


def test_a_density_that_cannot_be_reached_is_said(make_regions, as_session, rng):
    """Sixty percent of connections cannot be kept when only some are positive."""
    regions = make_regions({"Vis": 12, "Default": 12})
    signal = rng.standard_normal((200, 1)) * np.repeat([1, -1], 12)
    session = as_session(
        regions,
        series=signal + 0.5 * rng.standard_normal((200, 24)),
        options=Options(densities=(0.2, 0.6)),
    )
    for row in table("strengthauc", session).values():
        assert row.status == "only 48% of connections are positive, densities go to 60%"


def test_regions_outside_networks_are_no_nodes(make_regions, as_session, rng):
    series = rng.standard_normal((100, 14)) + rng.standard_normal((100, 1))
    regions = make_regions({"Vis": 6, "Default": 6, "": 2})
    more = as_session(regions, series=series)
    alone = as_session(make_regions({"Vis": 6, "Default": 6}), series=series[:, :12])
    for name in (*PLAIN, "strengthauc"):
        with_them, without = table(name, more), table(name, alone)
        for key, row in without.items():
            assert with_them[key].value == pytest.approx(row.value, nan_ok=True)
    assert np.isnan(table("strength", more)["region", "region13"].value)


@pytest.mark.parametrize("name", [*PLAIN, *(f"{name}auc" for name in PLAIN)])
def test_what_is_no_graph_gives_the_reason(make_regions, as_session, rng, name):
    two = as_session(make_regions({"Vis": 2}), series=rng.standard_normal((50, 2)))
    assert {row.status for row in table(name, two).values()} == {
        "a graph needs 3 usable cortical regions, there are 2"
    }
    apart = np.eye(4) * 1.3 - 0.3
    torn = as_session(make_regions({"Vis": 2, "Default": 2}), apart)
    assert {row.status for row in table(name, torn).values()} == {
        "no two regions are positively connected"
    }


def test_only_the_common_volumes_count(hcp, as_session, rng):
    series = rng.standard_normal((300, 100)) @ np.linalg.cholesky(hcp(100).matrix).T
    short = as_session(hcp(100).regions, series=series[:200])
    long = as_session(hcp(100).regions, series=series, n_common=200)
    assert table("eigenvectorcentrality", long) == table("eigenvectorcentrality", short)


def test_measures_say_what_they_are():
    for name in [*PLAIN, *(f"{name}auc" for name in PLAIN), "seedz"]:
        measure = measures()[name]
        assert measure.name == name
        for field in ("unit", "formula", "high", "low", "methods", "cite", "caveat"):
            assert getattr(measure, field), (name, field)
        assert measure.methods.endswith(".")
