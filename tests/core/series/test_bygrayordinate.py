"""Region means are the same whichever way the file holds the numbers."""

import numpy as np
import pytest

from gradshift.core.series.bygrayordinate import parcellate_series
from gradshift.core.series.parcellate import parcellate

N, T, SIZE = 400, 60, 7


def made(rng, bad):
    values = rng.normal(500, 20, (T, N)).astype(np.float32)
    values[:, 3] = 12  # constant
    values[:, 4] = np.nan
    values[10, 5] = np.inf
    values[list(bad)] = 0
    return values


def by_place(values, rows=37):
    for start in range(0, N, rows):
        yield start, np.ascontiguousarray(values.T[start : start + rows])


@pytest.mark.parametrize("bad", [(), (0, 31)])
@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.5, -3.0)])
def test_both_orders_of_a_file_give_the_same(rng, bad, scale):
    values = made(rng, bad)
    slope, intercept = scale
    values[list(bad)] = -intercept / slope
    atlases = [(rng.integers(0, SIZE + 1, N), SIZE), (rng.integers(0, 3, N), 2)]
    how = {"n_volumes": T, "slope": slope, "intercept": intercept}
    kept = np.full(values.shape, np.nan, dtype=np.float32)
    found = parcellate_series(lambda: by_place(values), atlases, keep=kept, **how)
    np.testing.assert_allclose(kept, values * slope + intercept)
    mask = np.ones(N, dtype=bool)
    wanted = parcellate(lambda: iter_volumes(values), atlases, mask, **how)
    assert found.bad_volumes == wanted.bad_volumes == bad
    np.testing.assert_array_equal(found.run_mask, wanted.run_mask)
    assert not found.run_mask[3:6].any()
    for a, b in zip(found.atlases, wanted.atlases, strict=True):
        for name in ("means", "n_voxels", "n_in_mask", "n_used", "tsnr"):
            np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-6)
    np.testing.assert_allclose(found.carpet, wanted.carpet, rtol=1e-6)
    np.testing.assert_array_equal(found.carpet_voxels, wanted.carpet_voxels)
    assert found.tsnr == pytest.approx(wanted.tsnr, rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 500.0])
def test_series_that_come_without_their_mean_have_no_tsnr(rng, level):
    values = rng.normal(0, 20, (T, N))
    values += level - values.mean(axis=0)
    atlases = [(np.arange(N) % (SIZE + 1), SIZE)]
    found = parcellate_series(lambda: by_place(values), atlases, n_volumes=T)
    wanted = parcellate(lambda: iter_volumes(values), atlases, np.ones(N, dtype=bool), n_volumes=T)
    for one in (found, wanted):
        assert np.isnan(one.tsnr) == np.isnan(one.atlases[0].tsnr).all() == (level == 0)
        assert np.isfinite(one.atlases[0].means).all()


def iter_volumes(values):
    yield 0, values


def test_a_file_without_a_good_volume_has_no_means():
    zeros = np.zeros((T, N), dtype=np.float32)
    labels = np.arange(N) % 3
    found = parcellate_series(lambda: by_place(zeros), [(labels, 2)], n_volumes=T)
    assert len(found.bad_volumes) == T
    assert np.isnan(found.atlases[0].means).all()


def test_pieces_that_do_not_follow_each_other_are_refused(rng):
    values, labels = made(rng, ()), np.ones(N, dtype=int)
    with pytest.raises(ValueError, match="place"):
        parcellate_series(lambda: (piece for piece in [(5, values.T)]), [(labels, 1)], n_volumes=T)
