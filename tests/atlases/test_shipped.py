"""Every shipped atlas is what its label table says."""

import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from gradshift.atlases.catalogue import FOLDER, Atlas, available, load_atlas
from gradshift.atlases.remote import REGION
from gradshift.errors import InputError
from gradshift.images.labels import centroids, read_labels
from gradshift.images.surface import KNOWN, digest, fsaverage5, nearest_regions

SEVEN = ("Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default")
COUNTS = {
    "Schaefer2018_100_7": dict(zip(SEVEN, (17, 14, 15, 12, 5, 13, 24), strict=True)),
    "Schaefer2018_200_7": dict(zip(SEVEN, (29, 35, 26, 22, 12, 30, 46), strict=True)),
    "Schaefer2018_400_7": dict(zip(SEVEN, (61, 77, 46, 47, 26, 52, 91), strict=True)),
    "TianS2": {"": 32},
}
CEREBELLUM = Path(__file__).parents[2] / "examples" / "cerebellum"
VOLUMES = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")
IMAGES = [
    (name, space) for name in available() for space in load_atlas(name).spaces if space in VOLUMES
]


@pytest.fixture(params=available())
def atlas(request) -> Atlas:
    return load_atlas(request.param)


def test_the_names_on_the_command_line():
    assert available() == (
        "Schaefer2018_100_7",
        "Schaefer2018_200_17",
        "Schaefer2018_200_7",
        "Schaefer2018_400_17",
        "Schaefer2018_400_7",
        "TianS2",
    )


def test_default_and_subcortex_come_in_both_spaces():
    for name in ("Schaefer2018_200_7", "TianS2", "Schaefer2018_200_7+TianS2"):
        assert load_atlas(name).spaces[:2] == VOLUMES


@pytest.mark.parametrize(("name", "space"), IMAGES)
def test_image_has_exactly_the_labels_of_the_table(name, space):
    (image,) = load_atlas(name).images(space)
    labels, _ = read_labels(image.path)
    assert image.indices == tuple(range(1, len(image.indices) + 1))
    assert tuple(np.unique(labels[labels > 0])) == image.indices


@pytest.mark.parametrize(("name", "space"), IMAGES)
def test_regions_lie_where_the_table_says(name, space):
    atlas = load_atlas(name)
    (image,) = atlas.images(space)
    placed = centroids(*read_labels(image.path), image.indices)
    away = np.linalg.norm(placed - atlas.regions().centroids, axis=1)
    # The table is in MNI152NLin6Asym; the two spaces differ by some millimetres.
    assert away.max() < (0.01 if space == "MNI152NLin6Asym" else 4)


def test_hemispheres_lie_on_their_side(atlas):
    regions = atlas.regions()
    side = np.where(np.array(regions.hemispheres) == "L", -1, 1)
    assert set(regions.hemispheres) == {"L", "R"}
    assert (regions.centroids[:, 0] * side > 0).all()


@pytest.mark.parametrize("name", COUNTS)
def test_networks_have_their_known_sizes(name):
    networks = load_atlas(name).regions().networks
    assert {network: networks.count(network) for network in set(networks)} == COUNTS[name]


def test_subcortex_and_cerebellum_belong_to_structures_beside_the_cortex(tmp_path):
    folder = shutil.copytree(CEREBELLUM, tmp_path / "cerebellum")
    labels = np.arange(64, dtype=np.int16).reshape(4, 4, 4) % 33
    image = nibabel.Nifti1Image(labels, np.eye(4))
    image.to_filename(folder / "atl-NettekovenSym32_space-MNI_dseg.nii")
    atlas = load_atlas(f"Schaefer2018_200_7+TianS2+{folder / 'NettekovenSym32.json'}")
    assert atlas.spaces == ("MNI152NLin6Asym",)
    systems = atlas.regions().systems
    assert systems[:200] == ("",) * 200
    assert "" not in systems[200:232]
    assert systems[232:] == ("Cerebellum",) * 32
    assert len({system for system, _ in atlas.regions().system_pairs}) == 6
    assert (atlas.regions().centroids[232:, 1:] < (-30, 0)).all()  # behind and below


@pytest.mark.parametrize("name", ["Schaefer2018_200_17", "Schaefer2018_400_17"])
def test_seventeen_networks(name):
    regions = load_atlas(name).regions()
    assert len(regions.network_names) == 17
    assert regions.low.any()
    assert regions.high.any()


@pytest.mark.parametrize("name", [name for name in available() if "Schaefer" in name])
def test_hemisphere_and_network_are_those_in_the_name(name):
    for row in load_atlas(name).rows:
        found = REGION.match(row.name)
        assert found
        assert (found[2][0], found[3]) == (row.hemisphere, row.network)


def test_entities_and_name_agree_with_the_file_name(atlas):
    words = [atlas.entities["atlas"], *(atlas.entities.get(k) for k in ("scale", "seg"))]
    assert "_".join(word.removesuffix("n") for word in words if word) == atlas.name


def test_says_where_it_comes_from(atlas):
    (part,) = atlas.parts
    assert part.description.endswith(".")
    assert part.cite
    assert part.licence
    assert part.release
    assert (part.table.parent / "NOTICE.md").is_file()


def test_every_file_belongs_to_an_atlas():
    parts = [load_atlas(name).parts[0] for name in available()]
    used = {part.table for part in parts} | {
        path for part in parts for path in part.images.values()
    }
    assert used == {path for end in ("*.tsv", "*.nii.gz") for path in FOLDER.glob(end)}


@pytest.mark.parametrize("name", ["Schaefer2018_200_7", "TianS2"])
def test_the_two_spaces_are_not_interchangeable(name):
    atlas = load_atlas(name)
    (a,), (b,) = (atlas.images(space) for space in VOLUMES)
    assert a.path != b.path
    labels, affine = read_labels(a.path)
    other, other_affine = read_labels(b.path)
    voxels = np.argwhere(labels)
    places = voxels @ affine[:3, :3].T + affine[:3, 3]
    back = np.linalg.inv(other_affine)
    there = np.rint(places @ back[:3, :3].T + back[:3, 3]).astype(int)
    inside = ((there >= 0) & (there < other.shape)).all(axis=1)
    agreement = (labels[tuple(voxels[inside].T)] == other[tuple(there[inside].T)]).mean()
    assert 0.5 < agreement < 0.95


def test_no_image_in_an_unknown_space():
    with pytest.raises(
        InputError, match=r"only in MNI152NLin2009cAsym, MNI152NLin6Asym, fsLR\b.*choose"
    ):
        load_atlas("Schaefer2018_200_7").images("T1w")


def test_listing_names_needs_no_heavy_package():
    code = (
        "import sys; from gradshift.atlases.catalogue import available; available();"
        "print([m for m in ('nibabel', 'pandas', 'nilearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_regions_on_the_cortex_are_shipped_for_every_image_and_right():
    """Otherwise run tools/make_vertices.py."""
    places = np.concatenate([half.cortex for half in fsaverage5().values()])
    with np.load(KNOWN) as known:
        images = [image for name, space in IMAGES for image in load_atlas(name).images(space)]
        assert {digest(image, places) for image in images} == set(known)
        for image in images:
            there = known[digest(image, places)]
            np.testing.assert_array_equal(nearest_regions(image, places), there)
