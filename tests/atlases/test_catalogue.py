"""Atlases by name, by path, in combination, and from TemplateFlow."""

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

from gradshift.atlases.catalogue import available, load_atlas
from gradshift.errors import GradshiftError, InputError, MissingInputError, SettingsError

SPACE = "MNI152NLin6Asym"
TABLE = "index\tname\themisphere\tnetwork\n2\tfront\tL\tVis\n7\tback\tR\tn/a\n"


def write_image(path: Path, values: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0])), path)


def label_values() -> np.ndarray:
    values = np.zeros((4, 5, 6), dtype=np.int16)
    values[1, 1, 1:3] = 2
    values[2:4, 3, 4] = 7
    return values


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a user's atlas with some changes, and gives its path."""

    def write(table=TABLE, values=None, text=None, **changes) -> str:
        definition = {"name": "mine", "image": "mine.nii.gz", "space": SPACE, "labels": "mine.tsv"}
        definition |= changes
        definition = {key: value for key, value in definition.items() if value is not None}
        (tmp_path / "mine.tsv").write_text(table, encoding="utf-8")
        write_image(tmp_path / "mine.nii.gz", label_values() if values is None else values)
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(definition) if text is None else text, encoding="utf-8")
        return str(path)

    return write


def test_own_atlas_in_the_short_form(own):
    atlas = load_atlas(own())
    assert (atlas.name, atlas.entities, atlas.spaces) == ("mine", {"atlas": "mine"}, (SPACE,))
    regions = atlas.regions()
    assert regions.names == ("front", "back")
    assert regions.hemispheres == ("L", "R")
    assert regions.networks == ("Vis", "")
    np.testing.assert_allclose(regions.centroids, [[2, 3, 6], [5, 9, 16]])
    (image,) = atlas.images(SPACE)
    assert image.indices == (2, 7)


def test_order_is_that_of_the_table(own):
    atlas = load_atlas(own(table="index\tname\n7\tback\n2\tfront\n"))
    assert atlas.images(SPACE)[0].indices == (7, 2)
    np.testing.assert_allclose(atlas.regions().centroids, [[5, 9, 16], [2, 3, 6]])


def test_only_index_and_name_are_needed_and_a_bom_is_no_harm(own):
    regions = load_atlas(own(table="\ufeffname\tindex\tcolor\nfront\t2\tred\nback\t7\tblue\n"))
    assert regions.regions().hemispheres == ("", "")
    assert regions.regions().network_names == ()


def test_centroids_of_the_table_are_taken(own):
    table = "index\tname\tx\ty\tz\n2\tfront\t1\t2\t3.5\n7\tback\t-4\t5\t6\n"
    np.testing.assert_array_equal(
        load_atlas(own(table=table)).regions().centroids, [[1, 2, 3.5], [-4, 5, 6]]
    )


def test_centroids_missing_in_part_come_all_from_the_image(own):
    table = "index\tname\tx\ty\tz\n2\tfront\t1\t2\t3.5\n7\tback\tn/a\tn/a\tn/a\n"
    np.testing.assert_allclose(
        load_atlas(own(table=table)).regions().centroids, [[2, 3, 6], [5, 9, 16]]
    )


def test_own_atlas_with_several_images_and_entities(own):
    images = {"MNI152NLin2009cAsym": "mine.nii.gz", SPACE: "mine.nii.gz"}
    changes = {"image": None, "space": None, "images": images, "cite": ["Me2026"]}
    atlas = load_atlas(own(name="mine_2", entities={"scale": "2", "atlas": "mine"}, **changes))
    assert atlas.spaces == tuple(images)
    assert atlas.entities == {"atlas": "mine", "scale": "2"}
    assert atlas.cite == ("Me2026",)


def test_labels_stored_as_whole_floats_are_fine(own):
    assert len(load_atlas(own(values=label_values().astype(np.float32))).rows) == 2


