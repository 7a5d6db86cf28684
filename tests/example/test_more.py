"""The structures, the scores and the map of the simulated study: what was planted is found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.series.connectivity import correlate
from gradshift.example.connectome import group_connectome, planted_connectome
from gradshift.example.measured import clean_session
from gradshift.example.people import SESSIONS, draw_person, scan
from gradshift.example.scores import COLUMNS, model, scores_of
from gradshift.example.structures import COMPOSITE, RELAY, with_structures
from gradshift.example.truth import MAP, write_map


def people(effect, n=11, seed=3):
    base = group_connectome()
    return [draw_person(base, number=i + 1, effect=effect, seed=seed) for i in range(n)]


def with_networks(person, regions, every):
    """Mean Fisher z of thalamus and striatum with sensory networks, before and after, cleaned."""
    values = []
    for session in SESSIONS:
        simulated = scan(person, session, regions, seed=3)
        series = with_structures(simulated, person, session, every, seed=3)
        np.testing.assert_array_equal(series[:, : len(regions)], simulated.series)
        z = np.arctanh(correlate(clean_session(replace(simulated, series=series)).series)
                       - np.eye(len(every)))  # fmt: skip
        sensory = np.isin(every.networks, RELAY.networks)
        systems = np.array(every.systems)
        values.append([z[np.ix_(systems == name, sensory)].mean()
                       for name in (RELAY.system, "Striatum")])  # fmt: skip
    return values[1][0] - values[0][0], values[1][1] - values[0][1]


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_the_thalamus_couples_to_sensory_networks_and_the_striatum_does_not(regions, effect):
    every = load_atlas(COMPOSITE).regions()
    thalamus, striatum = np.transpose(
        [with_networks(person, regions, every) for person in people(effect, n=6)]
    )
    assert (stats.ttest_1samp(thalamus, 0).pvalue < 0.01 and thalamus.min() > 0) == bool(effect)
    assert abs(striatum.mean()) < 0.05


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_dissociation_rises_as_plasma_does(effect):
    rows = [scores_of(person, effect=effect, seed=3) for person in people(effect)]
    before, after = (pd.DataFrame([row[name] for row in rows]).astype(float) for name in SESSIONS)
    rise = after["dissociation"] - before["dissociation"]
    assert ((rise > 5).all()) == bool(effect)
    assert (stats.spearmanr(rise, after["plasma"]).statistic > 0.8) == bool(effect)
    assert (after["plasma"] > 50).all()
    assert after["dissociation"].max() <= COLUMNS["dissociation"]["Maximum"]
    assert {*model()["Outcomes"], *model()["Moderators"]} == set(COLUMNS)


def test_the_map_is_the_planted_change_of_connections(tmp_path, regions):
    write_map(tmp_path, regions, 1.0)
    table = pd.read_csv(tmp_path / MAP, sep="\t")
    before = group_connectome()
    after = planted_connectome(before, regions, 1.0)
    np.fill_diagonal(before, 0)
    np.fill_diagonal(after, 0)
    change = (np.arctanh(after) - np.arctanh(before)).sum(axis=1) / (len(before) - 1)
    assert list(table["region"]) == list(regions.names)
    np.testing.assert_allclose(table["planted"], change, atol=1e-6)
    assert abs(stats.spearmanr(table["planted"], table["chance"]).statistic) < 0.2
