"""Maps of surfaces: what is written is read back, and by nibabel."""

import nibabel
import numpy as np
import pytest
from nibabel.cifti2 import BrainModelAxis

from gradshift.bids.mapimages import Surface, VoxelGrid, among, read_ground_map
from gradshift.errors import InputError
from gradshift.images.cifti import grayordinates
from gradshift.images.grayordinates import whole_meshes


@pytest.fixture
def cifti() -> Surface:
    left, right = (
        BrainModelAxis.from_surface(np.arange(3, 40), 42, f"CORTEX_{side}")
        for side in ("LEFT", "RIGHT")
    )
    mask = np.zeros((4, 5, 6), dtype=bool)
    mask[1:3, 2, 3] = True
    affine = np.diag([-2.0, 2, 2, 1])
    return Surface(grayordinates(left + right + BrainModelAxis.from_mask(mask, "OTHER", affine)))


def test_grayordinates_come_back(cifti, tmp_path):
    path = tmp_path / "space-fsLR_boldmap.dscalar.nii"
    places = np.array([0, 5, 74, 75])
    cifti.write(path, np.array([1.5, np.nan, -2.0, 3.0]), places)
    values, ground = read_ground_map(path)
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(values)), [0, 74, 75])
    np.testing.assert_array_equal(values[[0, 74, 75]], [1.5, -2, 3])
    assert ground.is_like(cifti)
    image = nibabel.load(path)
    assert image.nifti_header.get_intent()[0] == "ConnDenseScalar"
    voxels = list(image.header.get_axis(1).iter_structures())[2][2].voxel
    np.testing.assert_array_equal(voxels, [[1, 2, 3], [2, 2, 3]])


def test_hemispheres_have_a_file_each(tmp_path):
    path = tmp_path / "sub-01_hemi-L_space-fsaverage5_boldmap.shape.gii"
    surface = Surface(whole_meshes((42, 42)))
    surface.write(path, np.array([1.0, 2.0]), np.array([3, 42 + 7]))
    right = nibabel.load(path.with_name(path.name.replace("hemi-L", "hemi-R")))
    assert right.meta["AnatomicalStructurePrimary"] == "CortexRight"
    np.testing.assert_array_equal(np.flatnonzero(right.darrays[0].data), [7])
    values, ground = read_ground_map(path)
    np.testing.assert_array_equal(values[[3, 49]], [1, 2])
    assert np.isfinite(values).sum() == 2
    assert ground.is_like(surface)
    assert not ground.is_like(Surface(whole_meshes((162, 162))))
    assert not ground.is_like(VoxelGrid((84, 1, 1), np.eye(4)))
    path.write_text("<GIFTI")
    with pytest.raises(InputError, match="hemi-L"):
        read_ground_map(path)


def test_pairs_are_those_among_the_places():
    pairs = np.array([[0, 1, 2, 5], [1, 2, 5, 6]])
    np.testing.assert_array_equal(among(pairs, np.array([1, 2, 5])), [[0, 1], [1, 2]])
