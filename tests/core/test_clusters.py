"""Threshold-free enhancement of maps, against its definition and against nilearn."""

from itertools import product

import nibabel
import numpy as np
import pytest
from nilearn.maskers import NiftiMasker
from nilearn.mass_univariate import permuted_ols
from scipy import ndimage, stats

from gradshift.core.enhancement import STEPS, voxel_scores
from gradshift.core.statistics.association import permuted
from gradshift.core.statistics.clusters import HEIGHT, cluster_statistic
from gradshift.core.statistics.signflip import flipped
from gradshift.images.neighbours import neighbours

SHAPE = (7, 8, 9)


@pytest.fixture
def places(rng):
    """Three quarters of the voxels, x fastest."""
    return np.flatnonzero(rng.random(SHAPE).ravel(order="F") < 0.75)


def on_grid(values, places):
    image = np.zeros(SHAPE, order="F")
    image.ravel(order="K")[places] = values
    return image


def by_labels(t, places):
    """Threshold by threshold, cluster by cluster: sum of ``extent^.5 h^2 dh``."""
    image, step = on_grid(t, places), np.abs(t).max() / STEPS
    scores = np.zeros(SHAPE, order="F")
    for sign, height in product((1, -1), step * np.arange(1, STEPS + 1)):
        labels, _ = ndimage.label(sign * image >= height - 1e-9)
        extent = np.bincount(labels.ravel())
        extent[0] = 0
        scores += np.sqrt(extent)[labels] * height**2 * step
    return scores.ravel(order="K")[places]


def smooth(rng, places, n):
    """Changes of n people with smooth noise, and a blob that all share."""
    noise = [ndimage.gaussian_filter(rng.normal(size=SHAPE), 1) for _ in range(n)]
    noise = np.array([one.ravel(order="F") for one in noise]) / 0.2
    blob = np.zeros(SHAPE, order="F")
    blob[1:4, 1:4, 1:4] = 1.2
    return (noise + blob.ravel(order="F"))[:, places]


def test_neighbours_share_a_face(places):
    pairs = neighbours(places, SHAPE)
    xyz = np.array(np.unravel_index(places, SHAPE, order="F"))
    assert (np.abs(xyz[:, pairs[0]] - xyz[:, pairs[1]]).sum(axis=0) == 1).all()
    apart = np.abs(xyz[:, :, None] - xyz[:, None]).sum(axis=0)
    assert pairs.shape[1] == (apart == 1).sum() / 2


def test_enhancement_agrees_with_its_definition(rng, places):
    maps = np.vstack([smooth(rng, places, 2), np.zeros(len(places))])
    pairs = neighbours(places, SHAPE).astype(np.int32, order="C")
    for t in maps:
        found = voxel_scores(t, pairs, HEIGHT)
        np.testing.assert_allclose(found, by_labels(t, places), rtol=1e-9)
        np.testing.assert_array_equal(voxel_scores(-t, pairs, HEIGHT), found)


def test_all_flips_are_enhanced(rng, places):
    changes = smooth(rng, places, 4)
    found = cluster_statistic(flipped(changes), neighbours(places, SHAPE))
    flips = [changes * np.array(signs)[:, None] for signs in product((1, -1), repeat=4)]
    largest = [by_labels(stats.ttest_1samp(one, 0).statistic, places).max() for one in flips]
    observed = by_labels(stats.ttest_1samp(changes, 0).statistic, places)
    np.testing.assert_allclose(np.abs(found.tfce), observed, rtol=1e-7)
    expected = (np.array(largest)[:, None] >= observed * (1 - 1e-9)).mean(axis=0)
    np.testing.assert_allclose(found.p_fwe, expected)
    assert (found.n_permutations, found.exact) == (16, True)


def test_nilearn_gives_the_same_map_in_units_of_its_step(rng, places):
    """Nilearn leaves dh out of the sum, so that its scores depend on the largest |t|."""
    changes = smooth(rng, places, 7)
    mask = nibabel.Nifti1Image(on_grid(1.0, places).astype(np.uint8), np.eye(4))
    masker = NiftiMasker(mask, standardize=None).fit()
    order = np.argsort(np.arange(np.prod(SHAPE)).reshape(SHAPE, order="F")[on_grid(1, places) > 0])
    theirs = permuted_ols(
        np.ones((7, 1)),
        changes[:, np.argsort(order)],
        model_intercept=False,
        n_perm=2,
        two_sided_test=True,
        tfce=True,
        masker=masker,
        random_state=1,
        verbose=0,
    )
    found = cluster_statistic(flipped(changes), neighbours(places, SHAPE))
    step = np.abs(stats.ttest_1samp(changes, 0).statistic).max() / STEPS
    np.testing.assert_allclose(found.tfce / step, theirs["tfce"][0][order], rtol=1e-3, atol=1e-3)


def test_groups_can_be_compared_and_voxels_without_a_test_do_not_count(rng, places):
    group = np.array([0.0, 0, 0, 1, 1, 1, 1])
    values = smooth(rng, places, 7)
    values[:3, 5] = np.nan
    found = cluster_statistic(permuted(values, group), neighbours(places, SHAPE))
    assert np.isnan(found.p_fwe[5])
    assert found.n_permutations == 35
    assert found.p_fwe[np.isfinite(found.p_fwe)].min() >= 1 / 35


def test_voxels_without_a_test_join_nothing(rng):
    """A line of voxels, cut by one that nobody has: as two lines apart."""
    values = rng.normal(1.5, 1, size=(6, 9))
    line = np.array([np.arange(8), np.arange(1, 9)])
    cut = values.copy()
    cut[:, 4] = np.nan
    apart = line[:, ~(line == 4).any(axis=0)]
    one, other = (cluster_statistic(flipped(cut), pairs) for pairs in (line, apart))
    np.testing.assert_array_equal(one.tfce, other.tfce)
    np.testing.assert_array_equal(one.p_fwe, other.p_fwe)
