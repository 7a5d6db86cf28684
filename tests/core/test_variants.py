"""The values of a session measured otherwise are those of a session made so."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import trapezoid

from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.variants import HALVES, variants
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate

DENSITIES = (0.1, 0.2, 0.3)


@pytest.fixture
def session(hcp, as_session, rng):
    group = hcp(100)
    series = rng.standard_normal((150, 100)) @ np.linalg.cholesky(group.matrix).T
    made = as_session(group.regions, series=series, n_common=120)
    return replace(made, options=replace(made.options, densities=DENSITIES))


def by_key(every):
    return {
        (one.choice, v.measure, v.level, v.label): v.value for one in every for v in [one.value]
    }


def test_the_points_of_a_curve_have_its_area(session):
    chosen = [measures()[name] for name in ("betweennessauc", "modularityauc")]
    points = by_key(variants(session, session, chosen, "pearson"))
    assert len({key[0] for key in points} - set(HALVES)) == len(DENSITIES)
    checked = 0
    for measure in chosen:
        for value in evaluate(measure, session):
            if value.level != "region":
                name = measure.name.removesuffix("auc")
                key = (name, value.level, value.label)
                curve = [points[f"density {density:g}", *key] for density in DENSITIES]
                assert trapezoid(curve, DENSITIES) == pytest.approx(value.value, rel=1e-12)
                checked += 1
    assert checked >= 2


@pytest.mark.parametrize("half", [0, 1])
def test_a_half_is_a_session_of_its_own(session, as_session, half):
    chosen = [measures()[name] for name in ("withinfc", "strength", "falff", "efficiencyauc")]
    found = by_key(variants(session, session, chosen, "pearson"))
    part = session.series[75 * half : 75 * (half + 1)]
    alone = replace(as_session(session.regions, series=part, n_common=60), options=session.options)
    assert np.array_equal(alone.matrix, correlate(part))
    for measure in chosen:
        for value in evaluate(measure, alone):
            if value.level != "region":
                key = (HALVES[half], measure.name, value.level, value.label)
                assert found[key] == pytest.approx(value.value, nan_ok=True)
    assert np.isnan(found[HALVES[half], "falff", "network", "Default"])
    assert not any(key[2] == "region" for key in found)
