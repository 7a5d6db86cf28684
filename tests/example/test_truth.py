"""The table of planted changes: all of them, and what the connectome itself changes by."""

import json

import numpy as np
import pytest

from gradshift.bids.planted import CORRELATION, PERCENT, read_planted
from gradshift.core.series.connectivity import correlate, fisher_z
from gradshift.example.connectome import group_connectome, planted_connectome
from gradshift.example.expected import expected_changes
from gradshift.example.truth import Factors, exact_series, planted_changes, write_planted


def written(folder, regions, effect):
    factors = Factors(people=[0.9 * effect, 1.1 * effect], coupled=[0.2 * effect, 0.6 * effect])
    write_planted(folder / "derivatives" / "simulation", regions, effect, factors)
    return read_planted(folder)


def test_series_have_exactly_the_correlations_of_the_connectome():
    matrix = group_connectome()
    np.testing.assert_allclose(correlate(exact_series(matrix)), matrix, atol=1e-10)


def test_the_planted_change_is_that_of_the_connectome_itself(regions):
    before = group_connectome()
    after = planted_connectome(before, regions, 1.0)
    default = np.array(regions.networks) == "Default"
    upper = np.triu_indices(default.sum(), 1)
    within = [
        np.maximum(fisher_z(matrix)[np.ix_(default, default)][upper], 0).mean()
        for matrix in (before, after)
    ]
    assert planted_changes(regions, 1.0)[0] == pytest.approx(within[1] - within[0], abs=2e-3)


def test_every_planted_change_has_a_row(tmp_path, regions):
    rows = written(tmp_path, regions, 1.0)
    expected = expected_changes(1.0)
    bold = [row for row in rows if row.modality == "func"]
    assert [row.expected for row in bold] == [one.mean_change for one in expected.values()]
    assert all(row.planted * row.expected > 0 for row in bold)
    rises = {(row.modality, row.label): row.expected for row in rows if row.unit == PERCENT}
    assert rises == {("pet", "PCC"): 8.0, ("pet", "ACC"): 3.6, ("mrs", "ACC"): 4.8}
    (coupled,) = (row for row in rows if row.unit == CORRELATION)
    assert 0.8 < coupled.expected < coupled.planted


def test_with_nothing_planted_no_change_is_expected(tmp_path, regions):
    rows = written(tmp_path, regions, 0.0)
    assert rows
    assert {row.expected for row in rows} == {0.0}
    assert all(abs(row.planted) < 1e-9 for row in rows)


def test_the_table_says_that_it_is_simulated(tmp_path, regions):
    written(tmp_path, regions, 1.0)
    sidecar = tmp_path / "derivatives" / "simulation" / "planted.json"
    assert "SIMULATED" in json.loads(sidecar.read_text())["Description"]
