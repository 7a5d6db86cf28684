"""Maps beyond the cortex are tested by themselves, where there are regions to test."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.group.mapnulls import Pairing, beyond
from gradshift.group.maprows import MapRow

REGIONS = load_atlas("Schaefer2018_100_7+TianS2").regions()
BELOW = ~REGIONS.cortical
ROW = MapRow(
    contrast="post-pre", task="rest", atlas="a", recipe="r", measure="falff", map="receptor",
    scope="within-people", n=0, n_regions=0,
)  # fmt: skip


@pytest.fixture
def study():
    group = SimpleNamespace(n_permutations=499, random_seed=1)
    return SimpleNamespace(main=SimpleNamespace(kind="paired"), group=group)


def pairing(rng, given, changes, measure="falff", name="receptor"):
    people = [f"sub-{i}" for i in range(8)]
    every = changes + rng.standard_normal((8, len(REGIONS))) / 3
    row = replace(ROW, measure=measure, map=name)
    return Pairing(row=row, people=people, changes=every, given=given)


def test_a_map_that_changes_follow_beyond_the_cortex_is_found_and_another_is_not(study):
    rng = np.random.default_rng(2)
    receptor, other = rng.standard_normal((2, len(REGIONS)))
    cortical = np.where(BELOW, np.nan, receptor)
    rows = beyond(
        study,
        [
            pairing(rng, receptor, np.where(BELOW, receptor, 0.0)),
            pairing(rng, other, np.where(BELOW, receptor, other), name="other"),
            pairing(rng, receptor, cortical, measure="gradient1"),
        ],
        REGIONS,
    )
    assert [(row.measure, row.map, row.n_regions, row.n) for row in rows] == [
        ("falff", "receptor", 32, 8),
        ("falff", "other", 32, 8),
    ]
    assert {row.scope for row in rows} == {"group-maps-variogram"}
    assert rows[0].estimate > 0.7
    assert rows[0].p_fwe < 0.01
    assert rows[1].p_fwe > 0.1


def test_no_region_beyond_the_cortex_gives_no_row_and_few_give_a_reason(study):
    rng = np.random.default_rng(3)
    receptor = rng.standard_normal(len(REGIONS))
    cortex = np.where(BELOW, np.nan, receptor)
    assert beyond(study, [pairing(rng, cortex, receptor)], REGIONS) == []
    few = cortex.copy()
    few[np.flatnonzero(BELOW)[:9]] = 1.0
    (row,) = beyond(study, [pairing(rng, few, receptor)], REGIONS)
    assert "fewer than ten regions beyond the cortex" in row.status
    assert np.isnan(row.p)
