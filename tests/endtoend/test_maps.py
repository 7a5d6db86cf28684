"""Maps that are given: read strictly, and found where the changes follow them."""

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest

from finished import N_REGIONS, finish, regions
from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.write import write_json
from gradshift.errors import InputError, MissingInputError
from gradshift.group import maps, table
from gradshift.group.given import given_maps

PEOPLE = [f"{i:02d}" for i in range(1, 9)]
NAMES = regions().names


@pytest.fixture(autouse=True)
def few_tables(monkeypatch):
    """Compare the one measure of regions there is, and write the table of maps alone."""
    few = [part for part in table.parts() if part.name in ("participants", "maps")]
    monkeypatch.setattr("gradshift.levels.group.parts", lambda: few)
    monkeypatch.setattr(maps, "MEASURES", ("strength",))


def write(path, **columns):
    pd.DataFrame({"region": NAMES, **columns}).to_csv(path, sep="\t", index=False, na_rep="n/a")
    return str(path)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_map_that_changes_follow_is_found_and_its_sign(tmp_path, sign, capsys):
    study = finish(
        tmp_path,
        {sub: ["pre", "post"] for sub in PEOPLE},
        together=lambda sub, ses: 3.0 if (ses == "post") == (sign > 0) else 0.3,
    )
    rng = np.random.default_rng(3)
    default = np.array([name.startswith("Default") for name in NAMES], dtype=float)
    alike = default + rng.normal(size=N_REGIONS) / 5
    unlike = np.tile([1.0, 4.0, 3.0, 2.0], 4)  # the same in every network
    path = write(tmp_path / "m.tsv", receptor=alike, other=unlike)
    assert study.group("--baseline", "pre", "--maps", path) == 0
    rows = study.table("maps.tsv").query("scope == 'within-people'").set_index("map")
    assert rows.loc["receptor", "p_fwe"] < 0.02
    assert sign * rows.loc["receptor", "estimate"] > 0.3
    assert rows.loc["other", "p_fwe"] > 0.05
    assert rows.loc["receptor", "ci_low"] < rows.loc["receptor", "estimate"]
    spun = study.table("maps.tsv").query("scope == 'group-maps-spin'")
    assert spun["status"].str.contains("fewer than ten cortical regions").all()
    assert study.group("--baseline", "pre", "--maps", str(tmp_path / "no.tsv")) == 66
    assert "--maps names" in capsys.readouterr().err


def output(folder, image="tpl-X/anat/tpl-X_{stem}_res-01_dseg.nii.gz"):
    """An output with the regions and the image of an atlas, and a result of it."""
    atlas = {"atlas": "Tiny"}
    path = outputs.regions_path(folder, atlas)
    path.parent.mkdir(parents=True)
    write_json(path, outputs.plain_regions(regions()))
    labels = np.zeros((N_REGIONS, 3, 3), dtype=np.int16)
    labels[:] = (10 * np.arange(1, N_REGIONS + 1))[:, None, None]
    stem = path.name.removesuffix("_regions.json")
    place = path.parent / image.format(stem=stem)
    place.parent.mkdir(parents=True, exist_ok=True)
    nibabel.Nifti1Image(labels, np.diag([2.0, 2, 2, 1])).to_filename(place)
    pd.DataFrame({"index": 10 * np.arange(1, N_REGIONS + 1), "name": NAMES}).to_csv(
        path.parent / f"{stem}_dseg.tsv", sep="\t", index=False
    )
    about = {"Atlas": "Tiny", "AtlasEntities": atlas, "Entities": {"sub": "01"}}
    return SessionResult(Path("x"), about)


@pytest.mark.parametrize(
    "image", ["tpl-X/anat/tpl-X_{stem}_res-01_dseg.nii.gz", "{stem}_space-X_dseg.nii.gz"]
)
def test_an_image_on_another_grid_gives_the_mean_of_every_region(tmp_path, image):
    """Wherever the copy of the atlas lies: as BIDS wants it, or as in outputs of before."""
    result = output(tmp_path, image)
    fine = np.zeros((2 * N_REGIONS, 6, 6))
    fine[:] = np.repeat(np.arange(1, N_REGIONS + 1), 2)[:, None, None]
    fine[4:6] = np.nan
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = -0.5
    nibabel.Nifti1Image(fine, affine).to_filename(tmp_path / "density.nii.gz")
    found, _ = given_maps([str(tmp_path / "density.nii.gz")], tmp_path, result)
    expected = np.arange(1.0, N_REGIONS + 1)
    expected[2] = np.nan
    np.testing.assert_allclose(found["density"], expected)


def test_a_map_that_cannot_be_used_is_said(tmp_path):
    result = output(tmp_path)
    numbers = np.arange(N_REGIONS)
    good = write(tmp_path / "good.tsv", a=numbers, words=["x"] * N_REGIONS)
    assert list(given_maps([good], tmp_path, result)[0]) == ["a"]
    again = write(tmp_path / "again.tsv", a=numbers)
    words = write(tmp_path / "words.tsv", words=["x"] * N_REGIONS)
    few = write(tmp_path / "few.tsv", b=[1.0] * 5 + [np.nan] * (N_REGIONS - 5))
    (tmp_path / "bad.nii.gz").write_bytes(b"nothing")
    for paths, error, message in (
        ([good, again], InputError, "two maps named a"),
        ([words], InputError, "no column of numbers beside region"),
        ([few], InputError, "has 5 regions of the atlas Tiny, whose regions are named as Vis_0"),
        ([str(tmp_path / "bad.nii.gz")], InputError, "cannot be read as NIfTI"),
        ([str(tmp_path / "none.tsv")], MissingInputError, "is not there"),
    ):
        with pytest.raises(error, match=message):
            given_maps(paths, tmp_path, result)
