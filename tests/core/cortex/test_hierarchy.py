"""Measures of the hierarchy: reference numbers, status, and what cannot be had."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradshift.atlases.templates import load_template
from gradshift.core.cortex.measure import evaluate
from gradshift.core.measures import measures

NAMES = (
    "gradient1",
    "gradient2",
    "gradient3",
    "gradientrange",
    "gradientspan",
    "gradientsd",
    "gradientshare",
    "gradientdistance",
    "hierarchydistance",
    "gradientdispersion",
    "eccentricity",
    "lambdaref",
)


def table(session, *names):
    return {
        (row.measure, row.level, row.label): row
        for name in names or NAMES
        for row in evaluate(measures()[name], session)
    }


@pytest.fixture(scope="module")
def stored():
    with np.load(Path(__file__).parents[2] / "data" / "S400_ref_cosine10.npz") as file:
        return file["ref"]


@pytest.fixture
def group400(hcp, as_session, stored, like_brainspace):
    """The group as a session, aligned to itself."""
    return as_session(
        hcp(400).regions,
        hcp(400).matrix,
        reference=stored,
    )


@pytest.mark.parametrize(
    ("name", "level", "label", "value", "tolerance"),
    [
        ("gradientspan", "whole", "whole", 18.48007, 1e-5),
        ("gradientrange", "whole", "whole", 17.460, 5e-4),
        ("gradientsd", "whole", "whole", 5.87939 * np.sqrt(400 / 399), 1e-5),
        ("gradientshare", "whole", "whole", 0.42762, 1e-5),
        ("lambdaref", "whole", "whole", 0.854919, 1e-6),
        ("gradientdistance", "network-pair", "Default-SomMot", 14.802, 5e-4),
        ("gradientdispersion", "network-pair", "Default-SomMot", 16.073, 5e-4),
        ("gradientdispersion", "network", "Default", 938.29, 5e-3),
        ("gradientdispersion", "whole", "whole", 20399.7, 5e-2),
        ("eccentricity", "whole", "whole", 6.5376, 5e-5),
        ("gradient1", "network", "Vis", -2.77029, 1e-5),
        ("gradient1", "network", "SomMot", -7.71851, 1e-5),
        ("gradient1", "network", "DorsAttn", -1.99439, 1e-5),
        ("gradient1", "network", "SalVentAttn", -2.98206, 1e-5),
        ("gradient1", "network", "Limbic", 5.15485, 1e-5),
        ("gradient1", "network", "Cont", 4.4439, 1e-5),
        ("gradient1", "network", "Default", 7.08323, 1e-5),
    ],
)
def test_reference_numbers(group400, name, level, label, value, tolerance):
    row = table(group400, name)[name, level, label]
    assert row.value == pytest.approx(value, abs=tolerance)
    assert row.status == "ok"


def test_distances_follow_from_network_means(group400):
    rows = table(group400, "gradient1", "gradientdistance")
    for pair in group400.regions.labels("network-pair"):
        a, b = pair.split("-")
        means = [rows["gradient1", "network", network].value for network in (a, b)]
        distance = rows["gradientdistance", "network-pair", pair].value
        assert distance == pytest.approx(abs(means[0] - means[1]))


def test_hierarchy_distance_takes_regions_of_both_ends(group400):
    scores = group400.gradients.scores[:, 0]
    regions = group400.regions
    expected = scores[regions.high].mean() - scores[regions.low].mean()
    assert table(group400, "hierarchydistance")[
        "hierarchydistance", "whole", "whole"
    ].value == pytest.approx(expected)


def test_a_distance_may_turn_negative(hcp, as_session, stored):
    """Networks that change places are not made to look apart."""
    session = as_session(hcp(400).regions, hcp(400).matrix, reference=np.roll(stored, 200, axis=0))
    values = [row.value for row in table(session, "gradientdistance").values()]
    assert min(values) < 0 < max(values)


def test_set_values_are_means_over_the_set(group400):
    rows = table(group400, "eccentricity")
    members = group400.regions.sets["PCC"]
    expected = np.mean(
        [rows["eccentricity", "region", group400.regions.names[i]].value for i in members]
    )
    assert rows["eccentricity", "set", "PCC"].value == pytest.approx(expected)


def test_a_session_unlike_the_reference_keeps_its_values_with_a_remark(hcp, as_session, rng):
    session = as_session(
        hcp(200).regions, hcp(200).matrix, reference=rng.standard_normal((200, 10))
    )
    for (name, *_), row in table(session).items():
        assert np.isfinite(row.value)
        if name == "lambdaref":
            assert (row.kind, row.status) == ("ok", "ok")
        else:
            assert row.kind == "unlike"
            assert re.fullmatch(r"unlike the reference \(r \.\d\d\)", row.status)


def test_coarse_atlases_are_marked(hcp, as_session):
    session = as_session(
        hcp(100).regions, hcp(100).matrix, reference=load_template("Schaefer2018_100_7")
    )
    for row in table(session).values():
        assert np.isfinite(row.value)
        assert row.status == "coarse: 100 regions, gradients need 200"


def test_a_region_left_out_says_why(hcp, as_session):
    dropout = np.arange(200) == 96
    session = as_session(
        hcp(200).regions,
        hcp(200).matrix,
        reference=load_template("Schaefer2018_200_7"),
        dropout=dropout,
    )
    rows = table(session, "gradient1")
    left_out = rows["gradient1", "region", session.regions.names[96]]
    assert np.isnan(left_out.value)
    assert left_out.status == "left out of the gradients: signal dropped out"
    assert rows["gradient1", "set", "PCC"].status == "1 of 4 regions missing"


def test_without_a_reference_there_is_a_reason(hcp, as_session):
    for row in table(as_session(hcp(200).regions, hcp(200).matrix)).values():
        assert np.isnan(row.value)
        assert row.status == "no reference gradients for this atlas at this stage"


def test_twenty_regions(make_regions, as_session, rng):
    """Two connections each: the matrix falls apart, and that is said."""
    regions = make_regions({"Vis": 5, "SomMot": 5, "Cont": 5, "Default": 5}, {"PCC": (15, 16)})
    signal = rng.standard_normal((300, 4))
    series = np.repeat(signal, 5, axis=1) + rng.standard_normal((300, 20))
    session = as_session(
        regions, series=series, reference=rng.standard_normal((20, 10)), n_common=300
    )
    for (name, *_), row in table(session).items():
        assert row.status.startswith("no gradient: the affinity matrix falls into")
        assert np.isfinite(row.value) == (name == "lambdaref")


def test_a_region_without_positive_connections_gives_the_reason(hcp, as_session):
    series = as_session(hcp(200).regions, hcp(200).matrix).series.copy()
    series[:, 9] = -series.mean(axis=1)
    session = as_session(
        hcp(200).regions, series=series, reference=load_template("Schaefer2018_200_7")
    )
    for row in table(session).values():
        assert np.isnan(row.value)
        assert session.regions.names[9] in row.status


def test_only_the_common_volumes_count(hcp, as_session, rng):
    fields = {"reference": load_template("Schaefer2018_200_7")}
    chol = np.linalg.cholesky(hcp(200).matrix)
    series = rng.standard_normal((300, 200)) @ chol.T
    short = as_session(hcp(200).regions, series=series[:240], **fields)
    long = as_session(hcp(200).regions, series=series, n_common=240, **fields)
    for key, row in table(short).items():
        assert table(long, key[0])[key] == row


def test_gradients_are_computed_once(group400):
    assert group400.gradients is group400.gradients


def test_measures_say_what_they_are():
    for name in NAMES:
        measure = measures()[name]
        for field in ("unit", "formula", "high", "low", "methods", "cite", "caveat"):
            assert getattr(measure, field), (name, field)
        assert measure.methods.endswith(".")
