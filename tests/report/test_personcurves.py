"""Which curve of a scan is shown as the one that a model misses by most."""

import numpy as np

from gradshift.report.personcurves import Activity, _worst


def test_the_region_that_a_model_misses_by_most_is_found_among_those_that_were_fitted(rng):
    measured = Activity(np.arange(5.0), ["a", "b", "c"], rng.normal(size=(5, 3)))
    fitted = measured.values + np.array([0.1, -0.5, 2.0])
    fitted[:, 2] = np.nan
    fitted[0, 1] = np.nan
    (where,) = _worst(measured, fitted).values()
    assert where == [1]
    assert _worst(measured, np.full((5, 3), np.nan)) == {}
