"""The meshes of surfaces: those that FreeSurfer and the HCP made, and laws of closed surfaces."""

import nibabel
import numpy as np
import pytest

from gradshift.errors import InputError
from gradshift.images.cifti import grayordinates
from gradshift.images.meshes import edges_of, fslr, triangles_of
from gradshift.images.neighbours import neighbours_among
from gradshift.images.surface import fsaverage5


def test_divided_icosahedra_are_the_meshes_of_freesurfer():
    known = fsaverage5()["left"].triangles
    np.testing.assert_array_equal(triangles_of(10242), known)


@pytest.mark.parametrize("n", [42, 10242, 32492, 40962])
def test_a_mesh_is_closed_and_its_vertices_have_five_or_six_neighbours(n):
    triangles, edges = triangles_of(n), edges_of(n)
    assert triangles.max() == n - 1
    assert n - edges.shape[1] + len(triangles) == 2
    sides = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, ::2]])
    )
    assert set(np.unique(sides, axis=0, return_counts=True)[1]) == {2}
    around = np.bincount(edges.ravel())
    assert (around == 5).sum() == 12
    assert (around == 6).sum() == n - 12


def test_the_triangles_of_fslr_are_small_and_look_outwards():
    for side, half in fslr().items():
        a, b, c = (half.places[half.triangles[:, i]] for i in range(3))
        assert np.linalg.norm(a - b, axis=1).max() < 12, side
        volume = (a * np.cross(b, c)).sum() / 6
        assert 2e5 < volume < 8e5, side  # mm^3 inside; negative if they looked inwards


def test_an_unknown_mesh_is_refused():
    with pytest.raises(InputError, match="1000 vertices"):
        triangles_of(1000)


def test_vertices_and_voxels_have_the_neighbours_of_a_plain_search():
    vertices = np.arange(2, 42)
    mask = np.random.default_rng(3).random((4, 5, 4)) < 0.7
    left = nibabel.cifti2.BrainModelAxis.from_surface(vertices, 42, "CORTEX_LEFT")
    below = nibabel.cifti2.BrainModelAxis.from_mask(mask, "THALAMUS_LEFT", np.eye(4))
    places = grayordinates(left + below)
    edges = {frozenset(edge) for edge in edges_of(42).T.tolist()}
    at = np.argwhere(mask)
    for corners, far in ((False, 1), (True, 3)):
        pairs, full = neighbours_among(places, corners=corners)
        assert (np.diff(pairs[0]) >= 0).all()
        found = {frozenset(pair) for pair in pairs.T.tolist()}
        assert len(found) == pairs.shape[1]
        wanted = {frozenset(e - 2 for e in edge) for edge in edges if min(edge) >= 2}
        for i in range(len(at)):
            step = np.abs(at - at[i])
            near = (step.max(axis=1) == 1) & (step.sum(axis=1) <= far)
            wanted |= {frozenset((40 + i, 40 + j)) for j in np.flatnonzero(near)}
        assert found == wanted
        assert set(full[:40]) == {6, 7}
        assert (full[40:] == (27 if corners else 7)).all()
