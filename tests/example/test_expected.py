import json
from dataclasses import asdict

import numpy as np
import pytest

from gradshift.example.connectome import PLANTING, group_connectome
from gradshift.example.expected import (
    QUANTITIES,
    cleaned_series,
    cleaning,
    connectivity_values,
    expected_changes,
    planted_changes,
    table,
)
from gradshift.example.people import EFFECT_SD, SESSIONS, draw_person, scan


def observed_changes(regions, *, effect, people, seed):
    base = group_connectome()
    changes = []
    for number in people:
        person = draw_person(base, number=number, effect=effect, seed=seed)
        pre, post = (
            connectivity_values(cleaned_series(scan(person, s, regions, seed=seed)), regions)
            for s in SESSIONS
        )
        changes.append(post - pre)
    return np.array(changes)


def test_the_shipped_table_belongs_to_the_present_simulation():
    stored = table()
    assert stored["Planting"] == json.loads(json.dumps(asdict(PLANTING)))
    assert stored["EffectSD"] == EFFECT_SD
    assert stored["Cleaning"] == cleaning()


def test_the_shipped_table_is_what_simulation_gives(regions):
    changes = planted_changes(1.0, regions, n_people=16, seed=31)
    own_error = changes.std(axis=0, ddof=1) / np.sqrt(len(changes))
    expected, error = np.array(list(expected_changes(1.0).values())).T
    assert (np.abs(changes.mean(axis=0) - expected) < 3.5 * np.hypot(own_error, error)).all()
    assert (error < 0.15 * np.abs(expected)).all()


def test_studies_find_the_planted_change(regions):
    # Three studies of eleven: the ordinary interval of each covers the expectation (97.5 % of
    # t with 10 degrees of freedom is 2.23; 4 leaves one in 400), and all find the sign.
    expected, _ = np.array(list(expected_changes(1.0).values())).T
    for seed in (1, 2, 3):
        changes = observed_changes(regions, effect=1.0, people=range(1, 12), seed=seed)
        error = changes.std(axis=0, ddof=1) / np.sqrt(len(changes))
        assert (np.abs(changes.mean(axis=0) - expected) < 4 * error).all()
        assert (np.sign(changes.mean(axis=0)) == np.sign(expected)).all()


def test_with_effect_zero_sessions_are_exchangeable(regions):
    changes = observed_changes(regions, effect=0.0, people=range(1, 17), seed=4)
    error = changes.std(axis=0, ddof=1) / np.sqrt(len(changes))
    assert (np.abs(changes.mean(axis=0)) < 3.3 * error).all()


def test_with_effect_zero_planting_changes_no_number(regions):
    assert not planted_changes(0.0, regions, n_people=1, seed=1).any()
    assert all(change == 0 for change, _ in expected_changes(0.0).values())


@pytest.mark.parametrize("effect", [0.5, 1.0, 1.5, 2.0])
def test_expectations_of_tabulated_effects_have_every_quantity(effect):
    assert tuple(expected_changes(effect)) == QUANTITIES


@pytest.mark.parametrize("effect", [0.25, 2.5])
def test_nothing_is_made_up_for_other_effects(effect):
    assert expected_changes(effect) is None


def test_people_are_independent_of_how_many_there_are_and_of_their_sessions():
    base = np.eye(5)
    one, same, other = (
        draw_person(base, number=n, effect=1.0, seed=s) for n, s in ((3, 1), (3, 1), (3, 2))
    )
    np.testing.assert_array_equal(one.connectome, same.connectome)
    assert one.effect == same.effect != other.effect
