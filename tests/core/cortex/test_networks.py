"""Network measures against reference numbers and laws."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.networks import mean_connection
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.separation import NOT_POSITIVE
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate

DATA = Path(__file__).parents[2] / "data"
REFERENCE = json.loads((DATA / "network_reference.json").read_text(encoding="utf-8"))


def session_of(matrix, networks, series=None, sets=None):
    size = len(networks)
    regions = Regions(
        names=tuple(f"region{i + 1}" for i in range(size)),
        networks=tuple(networks),
        hemispheres=("",) * size,
        centroids=np.zeros((size, 3)),
        sets=sets or {},
    )
    series = np.zeros((0, size)) if series is None else series
    return Session(
        regions=regions,
        series=series,
        volumes=np.arange(len(series)),
        run_of=np.zeros(len(series), dtype=np.intp),
        tr=2.0,
        matrix=matrix,
        n_common=len(series),
    )


def values(name, session, level):
    return {
        row.label: row.value for row in evaluate(measures()[name], session) if row.level == level
    }


def whole(name, session):
    return values(name, session, "whole")["whole"]


@pytest.fixture(scope="module", params=["100", "200", "400"])
def reference(request):
    """The group matrix of so many regions as a session, and its numbers."""
    numbers = REFERENCE[request.param]
    with np.load(DATA / f"S{request.param}_fc.npz") as stored:
        matrix = stored["fc"].astype(np.float64)
        networks = stored["network"].tolist()
    np.fill_diagonal(matrix, 1.0)
    pcc = tuple(number - 1 for number in numbers["pcc"])
    return session_of(matrix, networks, sets={"PCC": pcc}), numbers


def test_connectivity_within_networks(reference):
    session, numbers = reference
    within = values("withinfc", session, "network")
    assert list(within) == [
        "Vis",
        "SomMot",
        "DorsAttn",
        "SalVentAttn",
        "Limbic",
        "Cont",
        "Default",
    ]
    assert list(within.values()) == pytest.approx(numbers["within"], abs=5.1e-5)


def test_every_cell_of_the_network_table(reference):
    session, numbers = reference
    if "netfc_z" not in numbers:
        numbers = {"netfc_z": [], "order": []}
    within = values("withinfc", session, "network")
    between = values("betweenfc", session, "network-pair")
    assert len(between) == 21
    for first, row in zip(numbers["order"], numbers["netfc_z"], strict=True):
        for second, expected in zip(numbers["order"], row, strict=True):
            found = (
                within[first] if first == second else between["-".join(sorted((first, second)))]
            )
            assert found == pytest.approx(expected, abs=1e-5), (first, second)


def test_connectivity_between_networks(reference):
    session, numbers = reference
    between = values("betweenfc", session, "network-pair")
    assert between["Default-SomMot"] == pytest.approx(numbers["default_sommot"], abs=1e-5)
    assert whole("lowhighfc", session) == pytest.approx(numbers["low_high"], abs=1e-5)


@pytest.mark.parametrize("name", ["segregation", "segregationsigned"])
def test_segregation_is_that_of_the_authors_code(reference, name):
    session, numbers = reference
    assert whole(name, session) == pytest.approx(numbers[name], abs=1e-5)


def test_segregation_is_a_ratio_of_pooled_means(reference):
    session, numbers = reference
    within, between = numbers["pooled_within"], numbers["pooled_between"]
    expected = (within - between) / within
    assert whole("segregation", session) == pytest.approx(expected, abs=1e-5)


def test_global_connectivity_of_the_posterior_cingulate(reference):
    session, numbers = reference
    assert values("gbc", session, "set")["PCC"] == pytest.approx(numbers["gbc_pcc"], abs=1e-5)


def test_measures_agree_with_loops_over_pairs(reference):
    session, _ = reference
    z, networks = session.z, session.regions.networks
    low, high = {"Vis", "SomMot"}, {"Default", "Cont"}
    pairs = [(i, j) for i in range(len(z)) for j in range(i)]
    w_low = np.mean([z[i, j] for i, j in pairs if {networks[i], networks[j]} <= low])
    w_high = np.mean([z[i, j] for i, j in pairs if {networks[i], networks[j]} <= high])
    i_lh = np.mean(
        [
            z[i, j]
            for i, j in pairs
            if {networks[i], networks[j]} & low and {networks[i], networks[j]} & high
        ]
    )
    assert whole("ordercollapse", session) == pytest.approx(i_lh - (w_low + w_high) / 2)
    assert whole("lowhighasymmetry", session) == pytest.approx(w_high - w_low)
    assert whole("meanfc", session) == pytest.approx(np.mean([z[i, j] for i, j in pairs]))
    clipped = np.maximum(z, 0)
    s = {}
    for name in low | high:
        own = np.mean([clipped[i, j] for i, j in pairs if networks[i] == networks[j] == name])
        rest = np.mean(
            [clipped[i, j] for i, j in pairs if (networks[i] == name) != (networks[j] == name)]
        )
        s[name] = (own - rest) / own
    of_network = values("segregation", session, "network")
    assert {name: of_network[name] for name in s} == pytest.approx(s)
    assert whole("segregationsensory", session) == pytest.approx(np.mean([s[k] for k in low]))
    assert whole("segregationassociation", session) == pytest.approx(np.mean([s[k] for k in high]))


@pytest.fixture
def small(rng):
    """Twelve regions: three networks, a network of one region, two regions without one."""
    networks = ["Vis"] * 3 + ["Default"] * 4 + ["SomMot"] * 2 + ["Limbic"] + [""] * 2
    return correlate(rng.normal(size=(40, 12)) + rng.normal(size=(40, 1))), networks


def test_a_shift_of_all_connections_moves_the_mean_and_not_the_collapse(small):
    matrix, networks = small
    shifted = np.tanh(np.arctanh(matrix - np.eye(12)) + 0.2)
    np.fill_diagonal(shifted, 1.0)
    before, after = session_of(matrix, networks), session_of(shifted, networks)
    assert whole("meanfc", after) - whole("meanfc", before) == pytest.approx(0.2)
    assert whole("ordercollapse", after) == pytest.approx(whole("ordercollapse", before))


def test_regions_without_a_network_count_in_their_own_connectivity_only(small):
    matrix, networks = small
    other = matrix.copy()
    other[10:, :10] = other[:10, 10:] = 0.5
    before, after = session_of(matrix, networks), session_of(other, networks)
    for name in set(measures()) & {"withinfc", "betweenfc", "segregation", "meanfc", "lowhighfc"}:
        assert whole(name, before) == whole(name, after)
    assert values("gbc", before, "region") != values("gbc", after, "region")


def test_a_network_of_one_region_has_no_inside(small):
    session = session_of(*small)
    for name in ("withinfc", "segregation", "segregationsigned"):
        found = values(name, session, "network")
        assert np.isnan(found["Limbic"])
        assert np.isfinite([found["Vis"], found["Default"], found["SomMot"]]).all()
    assert np.isfinite(values("betweenfc", session, "network-pair")["Limbic-Vis"])


def test_no_segregation_where_nothing_holds_together(small):
    matrix, networks = small
    loose = matrix.copy()
    loose[:3, :3] = -0.1
    np.fill_diagonal(loose, 1.0)
    rows = evaluate(measures()["segregation"], session_of(loose, networks))
    status = {row.label: row.status for row in rows}
    assert status["Vis"] == NOT_POSITIVE
    assert status["Limbic"] == "too few usable regions"
    mean = evaluate(measures()["segregationsensory"], session_of(loose, networks))[0]
    assert np.isfinite(mean.value)
    assert mean.status == "1 of 2 networks missing"


@pytest.mark.parametrize(
    "name", ["lowhighfc", "ordercollapse", "lowhighasymmetry", "segregationassociation"]
)
def test_an_atlas_without_high_order_networks_is_told_so(small, name):
    matrix, networks = small
    foreign = [network.replace("Default", "Mine") for network in networks]
    (row,) = evaluate(measures()[name], session_of(matrix, foreign))
    assert np.isnan(row.value)
    assert row.status.startswith("the atlas")


def test_nothing_to_average_is_nan():
    empty = np.zeros(3, dtype=bool)
    assert np.isnan(mean_connection(np.eye(3), empty, ~empty))


def test_complexity_of_independent_regions_is_one():
    wheel = np.eye(8)[:, 1:] - np.eye(8)[:, :1]
    series = np.linalg.qr(wheel)[0]
    series = series - series.mean(axis=0)
    session = session_of(correlate(series), ["Vis"] * 7, series=series)
    np.testing.assert_allclose(session.matrix, np.eye(7), atol=1e-12)
    assert whole("ngsc", session) == pytest.approx(1.0, abs=1e-12)


def test_complexity_of_one_shared_pattern_is_zero(rng):
    series = rng.normal(size=(50, 1)) @ rng.uniform(1, 2, size=(1, 6))
    session = session_of(correlate(series), ["Vis"] * 6, series=series)
    assert whole("ngsc", session) == pytest.approx(0.0, abs=1e-12)


def test_complexity_is_pearsons_whatever_the_matrix(rng):
    series = rng.normal(size=(50, 6)) + rng.normal(size=(50, 1))
    pearson = session_of(correlate(series), ["Vis"] * 6, series=series)
    partial = session_of(np.eye(6), ["Vis"] * 6, series=series)
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(series.T)) / 6
    expected = -(eigenvalues * np.log(eigenvalues)).sum() / np.log(6)
    assert whole("ngsc", pearson) == pytest.approx(expected)
    assert whole("ngsc", partial) == whole("ngsc", pearson)


def test_complexity_is_of_the_cortex_and_of_the_common_volumes(rng):
    series = rng.normal(size=(50, 6)) + rng.normal(size=(50, 1))
    more = np.hstack([series, rng.normal(size=(50, 2))])
    cortex = session_of(correlate(series), ["Vis"] * 6, series=series)
    whole_brain = session_of(correlate(more), ["Vis"] * 6 + [""] * 2, series=more)
    assert whole("ngsc", whole_brain) == pytest.approx(whole("ngsc", cortex))
    longer = np.vstack([series, rng.normal(size=(9, 6))])
    cut = replace(session_of(correlate(longer), ["Vis"] * 6, series=longer), n_common=50)
    assert whole("ngsc", cut) == pytest.approx(whole("ngsc", cortex))
