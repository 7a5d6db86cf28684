from dataclasses import replace

import numpy as np
import pytest

from gradshift.core.series.connectivity import correlate
from gradshift.core.series.length import check_length
from gradshift.example.confounds import MOTION, framewise_displacement
from gradshift.example.connectome import group_connectome
from gradshift.example.measured import QUANTITIES, RECIPE, clean_session
from gradshift.example.people import N_VOLUMES, SESSIONS, draw_person, scan
from gradshift.example.signals import TR, coloured_noise, simulate_session
from gradshift.recipes.catalogue import load_recipe

FC = [i for i, q in enumerate(QUANTITIES) if q.measure in ("withinfc", "betweenfc", "lowhighfc")]


def connectivity(measured):
    """Take the mean Fisher z of the quantities that are such."""
    return np.array(list(measured.values()))[FC]


@pytest.fixture(scope="module")
def sessions(regions):
    base = group_connectome()
    return [
        simulate_session(base, regions, n_volumes=N_VOLUMES, rng=np.random.default_rng(seed))
        for seed in range(10)
    ]


def test_the_signal_lies_in_the_band_of_resting_state_signals(rng):
    series = coloured_noise(300, 50, rng)
    power = np.abs(np.fft.rfft(series, axis=0)) ** 2
    frequencies = np.fft.rfftfreq(300, TR)
    inside = (frequencies >= 0.01) & (frequencies <= 0.08)
    assert power[inside].sum() / power.sum() > 0.8
    np.testing.assert_allclose(series.std(axis=0), 1)


def test_without_cleaning_connectivity_is_inflated_and_with_it_is_not(
    sessions, measured, measured_matrix
):
    truth = connectivity(measured_matrix(group_connectome()))
    raw = np.mean([connectivity(measured(s.series)) for s in sessions], axis=0)
    cleaned = np.mean([connectivity(measured(clean_session(s).series)) for s in sessions], axis=0)
    assert (raw > truth + 0.2).all()
    # Noise of the regions takes some tenth of the correlation away; the rest is sampling.
    np.testing.assert_allclose(cleaned, 0.9 * truth, atol=0.07)


def test_cleaning_recovers_the_networks(sessions):
    truth = group_connectome()
    edges = np.triu_indices(len(truth), 1)

    def agreement(series):
        return np.corrcoef(correlate(series)[edges], truth[edges])[0, 1]

    raw = np.mean([agreement(s.series) for s in sessions])
    cleaned = np.mean([agreement(clean_session(s).series) for s in sessions])
    assert cleaned > 0.6
    assert cleaned > raw + 0.1


def test_cleaning_without_the_confounds_does_not_help(sessions, measured, measured_matrix):
    # Filtering alone leaves what is in the band: the contamination is not mere noise.
    truth = connectivity(measured_matrix(group_connectome()))
    alone = replace(load_recipe(RECIPE), columns=(), acompcor={}, scrub=None)
    values = [connectivity(measured(clean_session(s, alone).series)) for s in sessions[:4]]
    assert (np.mean(values, axis=0) > truth + 0.15).all()


def test_fast_signal_change_goes_with_motion(sessions):
    for session in sessions:
        columns = session.confounds.columns
        dvars = columns["std_dvars"][session.n_dummy + 1 :]
        assert np.corrcoef(session.fd[session.n_dummy + 1 :], dvars)[0, 1] > 0.2


def test_a_session_lasts_about_eight_minutes_and_enough_of_it_remains(sessions):
    assert 8 * 60 <= N_VOLUMES * TR <= 8.5 * 60
    fewest = N_VOLUMES
    for session in sessions:
        kept = np.isin(np.arange(N_VOLUMES), clean_session(session).volumes)
        assert not check_length(kept, session.fd, tr=TR)
        fewest = min(fewest, kept.sum())
    assert fewest < N_VOLUMES - 2  # some volumes are censored


def test_motion_does_not_depend_on_the_session():
    base = np.eye(8)
    from gradshift.core.cortex.regions import Regions

    few = Regions(
        names=tuple("abcdefgh"),
        networks=("Vis", "SomMot", "Default", "Default") * 2,
        hemispheres=("L",) * 8,
        centroids=np.random.default_rng(1).standard_normal((8, 3)),
    )
    change = []
    for number in range(1, 121):
        person = draw_person(base, number=number, effect=1.0, seed=9)
        pre, post = (np.nanmean(scan(person, s, few, seed=9).fd) for s in SESSIONS)
        change.append(np.log(post / pre))
    t = np.mean(change) / (np.std(change, ddof=1) / np.sqrt(len(change)))
    assert abs(t) < 3


def test_framewise_displacement_is_that_of_power():
    motion = np.zeros((3, 6))
    motion[1] = [0.1, 0.2, -0.3, 0.01, 0, -0.02]
    fd = framewise_displacement(motion)
    assert np.isnan(fd[0])
    np.testing.assert_allclose(fd[1:], 0.6 + 50 * 0.03)


def test_the_table_has_the_columns_of_fmriprep(sessions):
    session = sessions[0]
    columns = session.confounds.columns
    forms = ("", "_derivative1", "_power2", "_derivative1_power2")
    for name in (*MOTION, "csf", "white_matter", "global_signal"):
        assert {name + form for form in forms} <= set(columns)
        assert np.isnan(columns[f"{name}_derivative1"][0])
        np.testing.assert_allclose(columns[f"{name}_power2"], columns[name] ** 2)
    for name in ("dvars", "std_dvars", "framewise_displacement"):
        assert np.isnan(columns[name][0])
        assert np.isfinite(columns[name][1:]).all()
    masks = [entry["Mask"] for entry in session.confounds.components.values()]
    assert masks.count("CSF") >= 5
    assert masks.count("WM") >= 5
    assert masks.count("combined") >= 5
    assert {"cosine00", "non_steady_state_outlier00"} <= set(columns)
    assert all(len(column) == N_VOLUMES for column in columns.values())


def test_the_same_noise_whatever_the_connectome(regions):
    a, b = (
        simulate_session(c, regions, n_volumes=80, rng=np.random.default_rng(3))
        for c in (group_connectome(), np.eye(200))
    )
    np.testing.assert_allclose(a.series - a.neural, b.series - b.neural, atol=1e-12)
    np.testing.assert_array_equal(a.fd, b.fd)
