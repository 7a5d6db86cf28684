"""Sessions exchanged within people: by counting, at the nominal rate, and where there are few."""

from itertools import permutations

import numpy as np
import pytest

from gradshift.core.inference.exchange import arranged, p_of_one, p_together

HALVES = np.repeat([-1 / 3, 1 / 3], 3)


def by_counting(values, weights):
    """p of all orders of the sessions, by plain enumeration."""
    each = [abs(np.dot(weights, order)) for order in permutations(values)]
    return np.mean(np.array(each) >= abs(np.dot(weights, values)) * (1 - 1e-8))


def test_one_person_is_the_share_of_all_orders(rng):
    for _ in range(5):
        values = rng.normal(size=6)
        assert p_of_one(arranged(values, HALVES)) == pytest.approx(by_counting(values, HALVES))


def test_two_people_are_the_share_of_all_orders_of_both(rng):
    weights = np.array([-0.5, -0.5, 0.5, 0.5])
    own = rng.normal(size=(2, 4)) + np.array([0, 0, 1, 1])
    each = [[np.dot(weights, order) for order in permutations(one)] for one in own]
    seen = abs(sum(np.dot(weights, one) for one in own))
    sums = np.abs(np.add.outer(*each))
    assert p_together([arranged(one, weights) for one in own], seed=0) == pytest.approx(
        np.mean(sums >= seen * (1 - 1e-8))
    )


def test_three_people_together_show_what_three_signs_cannot():
    own = np.array([[0.0, 0.1, 0.2, 1.0, 1.1, 1.2]] * 3)
    together = p_together([arranged(one, HALVES) for one in own], seed=0)
    assert together == pytest.approx(2 / 20**3)


def test_with_nothing_there_it_errs_at_the_nominal_rate(rng):
    draws = rng.normal(size=(400, 5, 6)) * [[[1], [5], [0.2], [1], [1]]] + rng.normal(
        size=(400, 5, 1)
    )
    p = [p_together([arranged(one, HALVES) for one in own], seed=i)
         for i, own in enumerate(draws)]  # fmt: skip
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.08


def test_few_or_uneven_sessions_and_lost_ones_have_no_p():
    pair = np.array([-1.0, 1.0])
    assert np.isnan(p_of_one(arranged(np.array([0.0, 1.0]), pair)))
    assert np.isnan(p_together([arranged(np.array([0.0, 1.0]), pair)] * 9, seed=0))
    assert arranged(np.arange(3.0), np.array([-0.2, -0.8, 1.0])) is None
    assert arranged(np.array([0.0, np.nan, 1.0]), np.array([-0.5, -0.5, 1.0])) is None
    assert arranged(np.array([0.0, np.nan, 1.0]), np.array([-1.0, 0.0, 1.0])) is not None