MISTAKES = {
    "unknown key": ({"licens": "MIT"}, "unknown keys licens;"),
    "no name": ({"name": None}, "`name`, which is not there"),
    "name of no text": ({"name": 3}, "`name`, which is 3"),
    "name with a space": ({"name": "my atlas"}, "letters and digits"),
    "name with an underscore": ({"name": "my_atlas"}, "letters and digits"),
    "no label table": ({"labels": None}, "`labels`, which is not there"),
    "no image": ({"image": None, "space": None}, "where its images are"),
    "no space": ({"space": None}, "where its images are"),
    "both forms": ({"images": {SPACE: "mine.nii.gz"}}, "where its images are"),
    "images of no mapping": ({"image": None, "space": None, "images": "a"}, "the images 'a'"),
    "odd space": ({"space": "space-MNI"}, "the spaces space-MNI"),
    "odd entity": ({"entities": {"atlas": "a", "sub": "01"}}, "the entities"),
    "odd entity value": ({"entities": {"atlas": "a-b"}}, "the entities"),
    "cite of no list": ({"cite": "Me2026"}, "list of bibliography keys"),
    "no JSON": ({"text": "{name: mine}"}, "not valid JSON"),
    "deep JSON": ({"text": "[" * 100000}, "not valid JSON"),
    "long number": ({"text": '{"name": ' + "9" * 5000 + "}"}, "not valid JSON"),
    "home of nobody": ({"image": "~nobodyxx/x.nii.gz"}, "nobodyxx"),
    "huge index": ({"table": "index\tname\n" + "4" * 5000 + "\ta\n7\tb\n"}, "in line 2"),
    "wide index": ({"table": "index\tname\n99999999999\ta\n7\tb\n"}, "in line 2"),
    "long field": ({"table": "index\tname\n2\t" + "a" * 200000 + "\n7\tb\n"}, "cannot be read"),
    "long table": ({"table": "index\tname\n" + "2\ta\n" * 300000}, "longer than"),
    "no JSON object": ({"text": "[]"}, "must be a JSON object"),
    "missing column": ({"table": "label\tname\n2\ta\n7\tb\n"}, "lacks index"),
    "commas": ({"table": "index,name\n2,a\n7,b\n"}, "lacks index, name"),
    "no rows": ({"table": "index\tname\n"}, "no rows"),
    "same index": ({"table": "index\tname\n2\ta\n2\tb\n"}, "same index in several rows: 2;"),
    "same name": ({"table": "index\tname\n2\ta\n7\ta\n"}, "same name in several rows: a;"),
    "no whole index": ({"table": "index\tname\n2.5\ta\n7\tb\n"}, "'2.5' in line 2"),
    "background": ({"table": "index\tname\n0\ta\n7\tb\n"}, "'0' in line 2"),
    "empty name": ({"table": "index\tname\n2\ta\n7\t\n"}, "no name in line 3"),
    "odd hemisphere": ({"table": "index\tname\themisphere\n2\ta\tleft\n"}, "'left' in line 2"),
    "odd place": ({"table": "index\tname\tx\ty\tz\n2\ta\t1\ttwo\t3\n"}, "1, two, 3 in line 2"),
    "label only in image": ({"table": "index\tname\n2\ta\n"}, "label 7 only in the image"),
    "label only in table": (
        {"table": TABLE + "8\tside\tL\tn/a\n9\ttop\tL\tn/a\n"},
        "labels 8, 9 only in the table",
    ),
    "no whole labels": ({"values": label_values() + np.float32(0.5)}, "not whole numbers"),
    "no numbers": ({"values": label_values() * np.float32("nan")}, "not whole numbers"),
    "negative labels": ({"values": -label_values()}, "not whole numbers"),
    "4-D image": ({"values": np.stack([label_values()] * 2, -1)}, "one 3-D image"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_in_an_own_atlas(own, case):
    changes, message = MISTAKES[case]
    path = Path(own(**changes))
    with pytest.raises(InputError, match=message) as caught:
        load_atlas(str(path))
    assert type(caught.value) is (MissingInputError if case == "home of nobody" else InputError)
    assert str(path.parent) in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("file", ["mine.json", "mine.tsv", "mine.nii.gz"])
def test_a_missing_file_is_named(own, tmp_path, file):
    spec = own()
    (tmp_path / file).unlink()
    with pytest.raises(MissingInputError, match=file):
        load_atlas(spec)


def test_an_empty_image_is_a_stub(own, tmp_path):
    spec = own()
    (tmp_path / "mine.nii.gz").write_bytes(b"")
    with pytest.raises(MissingInputError, match="0 bytes"):
        load_atlas(spec)


@pytest.mark.parametrize("changed", [{"codes": 0}, {"shape": (1000, 1000, 1000)}])
def test_an_image_without_a_place_or_larger_than_a_head(own, tmp_path, changed):
    spec, image = own(), tmp_path / "mine.nii.gz"
    content = gzip.decompress(image.read_bytes())
    header = nibabel.Nifti1Header(content[:348])
    if "shape" in changed:
        header.set_data_shape(changed["shape"])
    else:
        header["qform_code"] = header["sform_code"] = changed["codes"]
    image.write_bytes(gzip.compress(header.binaryblock + content[348:]))
    with pytest.raises(InputError, match=r"where its voxels lie|more voxels than a head"):
        load_atlas(spec)


@pytest.mark.parametrize("damage", [lambda b: b"no image", lambda b: b[:60], lambda b: b[:-30]])
def test_an_unreadable_image(own, tmp_path, damage):
    spec = own()
    image = tmp_path / "mine.nii.gz"
    image.write_bytes(damage(image.read_bytes()))
    with pytest.raises(InputError, match="cannot be read"):
        load_atlas(spec)


def test_composite():
    atlas = load_atlas("Schaefer2018_200_7+TianS2")
    assert atlas.name == "Schaefer2018_200_7+TianS2"
    assert atlas.entities == {"atlas": "Schaefer2018TianS2", "seg": "7n", "scale": "200"}
    assert list(load_atlas("TianS2+Schaefer2018_200_7").entities) == ["atlas", "seg", "scale"]
    assert atlas.cite == ("Schaefer2018", "Yeo2011", "Tian2020")
    assert len(atlas.descriptions) == 2
    regions = atlas.regions()
    assert len(regions) == 232
    assert regions.cortical.sum() == 200
    assert regions.names[200] == "hippocampus_anterior-rh"
    assert [len(image.indices) for image in atlas.images("MNI152NLin2009cAsym")] == [200, 32]


def test_the_first_part_gives_seg_and_scale():
    atlas = load_atlas("Schaefer2018_100_7+Schaefer2018_200_17")
    assert atlas.entities == {"atlas": "Schaefer2018Schaefer2018", "seg": "7n", "scale": "100"}


def test_composite_with_an_own_atlas(own):
    atlas = load_atlas(f"TianS2+{own()}")
    assert atlas.name == "TianS2+mine"
    assert atlas.entities == {"atlas": "TianS2mine"}
    assert atlas.spaces == (SPACE,)
    with pytest.raises(InputError, match=f"mine has no image in .* only in {SPACE};"):
        atlas.images("MNI152NLin2009cAsym")


def test_a_plus_in_a_path_is_no_composite(own, tmp_path):
    path = Path(own()).rename(tmp_path / "a+b.json")
    assert load_atlas(str(path)).name == "mine"


def test_parts_must_not_share_names(own):
    table = "index\tname\n2\thippocampus_anterior-rh\n7\tback\n"
    with pytest.raises(InputError, match="share the region name 'hippocampus_anterior-rh'"):
        load_atlas(f"TianS2+{own(table=table)}")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("TianS2+TianS2", "a part twice"),
        (
            "Schaefer2018_250_7",
            "no atlas 'Schaefer2018_250_7' .*shipped are .*Schaefer2018_100_7, ",
        ),
        ("TianS2+", "no atlas ''"),
        ("", "no atlas ''"),
    ],
)
def test_mistakes_on_the_command_line(spec, message):
    with pytest.raises(SettingsError, match=message):
        load_atlas(spec)


