import numpy as np
import pytest

from gradshift.example.connectome import (
    group_connectome,
    planted_connectome,
    varied_connectome,
)
from gradshift.example.expected import edge_means


def test_group_connectome_has_the_networks_of_the_reference(regions):
    # SPEC 9.1, S200: within Default, DMN-SMN, LOW-HIGH.
    values = edge_means(group_connectome(), regions)
    np.testing.assert_allclose(values[[0, 1, 3]], [0.3681, 0.200882, 0.197232], atol=5e-5)


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


def test_planting_changes_default_only_and_in_the_planned_direction(regions):
    base = group_connectome()
    planted = planted_connectome(base, regions, 1.0)
    change = edge_means(planted, regions) - edge_means(base, regions)
    assert (change * [-1, 1, 1, 1] > 0.05).all()
    others = np.array(regions.networks) != "Default"
    np.testing.assert_allclose(
        planted[np.ix_(others, others)], base[np.ix_(others, others)], atol=1e-12
    )


def test_planting_grows_with_small_effects(regions):
    base = group_connectome()
    values = [
        edge_means(planted_connectome(base, regions, effect), regions)
        for effect in (0, 0.25, 0.5, 0.75)
    ]
    assert (np.diff(values, axis=0) * [-1, 1, 1, 1] > 0).all()


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
