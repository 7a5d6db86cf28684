"""Regions carried onto other grids."""

import nibabel
import numpy as np
import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.errors import InputError
from gradshift.images.grid import labels_on_grid
from gradshift.images.labels import LabelImage, centroids, positions, read_labels

SHAPE = (7, 8, 9)
AFFINE = np.array(
    [[-1.0, 0, 0, 3.0], [0, 1.0, 0, -4.0], [0, 0, 1.0, -2.0], [0, 0, 0, 1]], dtype=float
)
INDICES = (4, 2, 9)


@pytest.fixture
def part(tmp_path, rng):
    """A label image in which every voxel is random, so that any mix-up shows."""
    labels = rng.choice([0, *INDICES], size=SHAPE).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(labels, AFFINE), tmp_path / "atlas.nii.gz")
    return LabelImage(tmp_path / "atlas.nii.gz", INDICES)


@pytest.fixture
def expected(part):
    labels, _ = read_labels(part.path)
    return np.select([labels == index for index in INDICES], [1, 2, 3], 0)


def brute_force(part, shape, affine):
    """For each voxel of a grid, go through all atlas voxels for the nearest centre."""
    labels, source = read_labels(part.path)
    voxels = np.argwhere(np.ones(labels.shape, dtype=bool))
    centres = voxels @ source[:3, :3].T + source[:3, 3]
    out = np.zeros(shape, dtype=int)
    for target in np.ndindex(*shape):
        place = affine[:3, :3] @ target + affine[:3, 3]
        nearest = np.argmin(((centres - place) ** 2).sum(axis=1))
        offset = np.linalg.solve(source[:3, :3], place - centres[nearest])
        if np.abs(offset).max() < 0.5:
            label = labels[tuple(voxels[nearest])]
            out[target] = 1 + INDICES.index(label) if label in INDICES else 0
    return out


def test_the_same_grid_changes_nothing(part, expected):
    found = labels_on_grid([part], SHAPE, AFFINE)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flipped_grid(part, expected, axis):
    flip = np.eye(4)
    flip[axis, axis], flip[axis, 3] = -1, SHAPE[axis] - 1
    found = labels_on_grid([part], SHAPE, AFFINE @ flip)
    np.testing.assert_array_equal(found, np.flip(expected, axis))


def test_swapped_axes(part, expected):
    swap = np.eye(4)[[1, 2, 0, 3]]
    found = labels_on_grid([part], (9, 7, 8), AFFINE @ swap)
    np.testing.assert_array_equal(found, expected.transpose(2, 0, 1))


def test_grid_shifted_by_whole_voxels(part, expected):
    shift = np.eye(4)
    shift[:3, 3] = (2, -3, 1)
    found = labels_on_grid([part], SHAPE, AFFINE @ shift)
    np.testing.assert_array_equal(found[:5, 3:, :8], expected[2:, :5, 1:])
    assert not found[5:].any()
    assert not found[:, :3].any()
    assert not found[:, :, 8:].any()


@pytest.mark.parametrize("size", [0.7, 2.0, 4.0])
def test_other_voxel_sizes_and_a_tilt_against_brute_force(part, size):
    angle = 0.3
    tilt = np.eye(4)
    tilt[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    for turn in (np.eye(4), tilt):
        step = turn @ np.diag([size, size, size, 1.0])
        step[:3, 3] = (-0.83, 0.27, 0.41)
        shape = tuple(int(n / size) + 2 for n in SHAPE)
        found = labels_on_grid([part], shape, AFFINE @ step)
        np.testing.assert_array_equal(found, brute_force(part, shape, AFFINE @ step))


def test_points_between_two_voxels_all_go_the_same_way(part, expected):
    """A template whose 2 mm grid lies on the edges of the 1 mm one; noise must not decide."""
    for noise in (-1e-9, 0.0, 1e-9):
        step = np.diag([2.0, 2.0, 2.0, 1.0])
        step[:3, 3] = -0.5 + noise
        found = labels_on_grid([part], (4, 4, 5), AFFINE @ step)
        np.testing.assert_array_equal(found, expected[::2, ::2, ::2])


def test_earlier_parts_win_where_they_overlap(tmp_path, part, expected):
    labels = np.full(SHAPE, 5, dtype=np.int16)
    nibabel.save(nibabel.Nifti1Image(labels, AFFINE), tmp_path / "full.nii.gz")
    full = LabelImage(tmp_path / "full.nii.gz", (5,))
    found = labels_on_grid([part, full], SHAPE, AFFINE)
    np.testing.assert_array_equal(found, np.where(expected > 0, expected, 4))
    assert (labels_on_grid([full, part], SHAPE, AFFINE) == 1).all()


def test_labels_without_a_row_are_background(part, expected):
    found = labels_on_grid([LabelImage(part.path, (2,))], SHAPE, AFFINE)
    np.testing.assert_array_equal(found, expected == 2)


def test_no_overlap_is_an_error(part):
    far = AFFINE.copy()
    far[:3, 3] += 500
    with pytest.raises(InputError, match="7 x 8 x 9 voxels from 503, 496, 498 mm"):
        labels_on_grid([part], SHAPE, far)


def test_positions_leave_their_input_alone():
    labels = np.array([0, 9, 4, 2, 3, 100], dtype=np.int32)
    before = labels.copy()
    np.testing.assert_array_equal(positions(labels, INDICES), [0, 3, 1, 2, 0, 0])
    np.testing.assert_array_equal(labels, before)


def test_centroids_go_through_the_affine():
    labels = np.zeros(SHAPE, dtype=np.int32)
    labels[1, 2, 3] = labels[3, 2, 5] = 9
    labels[6, 7, 8] = 4
    placed = centroids(labels, AFFINE, INDICES)
    np.testing.assert_allclose(placed, [[-3, 3, 6], [np.nan] * 3, [1, -2, 2]])


@pytest.mark.parametrize("space", ["MNI152NLin2009cAsym", "MNI152NLin6Asym"])
@pytest.mark.parametrize(("size", "origin"), [(2, -0.5), (2, 0.0), (3, -0.3), (4, 0.0)])
def test_agrees_with_nilearn_on_a_shipped_atlas(space, size, origin):
    from nilearn.image import resample_img

    (image,) = load_atlas("Schaefer2018_200_7").images(space)
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = np.array([-90, -126, -72]) + origin
    shape = tuple(int(n / size) for n in (181, 217, 181))
    theirs = resample_img(
        nibabel.load(image.path),
        affine,
        shape,
        interpolation="nearest",
        force_resample=True,
        copy_header=True,
    )
    found = labels_on_grid([image], shape, affine)
    np.testing.assert_array_equal(found, theirs.get_fdata())
    assert len(np.unique(found[found > 0])) == 200
