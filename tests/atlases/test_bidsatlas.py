"""Atlases of BIDS datasets: found by their names, read as any other."""

import gzip
import json

import nibabel
import numpy as np
import pandas as pd
import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.errors import InputError, MissingInputError


def write(root, name, n_regions, names=None):
    """Write an image with its table; return its path."""
    folder = root / name.split("_")[0]
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(64, dtype=np.int16).reshape(4, 4, 4) % (n_regions + 1)
    image = folder / f"{name}_dseg.nii.gz"
    nibabel.Nifti1Image(labels, np.diag([2.0, 2, 2, 1])).to_filename(image)
    names = names or [f"region{i}" for i in range(n_regions)]
    table = pd.DataFrame({"index": range(1, n_regions + 1), "name": names})
    table.to_csv(folder / f"{name.replace('_res-01', '')}_dseg.tsv", sep="\t", index=False)
    return image


@pytest.fixture
def root(tmp_path):
    about = {"Name": "an atlas of ours", "License": "CC0"}
    (tmp_path / "atlas-Ours_description.json").write_text(json.dumps(about))
    return tmp_path


def test_the_description_leads_to_images_of_all_spaces_and_the_table(root):
    write(root, "tpl-MNI152NLin6Asym_atlas-Ours_res-01", 3)
    write(root, "tpl-MNI152NLin2009cAsym_atlas-Ours_res-01", 3)
    atlas = load_atlas(str(root / "atlas-Ours_description.json"))
    assert atlas.name == "Ours"
    assert set(atlas.spaces) == {"MNI152NLin6Asym", "MNI152NLin2009cAsym"}
    assert atlas.regions().names == ("region0", "region1", "region2")
    assert np.isfinite(atlas.regions().centroids).all()
    assert atlas.parts[0].licence == "CC0"
    assert "an atlas of ours" in atlas.descriptions[0]


def test_a_surface_is_read_too_and_the_name_that_the_schema_asks_for(root):
    about = {"AtlasName": "of the schema", "License": "CC0"}
    (root / "atlas-Schaefer2018_description.json").write_text(json.dumps(about))
    shipped = load_atlas("Schaefer2018_100_7").parts[0]
    folder = root / "tpl-fsLR"
    folder.mkdir()
    name = "tpl-fsLR_atlas-Schaefer2018_seg-7n_scale-100"
    image = folder / f"{name}_den-32k_dseg.dlabel.nii"
    image.write_bytes(gzip.decompress(shipped.images["fsLR"].read_bytes()))
    (folder / f"{name}_dseg.tsv").write_bytes(shipped.table.read_bytes())
    for given in (image, root / "atlas-Schaefer2018_description.json"):
        atlas = load_atlas(str(given))
        assert atlas.spaces == ("fsLR",)
        assert atlas.entities == dict(shipped.entities)
        assert "of the schema" in atlas.descriptions[0]


def test_of_several_sets_of_regions_an_image_says_which(root):
    write(root, "tpl-MNI152NLin6Asym_atlas-Ours_scale-2_res-01", 2)
    image = write(root, "tpl-MNI152NLin6Asym_atlas-Ours_scale-3_res-01", 3)
    with pytest.raises(InputError, match="path of one image"):
        load_atlas(str(root / "atlas-Ours_description.json"))
    atlas = load_atlas(str(image))
    assert atlas.entities == {"atlas": "Ours", "scale": "3"}
    assert len(atlas.regions()) == 3


def test_networks_of_schaefer_regions_are_in_their_names(root):
    names = ["7Networks_LH_Vis_1", "7Networks_RH_Default_PFC_2"]
    write(root, "tpl-MNI152NLin6Asym_atlas-Ours_res-01", 2, names)
    regions = load_atlas(str(root / "atlas-Ours_description.json")).regions()
    assert regions.networks == ("Vis", "Default")
    assert regions.hemispheres == ("L", "R")


def test_what_is_not_there_is_said(root):
    with pytest.raises(InputError, match="there is none"):
        load_atlas(str(root / "atlas-Ours_description.json"))
    with pytest.raises(MissingInputError, match="atlas-No_description"):
        load_atlas(str(root / "atlas-No_description.json"))
    image = write(root, "tpl-MNI152NLin6Asym_atlas-Ours_res-01", 2)
    next(root.glob("tpl-*/*.tsv")).unlink()
    with pytest.raises(MissingInputError, match="label table"):
        load_atlas(str(image))