@pytest.fixture
def templateflow(monkeypatch, tmp_path):
    """Stand in for the templateflow package; returns what it answers, by extension."""
    answers = {}

    def get(template, *, atlas, desc, suffix, extension, resolution=None):
        assert (atlas, suffix) == ("Schaefer2018", "dseg")
        answer = answers[extension]
        if isinstance(answer, Exception):
            raise answer
        return answer

    module = SimpleNamespace(api=SimpleNamespace(get=get))
    monkeypatch.setitem(sys.modules, "templateflow", module)
    values = np.zeros((4, 5, 6), dtype=np.int16)
    values[0, 0, :2] = (1, 2)
    write_image(tmp_path / "image.nii.gz", values)
    (tmp_path / "table.tsv").write_text(
        "index\tname\tcolor\n1\t7Networks_LH_Vis_1\t#0\n2\t7Networks_RH_Default_pCunPCC_1\t#1\n"
    )
    answers.update({".nii.gz": tmp_path / "image.nii.gz", ".tsv": tmp_path / "table.tsv"})
    return answers


def test_templateflow_has_what_is_not_shipped(templateflow):
    atlas = load_atlas("Schaefer2018_300_7")
    assert atlas.entities == {"atlas": "Schaefer2018", "seg": "7n", "scale": "300"}
    assert atlas.regions().networks == ("Vis", "Default")
    assert atlas.regions().hemispheres == ("L", "R")
    np.testing.assert_array_equal(atlas.regions().centroids, [[0, 0, 0], [0, 0, 4]])
    (image,) = atlas.images("MNI152NLin2009cAsym")
    assert image.path == templateflow[".nii.gz"]


