"""Structures beyond the cortex: found by their names, and their connectivity recovered."""

from dataclasses import replace

import numpy as np
import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.inference.families import families
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate

NAMES = ("Vis_1", "Vis_2", "Vis_3", "SomMot_1", "SomMot_2", "thalamus_DP-rh", "THA-VP-lh",
         "LH-Putamen", "Cerebellum_1", "brainstem")  # fmt: skip
NETWORKS = ("Vis", "Vis", "Vis", "SomMot", "SomMot", "", "", "", "", "")


def session(rng, coupled=0.0):
    """Noise; the thalamus has something in common with the visual network."""
    series = rng.normal(size=(400, len(NAMES)))
    shared = rng.normal(size=400)
    series[:, :3] += shared[:, None]
    series[:, 5:7] += coupled * shared[:, None]
    regions = Regions(
        names=NAMES, networks=NETWORKS, hemispheres=("",) * 10, centroids=rng.normal(size=(10, 3))
    )
    return Session(
        regions=regions, series=series, volumes=np.arange(400),
        run_of=np.zeros(400, dtype=np.intp), tr=2.0, matrix=correlate(series), n_common=400,
    )  # fmt: skip


def values(session):
    rows = evaluate(measures()["systemfc"], session)
    return {row.label: row.value for row in rows}


def test_systems_are_found_by_the_names_of_regions():
    found = load_atlas("TianS2").regions().systems
    counts = {name: found.count(name) for name in set(found)}
    assert counts == {
        "Hippocampus": 4,
        "Amygdala": 4,
        "Thalamus": 8,
        "Striatum": 12,
        "Pallidum": 4,
    }
    assert not any(load_atlas("Schaefer2018_200_7").regions().systems)


@pytest.mark.parametrize("coupled", [-1.0, 0.0, 1.0])
def test_what_was_planted_between_thalamus_and_a_network_is_recovered(rng, coupled):
    found = values(session(rng, coupled))
    assert list(found) == ["Thalamus-Vis", "SomMot-Thalamus", "Striatum-Vis", "SomMot-Striatum",
                           "Cerebellum-Vis", "Cerebellum-SomMot"]  # fmt: skip
    expected = np.arctanh(coupled / np.sqrt(2 * (1 + coupled**2)))
    assert found["Thalamus-Vis"] == pytest.approx(expected, abs=0.08)
    assert found["SomMot-Thalamus"] == pytest.approx(0, abs=0.08)


def test_it_is_the_mean_of_the_connections_and_of_none_without_systems(rng):
    one = session(rng, 0.5)
    block = np.arctanh(one.matrix[5:7, :3])
    assert values(one)["Thalamus-Vis"] == pytest.approx(block.mean())
    cortex = replace(one.regions, names=tuple(f"r{i}" for i in range(10)))
    assert values(replace(one, regions=cortex)) == {}


def test_they_are_a_family_of_their_own():
    assert families("func", "systemfc", "network-pair", "Thalamus-Vis") == ("system",)
    assert families("func", "betweenfc", "network-pair", "Default-Vis") == ("network",)
