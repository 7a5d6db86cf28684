"""Seed maps."""

import numpy as np
import pytest

from gradshift.core.cortex.measure import evaluate
from gradshift.core.measures import measures
from gradshift.core.series import seeds
from gradshift.core.series.seeds import seed_map


def test_seed_map_is_fisher_z_of_correlations(rng):
    voxels = rng.standard_normal((60, 50)) * 3 + 800
    seed = rng.standard_normal(60)
    expected = [np.arctanh(np.corrcoef(seed, voxel)[0, 1]) for voxel in voxels.T]
    np.testing.assert_allclose(seed_map(voxels, seed), expected)


def test_seed_map_in_blocks(rng, monkeypatch):
    voxels = rng.standard_normal((60, 50)).astype(np.float32)
    whole = seed_map(voxels, voxels[:, 3].astype(np.float64))
    monkeypatch.setattr(seeds, "BLOCK", 7)
    blocks = seed_map(voxels, voxels[:, 3].astype(np.float64))
    np.testing.assert_allclose(blocks, whole, atol=1e-12)
    assert whole[3] == pytest.approx(np.arctanh(0.999999))


def test_constant_and_missing_voxels_have_no_value(rng):
    voxels = rng.standard_normal((60, 4))
    voxels[:, 1] = 812.3
    voxels[5, 2] = np.nan
    assert np.isfinite(seed_map(voxels, rng.standard_normal(60))).tolist() == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (np.ones(9), "The seed has 9 volumes, the voxels have 10"),
        (np.full(10, 3.3), "The seed is constant"),
        (np.full(10, np.nan), "missing values"),
    ],
)
def test_seeds_that_cannot_be_used(rng, seed, message):
    with pytest.raises(ValueError, match=message):
        seed_map(rng.standard_normal((10, 3)), seed)


def test_seed_connectivity_of_regions(hcp, as_session):
    session = as_session(hcp(200).regions, hcp(200).matrix)
    rows = {(row.level, row.label): row.value for row in evaluate(measures()["seedz"], session)}
    members = list(session.regions.sets["PCC"])
    seed = session.series[:, members].mean(axis=1)
    r = np.corrcoef(seed, session.series[:, 150])[0, 1]
    assert rows["region", session.regions.names[150]] == pytest.approx(np.arctanh(r))
    assert rows["network", "Default"] > rows["network", "Vis"]


def test_a_lost_seed_region_is_left_out(hcp, as_session):
    whole = as_session(hcp(200).regions, hcp(200).matrix)
    series = whole.series.copy()
    lost = whole.regions.sets["PCC"][0]
    series[:, lost] = np.nan
    rows = evaluate(measures()["seedz"], as_session(hcp(200).regions, series=series))
    values = np.array([row.value for row in rows if row.level == "region"])
    assert np.flatnonzero(np.isnan(values)).tolist() == [lost]


def test_an_atlas_without_the_seed_gives_the_reason(make_regions, as_session, rng):
    session = as_session(make_regions({"Vis": 4}), series=rng.standard_normal((30, 4)))
    assert {row.status for row in evaluate(measures()["seedz"], session)} == {
        "the atlas has no usable region in the set PCC"
    }
