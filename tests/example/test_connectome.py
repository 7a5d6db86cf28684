import numpy as np
import pytest

from gradshift.example.connectome import group_connectome, planted_connectome, varied_connectome
from gradshift.example.measured import QUANTITIES, Quantity
from gradshift.example.planting import Planting

RISING = ("lowhighfc", "betweenfc", "ordercollapse")
"""What the planting raises; all other quantities fall."""


def directions():
    return np.array([1 if q.measure in RISING else -1 for q in QUANTITIES])


def values(measured):
    return np.array(list(measured.values()))


def test_group_connectome_has_the_networks_of_the_reference(measured_matrix):
    # SPEC 9.1, S200: within Default, DMN-SMN, LOW-HIGH.
    found = measured_matrix(group_connectome())
    assert found[Quantity("withinfc", "network", "Default")] == pytest.approx(0.3681, abs=5e-5)
    assert found[Quantity("lowhighfc", "whole", "whole")] == pytest.approx(0.197232, abs=5e-5)
    pair = Quantity("betweenfc", "network-pair", "Default-SomMot")
    assert found[pair] == pytest.approx(0.200882, abs=5e-5)


def test_effect_zero_plants_nothing(regions):
    base = group_connectome()
    planted = planted_connectome(base, regions, 0.0)
    np.testing.assert_array_equal(planted, base)
    assert planted is not base


@pytest.mark.parametrize("effect", [0.3, 1.0, 2.0, 5.0])
def test_planting_keeps_a_valid_connectome_and_its_input(regions, effect):
    base = group_connectome()
    kept = base.copy()
    planted = planted_connectome(base, regions, effect)
    assert np.linalg.eigvalsh(planted)[0] > 0
    np.testing.assert_array_equal(np.diagonal(planted), 1)
    np.testing.assert_array_equal(planted, planted.T)
    np.testing.assert_array_equal(base, kept)


def test_planting_leaves_connections_among_other_networks_alone(regions):
    base = group_connectome()
    planted = planted_connectome(base, regions, 1.0)
    others = ~regions.high
    np.testing.assert_allclose(
        planted[np.ix_(others, others)], base[np.ix_(others, others)], atol=1e-12
    )


def test_planting_moves_every_quantity_further_in_its_direction(regions, measured_matrix):
    base = group_connectome()
    found = [
        values(measured_matrix(planted_connectome(base, regions, effect)))
        for effect in (0, 0.3, 0.6, 1.0)
    ]
    assert (np.diff(found, axis=0) * directions() > 0).all()


def test_each_part_of_the_planting_does_what_it_is_for(regions, measured_matrix):
    base = group_connectome()
    before = measured_matrix(base)
    nothing = {"loosening": 1e-9, "coupling": 0, "flattening": 0, "isolation": 0}

    def change(**part):
        planting = Planting(**(nothing | part))
        after = measured_matrix(planted_connectome(base, regions, 1.0, planting=planting))
        return {(q.measure, q.label): after[q] - before[q] for q in QUANTITIES}

    assert change(loosening=0.5)["withinfc", "Default"] < -0.1
    # Gains are in proportion to what is lost: at effect 1 they are as given.
    assert change(coupling=0.1)["betweenfc", "Default-Vis"] > 0.05
    assert change(flattening=0.1)["hierarchydistance", "whole"] < -0.5
    hub = change(isolation=0.5)
    assert hub["eigenvectorcentrality", "PCC"] < -0.01
    assert hub["strength", "PCC"] < -10
    assert abs(hub["betweenfc", "Default-Vis"]) < 0.02


def test_variation_is_as_large_as_said_and_around_the_base(rng):
    base = group_connectome()
    varied = np.array([varied_connectome(base, n_draws=50, rng=rng) for _ in range(60)])
    edges = np.triu_indices(len(base), 1)
    values = varied[:, *edges]
    assert np.linalg.eigvalsh(varied[0])[0] > 0
    assert abs((values.mean(axis=0) - base[edges]).mean()) < 0.02
    said = (1 - base[edges] ** 2) / np.sqrt(50)
    assert (values.std(axis=0) / said).mean() == pytest.approx(0.95, abs=0.1)


def test_sizes_that_do_not_fit_are_refused(regions):
    with pytest.raises(ValueError, match="7 regions, but 200"):
        planted_connectome(np.eye(7), regions, 1.0)
