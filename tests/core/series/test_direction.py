"""Lead and non-reversibility: definitions, gaps, planted direction."""

import numpy as np
import pytest

from gradshift.core.cortex.common import Common, alike, seconds_of
from gradshift.core.cortex.measure import evaluate
from gradshift.core.measures import measures
from gradshift.core.series.direction import direction, lagged_pairs
from gradshift.errors import InputError


def one_run(series, lag=1):
    n = len(series)
    return direction(series, np.arange(n), np.zeros(n, dtype=np.intp), lag)


def driven(rng, n_volumes=600):
    """The first region drives the next four, one volume later; the last is on its own."""
    noise = rng.standard_normal((n_volumes + 1, 6))
    series = noise[1:].copy()
    series[:, 1:5] += noise[:-1, :1]
    return series


def test_by_its_definition(rng):
    series = rng.standard_normal((200, 5)).cumsum(axis=0)
    n = 5
    information = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            r = np.corrcoef(series[:-1, i], series[1:, j])[0, 1]
            information[i, j] = -0.5 * np.log(1 - r**2)
    difference = information - information.T
    found = one_run(series)
    np.testing.assert_allclose(found.lead, difference.sum(axis=1) / (n - 1))
    squares = np.sort([difference[i, j] ** 2 for i in range(n) for j in range(i)])
    assert found.nonreversibility == pytest.approx(squares[-1])
    assert found.n_pairs == 199


def test_the_driver_leads(rng):
    lead = one_run(driven(rng)).lead
    assert lead.argmax() == 0
    assert lead[0] > 0.2
    assert (lead[1:5] < 0).all()
    assert abs(lead[5]) < 0.02
    assert lead.sum() == pytest.approx(0, abs=1e-12)


def test_played_backwards_the_driver_follows(rng):
    series = driven(rng)
    forth, back = one_run(series), one_run(series[::-1])
    np.testing.assert_allclose(back.lead, -forth.lead, atol=1e-12)
    assert back.nonreversibility == pytest.approx(forth.nonreversibility)


def test_a_larger_lag_sees_slower_influence(rng):
    noise = rng.standard_normal((602, 2))
    series = noise[2:].copy()
    series[:, 1] += noise[:-2, 0]
    assert one_run(series, lag=2).lead[0] > 0.2
    assert abs(one_run(series, lag=1).lead[0]) < 0.02


def test_pairs_cross_neither_gaps_nor_runs():
    volumes = np.array([0, 1, 2, 5, 6, 0, 1, 3, 7, 8])
    run_of = np.array([1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    earlier, later = lagged_pairs(volumes, run_of)
    assert list(zip(earlier.tolist(), later.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (3, 4),
        (5, 6),
        (8, 9),
    ]
    earlier, later = lagged_pairs(volumes, run_of, lag=2)
    assert list(zip(earlier.tolist(), later.tolist(), strict=True)) == [(0, 2), (6, 7)]


def test_gaps_do_not_blur_direction(rng):
    """The last volume before a gap and the first after it are no pair."""
    series = driven(rng)
    kept = np.sort(rng.choice(600, 420, replace=False))
    found = direction(series[kept], kept, np.zeros(420, dtype=np.intp))
    assert found.n_pairs == np.sum(np.diff(kept) == 1)
    assert found.lead[0] > 0.2
    assert found.lead[0] == pytest.approx(one_run(series).lead[0], abs=0.05)


def test_too_few_pairs_are_an_error(rng):
    assert one_run(rng.standard_normal((151, 3))).n_pairs == 150
    with pytest.raises(InputError, match=r"only 149 pairs .* needs 150"):
        one_run(rng.standard_normal((150, 3)))
    with pytest.raises(InputError, match="needs 2 usable regions, there are 1"):
        one_run(rng.standard_normal((200, 1)))


def table(name, session):
    return {(row.level, row.label): row for row in evaluate(measures()[name], session)}


@pytest.fixture
def build(make_regions, as_session):
    regions = make_regions({"Default": 3, "Vis": 3, "": 1}, {"PCC": (0, 1)})

    def make(series, **fields):
        noise = np.random.default_rng(5).standard_normal((len(series), 1))
        return as_session(regions, series=np.hstack([series, noise]), **fields)

    return make


def test_measures_have_the_values_of_the_nodes(build, rng):
    series = driven(rng)
    expected = one_run(series)
    session = build(series)
    rows = table("lead", session)
    found = [row.value for (level, _), row in rows.items() if level == "region"]
    np.testing.assert_allclose(found, [*expected.lead, np.nan])
    assert rows["set", "PCC"].value == pytest.approx(expected.lead[:2].mean())
    assert table("nonreversibility", session)["whole", "whole"].value == pytest.approx(
        expected.nonreversibility
    )


def test_measures_take_the_common_volumes(build, rng):
    series = driven(rng)
    session = build(series, n_common=300)
    expected = one_run(series[:300])
    assert table("lead", session)["region", "region1"].value == pytest.approx(expected.lead[0])


@pytest.mark.parametrize("name", ["lead", "nonreversibility"])
def test_measures_give_the_reason(build, rng, name):
    session = build(driven(rng, 120))
    assert {row.status for row in table(name, session).values()} == {
        "only 119 pairs of volumes are 1 apart without a gap, direction needs 150"
    }
    measure = measures()[name]
    assert "xploratory" in measure.methods
    assert "xploratory" in measure.caveat
    assert measure.methods.endswith(".")


@pytest.mark.parametrize("name", ["lead", "nonreversibility"])
def test_a_lag_of_one_volume_is_not_compared_between_repetition_times(build, rng, name):
    session = build(driven(rng), same_tr=False)
    found = table(name, session)
    assert all(np.isnan(row.value) and "repetition time" in row.status for row in found.values())


def test_sessions_share_seconds_whatever_their_repetition_time():
    common = Common(seconds=300.0, reasons={})
    assert [common.n_volumes(tr) for tr in (2.0, 0.8, 0.1, 3.0)] == [150, 375, 3000, 100]
    assert Common(seconds=7 * 0.7, reasons={}).n_volumes(0.7) == 7
    unknown = Common(seconds=seconds_of(90, np.nan), reasons={})
    assert unknown.n_volumes(np.nan) == 90
    assert alike([2.0, 2.001])
    assert alike([np.nan, np.nan])
    assert alike([])
    assert not alike([2.0, 2.1])
    assert not alike([2.0, np.nan])
