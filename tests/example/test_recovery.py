"""Does the group comparison find what was planted, cover it, and find nothing where nothing is?

Studies of eleven at two levels. A few go the whole way of the arrays: simulated sessions, the
app's cleaning, its measures. Many are cheap: the connectomes are those of the simulation, but a
session is some independent draws, about as many as cleaning leaves degrees of freedom.

The interval is the t interval of the mean change, in the unit of the measure. (The table's own
interval is that of the standardised change, which has another target.)
"""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from multiprocessing import get_context

import numpy as np
import pytest
from scipy import stats

from gradshift.core.contrasts import compare
from gradshift.example.connectome import (
    STATE_DRAWS,
    TRAIT_DRAWS,
    group_connectome,
    planted_connectome,
    varied_connectome,
)
from gradshift.example.expected import (
    QUANTITIES,
    Cleaned,
    Quantity,
    expected_changes,
    measure_person,
    person_changes,
)
from gradshift.example.people import EFFECT_SD

PEOPLE = 11
STUDIES = 12
"""Studies that go the whole way, with an effect, and as many without."""

CHEAP_STUDIES = 60
DRAWS = 35
"""Independent draws of a cheap session: 248 volumes, less the filter and 34 regressors."""

NETWORKS = ("Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default")
CELLS = tuple(
    [Quantity("withinfc", "network", name) for name in NETWORKS]
    + [
        Quantity("betweenfc", "network-pair", "-".join(sorted(pair)))
        for pair in combinations(NETWORKS, 2)
    ]
)
EVERYTHING = tuple(dict.fromkeys((*QUANTITIES, *CELLS)))
FAMILIES = {"confirmatory": QUANTITIES[:4], "network": CELLS}


@pytest.fixture(scope="module")
def changes(regions):
    """(number of people, 2 effects, Q): no effect, and effect 1."""
    of_person = partial(
        person_changes, effects=(0.0, 1.0), regions=regions, seed=2024, quantities=EVERYTHING
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            os, "environ", os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        )
        # Not a fork: threads of this process may hold locks.
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            numbers = range(1, STUDIES * PEOPLE + 1)
            return np.array(list(pool.map(of_person, numbers, chunksize=4)))


@pytest.fixture(scope="module")
def cheap_changes(regions):
    """The same from connectomes and a few independent draws."""
    rng = np.random.default_rng(7)
    base = group_connectome()
    quantities = tuple(dict.fromkeys((*QUANTITIES[:4], *CELLS)))

    def session(person, effect):
        connectome = varied_connectome(person, n_draws=STATE_DRAWS, rng=rng)
        planted = planted_connectome(connectome, regions, effect)
        series = rng.standard_normal((DRAWS, len(base))) @ np.linalg.cholesky(planted).T
        return Cleaned(series=series, volumes=np.arange(DRAWS))

    found = []
    for _ in range(CHEAP_STUDIES * PEOPLE):
        person = varied_connectome(base, n_draws=TRAIT_DRAWS, rng=rng)
        effects = (0.0, 0.0, 1 + EFFECT_SD * rng.standard_normal())
        before, *after = measure_person([session(person, e) for e in effects], regions, quantities)
        found.append(np.array(after) - before)
    return dict(zip(quantities, np.moveaxis(found, 2, 0), strict=True))


def studies(changes):
    """Cut (N, ...) people into studies of eleven."""
    return changes.reshape(-1, PEOPLE, *changes.shape[1:])


def contrast(study):
    """Compare the sessions of a study of which only the changes are known."""
    return compare(np.zeros_like(study), study)


def covers(study, truth):
    """Tell for each column whether the t interval of the mean change holds the truth."""
    found = contrast(study)
    return np.abs(found.mean_change - truth) <= stats.t.ppf(0.975, found.n - 1) * found.se


def band(n, rate):
    """Counts out of n between which all but one in a thousand lie."""
    return stats.binom.ppf([0.0005, 0.9995], n, rate)


def only(wanted, all_of=EVERYTHING):
    return [all_of.index(quantity) for quantity in wanted]


def test_every_study_finds_the_planted_signs(changes):
    signs = np.sign([change.mean_change for change in expected_changes(1.0).values()])
    for study in studies(changes[:, 1][:, only(QUANTITIES)]):
        np.testing.assert_array_equal(np.sign(contrast(study).mean_change), signs)


def test_most_studies_find_each_confirmatory_change_after_correction(changes):
    found = [
        contrast(study).p_fwe < 0.05
        for study in studies(changes[:, 1][:, only(FAMILIES["confirmatory"])])
    ]
    assert (np.mean(found, axis=0) > 0.6).all()


def test_intervals_hold_the_expected_change_at_their_rate(changes):
    truth = np.array([change.mean_change for change in expected_changes(1.0).values()])
    held = [covers(study, truth) for study in studies(changes[:, 1][:, only(QUANTITIES)])]
    low, _ = band(STUDIES, 0.95)
    assert (np.sum(held, axis=0) >= low).all()


def test_the_shipped_table_is_what_simulation_gives(changes):
    effect = changes[:, 1][:, only(QUANTITIES)]
    sd = np.nanstd(effect, axis=0, ddof=1)
    own_error = sd / np.sqrt(np.isfinite(effect).sum(axis=0))
    expected = expected_changes(1.0).values()
    truth, error, spread = np.array([[e.mean_change, e.se, e.sd_change] for e in expected]).T
    assert (np.abs(np.nanmean(effect, axis=0) - truth) < 3.5 * np.hypot(own_error, error)).all()
    np.testing.assert_allclose(sd, spread, rtol=0.3)


def test_with_effect_zero_sessions_are_exchangeable(changes):
    null = changes[:, 0]
    error = np.nanstd(null, axis=0, ddof=1) / np.sqrt(np.isfinite(null).sum(axis=0))
    assert (np.abs(np.nanmean(null, axis=0)) < 4 * error).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_with_effect_zero_few_studies_find_anything(changes, family):
    null = studies(changes[:, 0][:, only(FAMILIES[family])])
    hits = sum((contrast(study).p_fwe < 0.05).any() for study in null)
    assert hits <= band(STUDIES, 0.05)[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_with_effect_zero_many_cheap_studies_find_something_at_the_nominal_rate(
    cheap_changes, family
):
    null = np.column_stack([cheap_changes[quantity][:, 0] for quantity in FAMILIES[family]])
    hits = sum((contrast(study).p_fwe < 0.05).any() for study in studies(null))
    low, high = band(CHEAP_STUDIES, 0.05)
    assert low <= hits <= high


@pytest.mark.parametrize("which", ["without", "with"])
def test_intervals_of_many_cheap_studies_hold_the_truth_at_their_rate(cheap_changes, which):
    at = ["without", "with"].index(which)
    low, high = band(CHEAP_STUDIES, 0.95)
    for quantity in QUANTITIES[:4]:
        each = studies(cheap_changes[quantity][:, at])
        # Nothing was planted, or what all other studies find on average.
        others = (each.sum() - each.sum(axis=1)) / (each.size - PEOPLE)
        held = [covers(s[:, None], t * at)[0] for s, t in zip(each, others, strict=True)]
        assert low <= np.sum(held) <= high, quantity
