import json

import numpy as np
import pytest

from gradshift.core.inference.families import CONFIRMATORY
from gradshift.example.connectome import group_connectome
from gradshift.example.expected import EFFECTS, expected_changes, settings, table, tabulate
from gradshift.example.measured import QUANTITIES, Cleaned, measure_person
from gradshift.example.people import draw_person


def test_the_shipped_table_belongs_to_the_present_simulation():
    stored = table()
    for name, value in settings().items():
        assert stored[name] == json.loads(json.dumps(value))


def test_the_confirmatory_values_come_first():
    first = {(q.measure, q.level, q.label) for q in QUANTITIES[: len(CONFIRMATORY)]}
    assert first == CONFIRMATORY


@pytest.mark.parametrize("effect", EFFECTS)
def test_expectations_of_tabulated_effects_have_every_quantity(effect):
    found = expected_changes(effect)
    assert tuple(found) == QUANTITIES
    for change in found.values():
        assert change.sd_change > 0
        assert change.se == (
            pytest.approx(change.sd_change / change.n**0.5, abs=1e-6) if effect else 0
        )
        assert change.se <= 0.15 * abs(change.mean_change)


def test_without_an_effect_nothing_is_expected():
    assert all(change.mean_change == 0 for change in expected_changes(0).values())


@pytest.mark.parametrize("effect", [0.25, 2.5])
def test_nothing_is_made_up_for_other_effects(effect):
    assert expected_changes(effect) is None


def test_the_table_is_over_people_with_a_usable_value(rng):
    changes = rng.standard_normal((30, len(EFFECTS), len(QUANTITIES)))
    changes[:7, 2, 8] = np.nan
    row = tabulate(changes, seed=1)["Changes"][2 * len(QUANTITIES) + 8]
    assert (row["effect"], row["measure"], row["n"]) == (1.0, "gradientrange", 23)
    assert row["mean_change"] == pytest.approx(changes[7:, 2, 8].mean(), abs=1e-6)
    assert row["sd_change"] == pytest.approx(changes[7:, 2, 8].std(ddof=1), abs=1e-6)


def test_a_session_unlike_the_reference_keeps_its_values(regions, rng):
    noise = Cleaned(series=rng.standard_normal((60, len(regions))), volumes=np.arange(60))
    [values] = measure_person([noise], regions)
    assert np.isfinite(values).all()


def test_sessions_are_measured_on_their_common_length(regions, rng):
    mixing = np.linalg.cholesky(group_connectome()).T
    long, short = (
        Cleaned(series=rng.standard_normal((n, len(regions))) @ mixing, volumes=np.arange(n))
        for n in (300, 120)
    )
    cut = Cleaned(series=long.series[:120], volumes=np.arange(120))
    together = measure_person([long, short], regions)
    alike = measure_person([cut, short], regions)
    of_matrix = ("withinfc", "betweenfc", "lowhighfc", "segregation", "ordercollapse")
    by_length = [q.measure not in of_matrix for q in QUANTITIES]
    np.testing.assert_array_equal(together[:, by_length], alike[:, by_length])
    assert (together[0, np.logical_not(by_length)] != alike[0, np.logical_not(by_length)]).all()


def test_people_are_independent_of_how_many_there_are_and_of_their_sessions():
    base = np.eye(5)
    one, same, other = (
        draw_person(base, number=n, effect=1.0, seed=s) for n, s in ((3, 1), (3, 1), (3, 2))
    )
    np.testing.assert_array_equal(one.connectome, same.connectome)
    assert one.effect == same.effect != other.effect