def test_templateflow_gives_a_shipped_atlas_another_space(templateflow):
    own = load_atlas("Schaefer2018_200_7")
    templateflow[".nii.gz"] = own.images("MNI152NLin2009cAsym")[0].path
    templateflow[".tsv"] = own.parts[0].table
    atlas = load_atlas("Schaefer2018_200_7")
    del atlas.parts[0].images["MNI152NLin2009cAsym"]
    assert atlas.spaces[0] == SPACE
    assert atlas.images("MNI152NLin2009cAsym") == own.images("MNI152NLin2009cAsym")


def test_templateflow_of_another_release_is_refused(templateflow):
    with pytest.raises(InputError, match="another release"):
        load_atlas("Schaefer2018_400_7").images("MNI152NLin2009cAsym")


def test_templateflow_with_names_of_no_schaefer_atlas(templateflow):
    templateflow[".tsv"].write_text("index\tname\n1\tA\n2\tB\n")
    with pytest.raises(InputError, match="no Schaefer name"):
        load_atlas("Schaefer2018_300_7")


@pytest.mark.parametrize("answer", [[], "stub", ConnectionError("no route")])
@pytest.mark.parametrize("extension", [".nii.gz", ".tsv"])
def test_templateflow_without_the_files(templateflow, tmp_path, extension, answer):
    if answer == "stub":
        answer = tmp_path / "stub"
        answer.touch()
    templateflow[extension] = answer
    with pytest.raises(MissingInputError, match=r"tpl-.*desc-300Parcels7Networks_dseg\.nii\.gz"):
        load_atlas("Schaefer2018_300_7")


def test_without_templateflow_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "templateflow", None)
    with pytest.raises(MissingInputError, match=r"`gradshift\[templateflow\]`"):
        load_atlas("Schaefer2018_300_7")
    with pytest.raises(MissingInputError, match=f"{SPACE} with --space"):
        load_atlas("Schaefer2018_400_7").images("MNI152NLin2009cAsym")


def test_every_mistake_is_explained_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "templateflow", None)
    for spec in (
        "nothing",
        "no/such.json",
        "Schaefer2018_300_7",
        *(f"{a}+{a}" for a in available()),
    ):
        with pytest.raises(GradshiftError) as caught:
            load_atlas(spec)
        text = str(caught.value)
        assert text.endswith(".")
        assert "\n" not in text
