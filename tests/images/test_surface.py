"""Regions reach the vertices they lie at, and no farther."""

import nibabel
import numpy as np

from gradshift.images.labels import LabelImage
from gradshift.images.surface import (
    FARTHEST,
    fsaverage5,
    labels_on_vertices,
    places_on_sphere,
)


def image(folder, name, labels, indices):
    path = folder / f"{name}.nii.gz"
    nibabel.Nifti1Image(labels.astype(np.int16), np.diag([2.0, 2, 2, 1])).to_filename(path)
    return LabelImage(path, indices)


def test_both_hemispheres_come_with_nilearn():
    halves = fsaverage5()
    assert halves is not None
    for side, sign in (("left", -1), ("right", 1)):
        half = halves[side]
        assert half.cortex.shape == half.inflated.shape == (10242, 3)
        assert half.triangles.max() == 10241
        assert np.sign(half.cortex[:, 0].mean()) == sign
        assert half.sulcal_depth.shape == (10242,)


def test_a_vertex_takes_the_nearest_region_unless_it_is_far(tmp_path):
    labels = np.zeros((10, 11, 12))
    labels[2, 5, 5], labels[6, 5, 5] = 7, 3
    found = image(tmp_path, "a", labels, (3, 7))
    places = np.array([[4.0, 10, 10], [6.5, 10, 10], [12, 10, 11], [12, 10, 10 + FARTHEST + 0.1]])
    assert list(labels_on_vertices([found], places)) == [2, 2, 1, 0]


def test_regions_of_further_parts_follow_and_the_first_wins(tmp_path):
    first, second = np.zeros((10, 11, 12)), np.zeros((10, 11, 12))
    first[2, 5, 5] = 1
    second[2, 5, 5] = second[6, 5, 5] = 4
    parts = [image(tmp_path, "a", first, (1, 2)), image(tmp_path, "b", second, (4,))]
    assert list(labels_on_vertices(parts, np.array([[4.0, 10, 10], [12, 10, 10]]))) == [1, 3]


def test_regions_lie_on_the_sphere_where_their_vertices_are():
    halves = fsaverage5()
    assert halves is not None
    vertices = {side: np.zeros(len(half.cortex), dtype=int) for side, half in halves.items()}
    inside = {side: np.abs(half.cortex[:, 0]) < 8 for side, half in halves.items()}
    vertices["left"][inside["left"]] = 1
    vertices["right"][inside["right"]] = 2
    vertices["right"][:3] = 1  # beyond the middle: not the region's own hemisphere
    places = places_on_sphere(vertices, ("L", "R", "L", ""))
    np.testing.assert_allclose(np.linalg.norm(places[:2], axis=1), 1)
    np.testing.assert_allclose(places[:2, 0], [1, -1], atol=0.1)
    assert np.isnan(places[2:]).all()
