"""The global signal: how much of what regions do is shared, and where."""

import numpy as np
import pytest

from gradshift.core.cortex.measure import evaluate
from gradshift.core.measures import measures


def values(name, session):
    return {(r.level, r.label): r.value for r in evaluate(measures()[name], session)}


@pytest.fixture
def build(make_regions, as_session):
    regions = make_regions({"Vis": 3, "Default": 3, "": 1}, {"PCC": (3, 4)})
    return lambda series, **fields: as_session(regions, series=series, **fields)


def mixed(rng, shares, n=4000):
    """Regions that have this share of their variance in common."""
    shared, own = rng.standard_normal((n, 1)), rng.standard_normal((n, len(shares)))
    shares = np.asarray(shares, dtype=float)
    return np.sqrt(shares) * shared + np.sqrt(1 - shares) * own


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_its_size_is_what_regions_have_in_common(build, rng, share):
    session = build(mixed(rng, [share] * 7))
    expected = np.sqrt(share + (1 - share) / 6)  # six cortical regions average the rest out
    found = values("globalsd", session)["whole", "whole"]
    assert found == pytest.approx(expected, abs=0.02)


def test_the_gain_of_the_scanner_cancels(build, rng):
    series = mixed(rng, [0.3] * 7)
    for name in ("globalsd", "globaltopography"):
        once, again = values(name, build(series)), values(name, build(40 * series + 1000))
        np.testing.assert_allclose(list(once.values()), list(again.values()), equal_nan=True)


def test_its_topography_tells_the_regions_that_follow_it(build, rng):
    series = mixed(rng, [0.8, 0.8, 0.8, 0.1, 0.1, 0.1, 0.9])
    session = build(series)
    found = values("globaltopography", session)
    mean = series[:, :6].mean(axis=1)
    for i in range(6):
        r = np.corrcoef(series[:, i], mean)[0, 1]
        assert found["region", f"region{i + 1}"] == pytest.approx(np.arctanh(r))
    assert np.isnan(found["region", "region7"])  # no cortical region
    assert found["network", "Vis"] > found["network", "Default"] + 0.3
    assert found["set", "PCC"] == pytest.approx(
        (found["region", "region4"] + found["region", "region5"]) / 2
    )


def test_once_it_is_regressed_out_nothing_is_left(build, rng):
    series = mixed(rng, [0.5] * 7)
    series -= series[:, :6].mean(axis=1, keepdims=True)
    assert values("globalsd", build(series))["whole", "whole"] < 1e-12


def test_only_the_time_that_all_sessions_have_counts(build, rng):
    series = mixed(rng, [0.5] * 7, n=300)
    cut, short = build(series, n_common=100), build(series[:100])
    assert values("globalsd", cut) == pytest.approx(values("globalsd", short))
    assert np.isnan(values("globalsd", build(series, n_common=1))["whole", "whole"])
