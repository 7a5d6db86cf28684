"""Measures that are region means of voxel maps."""

import numpy as np
import pytest

from gradshift.core.cortex.measure import evaluate
from gradshift.core.measures import measures

NAMES = ("alff", "malff", "falff", "zfalff", "reho")


@pytest.fixture
def build(make_regions, as_session, rng):
    regions = make_regions({"Vis": 3, "Default": 4}, {"PCC": (3, 4)})
    series = rng.standard_normal((30, 7))
    return lambda **fields: as_session(regions, series=series, **fields)


@pytest.mark.parametrize("name", NAMES)
def test_region_means_are_handed_on(build, name):
    values = np.array([1, 2, 3, 4, 5, np.nan, 7])
    rows = evaluate(measures()[name], build(maps={name: values, "other": values + 9}))
    by_label = {(row.level, row.label): row for row in rows}
    found = [row.value for row in rows if row.level == "region"]
    np.testing.assert_array_equal(found, values)
    assert by_label["set", "PCC"].value == 4.5
    assert by_label["network", "Default"].status == "1 of 4 regions missing"


@pytest.mark.parametrize("name", NAMES)
def test_without_the_map_there_is_a_reason(build, name):
    assert {row.status for row in evaluate(measures()[name], build())} == {
        "voxel maps were not computed"
    }


@pytest.mark.parametrize("name", NAMES)
def test_measures_say_what_they_are(name):
    measure = measures()[name]
    for field in ("unit", "formula", "high", "low", "methods", "cite", "caveat"):
        assert getattr(measure, field), field
    assert measure.methods.endswith(".")
