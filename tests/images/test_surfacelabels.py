"""Regions reach the grayordinates they belong to."""

import nibabel
import numpy as np
import pytest
from nibabel.cifti2 import BrainModelAxis, Cifti2Image, LabelAxis

from gradshift.atlases.catalogue import available, load_atlas
from gradshift.errors import InputError
from gradshift.images.cifti import grayordinates
from gradshift.images.grayordinates import whole_meshes
from gradshift.images.labels import LabelImage
from gradshift.images.surface import fsaverage5, labels_on_vertices
from gradshift.images.surfacelabels import labels_on_grayordinates, read_surface_labels

SCHAEFER = [name for name in available() if name.startswith("Schaefer")]
N_FSLR, N_FSAVERAGE5, N_FSAVERAGE6 = 32492, 10242, 40962


def surface(side, vertices, n=50):
    return BrainModelAxis.from_surface(np.array(vertices), n, f"CIFTI_STRUCTURE_CORTEX_{side}")


def voxels(places, name="THALAMUS_LEFT", size=2.0):
    return BrainModelAxis(
        name,
        voxel=np.array(places),
        affine=np.diag([size, size, size, 1]),
        volume_shape=(9, 9, 9),
    )


def label_file(path, axis, keys):
    table = {int(key): (f"r{key}", (0, 0, 0, 1)) for key in {0, *keys}}
    image = Cifti2Image(np.array([keys], dtype=np.float32), (LabelAxis(["m"], [table]), axis))
    image.to_filename(path)
    return LabelImage(path, tuple(sorted({key for key in keys if key})))


def test_vertices_are_found_by_number_and_structures_by_name(tmp_path):
    axis = surface("RIGHT", [7, 3, 9]) + surface("LEFT", [0, 7])
    image = label_file(tmp_path / "a.dlabel.nii", axis, [5, 6, 0, 8, 9])
    places = grayordinates(surface("LEFT", [7, 8]) + surface("RIGHT", [9, 3, 7, 20]))
    assert list(labels_on_grayordinates([image], places)) == [4, 0, 0, 2, 1, 0]


def test_voxels_take_the_label_they_lie_in_and_the_first_part_wins(tmp_path):
    axis = surface("LEFT", [1]) + voxels([[1, 1, 1], [2, 1, 1]])
    first = label_file(tmp_path / "a.dlabel.nii", axis, [1, 2, 3])
    volume = np.zeros((10, 10, 10), dtype=np.int16)
    volume[2, 2, 2], volume[6, 2, 2] = 4, 7  # of 1 mm
    path = tmp_path / "b.nii.gz"
    nibabel.Nifti1Image(volume, np.eye(4)).to_filename(path)
    places = grayordinates(surface("LEFT", [1]) + voxels([[1, 1, 1], [3, 1, 1], [0, 0, 8]]))
    found = labels_on_grayordinates([first, LabelImage(path, (4, 7))], places)
    assert list(found) == [1, 2, 5, 0]
    assert list(labels_on_grayordinates([LabelImage(path, (4, 7))], places)) == [0, 1, 2, 0]


def test_another_mesh_is_refused_and_a_finer_division_of_the_same_is_not(tmp_path):
    axis = surface("LEFT", [0, 1, 41], 42) + surface("RIGHT", [0], 42)
    image = label_file(tmp_path / "a.dlabel.nii", axis, [1, 2, 3, 4])
    finer = labels_on_grayordinates([image], whole_meshes((162, 162)))
    assert finer[[0, 1, 41, 162]].tolist() == [1, 2, 3, 4]
    assert np.count_nonzero(finer) == 4
    with pytest.raises(InputError, match="42 vertices"):
        labels_on_grayordinates([image], whole_meshes((100, 100)))
    with pytest.raises(InputError, match="No region"):
        labels_on_grayordinates([image], grayordinates(voxels([[1, 1, 1]])))


@pytest.mark.parametrize("name", SCHAEFER)
def test_shipped_surfaces_have_every_region_on_its_side(name):
    atlas = load_atlas(name)
    regions = atlas.regions()
    for space, n in (("fsLR", N_FSLR), ("fsaverage5", N_FSAVERAGE5), ("fsaverage6", N_FSAVERAGE6)):
        found = labels_on_grayordinates(atlas.images(space), whole_meshes((n, n)))
        for half, side in ((found[:n], "L"), (found[n:], "R")):
            there = {regions.names[i - 1] for i in np.unique(half[half > 0])}
            of_side = zip(regions.names, regions.hemispheres, strict=True)
            assert there == {name for name, hemisphere in of_side if hemisphere == side}


@pytest.mark.parametrize("name", SCHAEFER)
def test_regions_on_fsaverage5_lie_where_the_table_says(name):
    atlas, halves = load_atlas(name), fsaverage5()
    vertices = np.concatenate([half.cortex for half in halves.values()])
    (image,) = atlas.images("fsaverage5")
    labels = read_surface_labels(image.path).labels
    centroids = atlas.regions().centroids
    placed = np.stack([vertices[labels == i].mean(axis=0) for i in image.indices])
    away = np.linalg.norm(placed - centroids, axis=1)
    assert np.median(away) < 4
    assert away.max() < 15
    nearest = labels_on_vertices(atlas.images("MNI152NLin6Asym"), vertices)
    both = (labels > 0) & (nearest > 0)
    assert np.mean(labels[both] == nearest[both]) > 0.74  # borders differ, regions do not


@pytest.mark.parametrize(("seven", "other"), [("200_7", "200_17"), ("400_7", "400_17")])
def test_both_numbers_of_networks_divide_the_surface_alike(seven, other):
    for space in ("fsLR", "fsaverage5"):
        a, b = (
            read_surface_labels(load_atlas(f"Schaefer2018_{name}").images(space)[0].path).labels
            for name in (seven, other)
        )
        pairs = set(zip(a.tolist(), b.tolist(), strict=True))
        assert len(pairs) == len({first for first, _ in pairs}) == len(set(b.tolist()))
