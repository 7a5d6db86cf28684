"""Does the group comparison find what was planted, cover it, and find nothing where nothing is?

Studies of eleven at two levels. A few go the whole way of the arrays: simulated sessions, the
app's cleaning, its measures. Many are cheap: the connectomes are those of the simulation, but a
session is some independent draws, about as many as cleaning leaves degrees of freedom.

The interval is the t interval of the mean change, in the unit of the measure. (The table's own
interval is that of the standardised change, which has another target.)
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from multiprocessing import get_context

import numpy as np
import pytest
from scipy import stats

from gradshift.core.contrasts import compare
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.series.connectivity import correlate, fisher_z
from gradshift.example.connectome import (
    TRAIT_DRAWS,
    group_connectome,
    planted_connectome,
    varied_connectome,
)
from gradshift.example.expected import expected_changes
from gradshift.example.measured import (
    QUANTITIES,
    Cleaned,
    Quantity,
    measure_person,
    person_changes,
)
from gradshift.example.people import EFFECT_SD
from shared import made_once

PEOPLE = 11
STUDIES = 12
"""Studies that go the whole way, with an effect, and as many without."""

CHEAP_STUDIES = 16
CHEAPEST_STUDIES = 80
"""Cheap studies of the confirmatory family, which has gradients, and of networks alone."""

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
def changes(regions, tmp_path_factory):
    """(number of people, 2 effects, Q): no effect, and effect 1."""
    folder = made_once(
        tmp_path_factory, "recovery", lambda to: np.save(to / "changes.npy", simulate(regions))
    )
    return np.load(folder / "changes.npy")


def simulate(regions):
    of_person = partial(
        person_changes, effects=(0.0, 1.0), regions=regions, seed=2024, quantities=EVERYTHING
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        # Not a fork: threads of this process may hold locks.
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            numbers = range(1, STUDIES * PEOPLE + 1)
            return np.array(list(pool.map(of_person, numbers, chunksize=4)))


def cheap_people(n, regions, effects):
    """Yield for each of n people one session, of (DRAWS, R) series, per effect."""
    rng = np.random.default_rng(7)
    base = group_connectome()
    for _ in range(n):
        person = varied_connectome(base, n_draws=TRAIT_DRAWS, rng=rng)
        scale = 1 + EFFECT_SD * rng.standard_normal()
        planted = [planted_connectome(person, regions, scale * effect) for effect in effects]
        yield [rng.standard_normal((DRAWS, len(base))) @ np.linalg.cholesky(c).T for c in planted]


@pytest.fixture(scope="module")
def cheap_changes(regions):
    """(number of people, 2 effects, 4): changes of the confirmatory values, without and with."""
    volumes = np.arange(DRAWS)
    found = [
        measure_person(
            [Cleaned(series=x, volumes=volumes) for x in sessions],
            regions,
            FAMILIES["confirmatory"],
        )
        for sessions in cheap_people(CHEAP_STUDIES * PEOPLE, regions, (0, 0, 1))
    ]
    return np.array(found)[:, 1:] - np.array(found)[:, :1]


@pytest.fixture(scope="module")
def cheap_null_cells(regions):
    """(number of people, 28): changes of the cells of the networks, nothing planted."""
    there = np.triu_indices(len(NETWORKS))
    found = []
    for before, after in cheap_people(CHEAPEST_STUDIES * PEOPLE, regions, (0, 0)):
        change = fisher_z(correlate(after)) - fisher_z(correlate(before))
        sums, counts = network_sums(change, regions)
        found.append(ratio(sums, counts)[there])
    return np.array(found)


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


def test_studies_find_the_planted_changes(changes):
    signs = np.sign([change.mean_change for change in expected_changes(1.0).values()])
    each = [contrast(study) for study in studies(changes[:, 1][:, only(QUANTITIES)])]
    right = [np.sign(found.mean_change) == signs for found in each]
    assert (np.sum(right, axis=0) >= band(STUDIES, 0.98)[0]).all()
    assert (np.mean([found.p < 0.05 for found in each], axis=0) > 0.5).all()


def test_most_studies_find_each_confirmatory_change_after_correction(changes):
    found = [
        contrast(study).p_fwe < 0.05
        for study in studies(changes[:, 1][:, only(FAMILIES["confirmatory"])])
    ]
    assert (np.mean(found, axis=0) > 0.5).all()


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


def test_with_effect_zero_many_cheap_studies_find_something_at_the_nominal_rate(
    cheap_changes, cheap_null_cells
):
    for null in (cheap_changes[:, 0], cheap_null_cells):
        each = studies(null)
        hits = sum((contrast(study).p_fwe < 0.05).any() for study in each)
        low, high = band(len(each), 0.05)
        assert low <= hits <= high


@pytest.mark.parametrize("which", ["without", "with"])
def test_intervals_of_many_cheap_studies_hold_the_truth_at_their_rate(cheap_changes, which):
    at = ["without", "with"].index(which)
    each = studies(cheap_changes[:, at])
    # Nothing was planted, or what all other studies find on average.
    truth = at * (each.sum(axis=(0, 1)) - each.sum(axis=1)) / (each[..., 0].size - PEOPLE)
    held = [covers(study, t) for study, t in zip(each, truth, strict=True)]
    low, high = band(len(each), 0.95)
    assert (np.sum(held, axis=0) >= low).all()
    assert (np.sum(held, axis=0) <= high).all()


def test_cheap_studies_find_the_planted_signs_too(cheap_changes):
    expected = expected_changes(1.0)
    signs = [np.sign(expected[quantity].mean_change) for quantity in FAMILIES["confirmatory"]]
    for study in studies(cheap_changes[:, 1]):
        np.testing.assert_array_equal(np.sign(contrast(study).mean_change), signs)
