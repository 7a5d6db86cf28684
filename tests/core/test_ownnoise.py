"""The noise of single people: recovered, moderated, and at the nominal rate."""

import numpy as np
import pytest

from gradshift.core.statistics.ownnoise import (
    Noise,
    beyond,
    day_to_day,
    moderated,
    noise_of_halves,
)

WEIGHTS = np.array([-1.0, 1.0])


def halves(rng, sd, n=12):
    """Noise of two halves of two sessions in n people, and the change of whole sessions."""
    first, second = (rng.normal(size=(n, 2)) * sd * np.sqrt(2) for _ in range(2))
    return first, second, ((first + second) / 2) @ WEIGHTS


@pytest.mark.parametrize(("n", "uneven"), [(12, 0.0), (12, 0.4), (6, 0.8), (4, 1.1)])
def test_people_who_did_not_change_are_beyond_their_noise_at_the_nominal_rate(rng, n, uneven):
    p = []
    for _ in range(6000 // n):
        sd = np.exp(uneven * rng.normal(size=(n, 1)))
        first, second, change = halves(rng, sd, n)
        p.append(beyond(change, moderated(noise_of_halves(first, second, WEIGHTS)))[1])
    assert 0.035 < np.mean(np.array(p) <= 0.05) < 0.065


def test_a_person_who_changed_is_found_whichever_way(rng):
    first, second, change = halves(rng, np.ones((12, 1)))
    noise = moderated(noise_of_halves(first, second, WEIGHTS))
    for sign in (-1, 1):
        t, p = beyond(change + sign * 8 * np.eye(12)[3], noise)
        assert p[3] < 0.001
        assert np.sign(t[3]) == sign


def test_the_prior_of_the_variances_is_recovered(rng):
    prior, usual, df = 8.0, 2.0, 2.0
    true = usual * prior / rng.chisquare(prior, size=4000)
    seen = true * rng.chisquare(df, size=4000) / df
    moved = moderated(Noise(variance=seen, df=np.full(4000, df)))
    d0 = moved.df[0] - df
    assert d0 == pytest.approx(prior, rel=0.25)
    assert (moved.variance * (d0 + df) - df * seen)[0] / d0 == pytest.approx(usual, rel=0.1)
    assert np.mean((moved.variance - true) ** 2) < np.mean((seen - true) ** 2)


def test_few_people_keep_their_own_noise_and_a_missing_half_is_missing():
    first = np.array([[0.0, 0.0], [0.0, np.nan]])
    second = np.array([[2.0, 0.0], [1.0, 1.0]])
    noise = noise_of_halves(first, second, WEIGHTS)
    assert noise.variance[0] == 1.0
    assert noise.df[0] == 2
    assert np.isnan(noise.variance[1])
    assert moderated(noise) is noise


def test_days_are_pooled_over_people_and_only_those_without_the_drug_count():
    values = np.array([[0.0, 2.0, 50.0], [1.0, np.nan, 3.0], [4.0, 4.0, 0.0]])
    repeats = np.array([[True, True, False]] * 3)
    assert day_to_day(values, repeats) == (pytest.approx(1.0), 2)
    assert day_to_day(values, ~repeats)[1] == 0
