"""Names: entities in their BIDS order, and taken apart again."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradshift.bids.names import ENTITIES, file_name, folder
from gradshift.bids.parse import is_ready, parse

ORDER = [
    "sub", "ses", "task", "acq", "ce", "trc", "rec", "dir", "run", "echo", "part", "recording",
    "space", "cohort", "atlas", "seg", "scale", "res", "den", "label", "ref", "stat",
    "desc", "pvc", "model", "meas",
]  # fmt: skip
LETTERS = "abcdefXYZ0189+"
NARROW = {
    "run": st.text("0123456789", min_size=1, max_size=3),
    "echo": st.text("0123456789", min_size=1, max_size=3),
    "part": st.sampled_from(["mag", "phase", "real", "imag"]),
}
labels = st.text(LETTERS, min_size=1, max_size=12).filter(lambda label: label.strip("+"))
entities = st.fixed_dictionaries(
    {"sub": labels}, optional={key: NARROW.get(key, labels) for key in ORDER if key != "sub"}
).flatmap(lambda found: st.permutations(list(found.items())).map(dict))


def test_the_order_is_that_of_the_contract():
    assert list(ENTITIES) == ORDER


@given(entities)
def test_any_entities_give_one_name_in_order_that_parses_back(found):
    name = file_name(found, "bold.nii.gz")
    keys = [part.partition("-")[0] for part in name.split("_")[:-1]]
    assert keys == [key for key in ORDER if key in found]
    file = parse(Path(folder(found, "func")) / name, {"sub": found["sub"]})
    assert list(file.entities.items()) == [(key, found[key]) for key in keys]
    assert (file.suffix, file.extension, file.more) == ("bold", ".nii.gz", ())


class Old(NamedTuple):
    name: str
    suffix: str
    desc: str | None


OLD = {
    "1.0 image": Old("task-rest_bold_space-MNI152NLin2009cAsym_preproc.nii.gz", "bold", "preproc"),
    "1.0 mask": Old("task-rest_bold_space-MNI152NLin2009cAsym_brainmask.nii.gz", "mask", "brain"),
    "1.0 confounds": Old("task-rest_bold_confounds.tsv", "regressors", "confounds"),
    "1.0 anatomy": Old("T1w_preproc.nii.gz", "preproc", None),
    "raw": Old("task-rest_bold.nii.gz", "bold", None),
}


@pytest.mark.parametrize("case", OLD.values(), ids=OLD)
def test_names_of_the_first_versions_are_those_of_today(case):
    file = parse(Path(f"sub-01_{case.name}"), {"sub": "01"})
    assert (file.suffix, file.entities.get("desc")) == (case.suffix, case.desc)
    assert file.more == (("T1w",) if case.suffix == "preproc" else ())


def test_what_is_no_entity_is_kept_apart():
    file = parse(Path("sub-01_task-a-b_hemi-L_x_task-rest_space-fsaverage5_bold.func.gii"), {})
    assert file.entities == {"sub": "01", "task": "rest", "space": "fsaverage5"}
    assert file.more == ("task-a-b", "hemi-L", "x")
    assert file.extension == ".func.gii"


@pytest.mark.parametrize(
    ("name", "ready"),
    [
        ("sub-01_task-rest_space-MNI152NLin6Asym_res-2_desc-preproc_bold.nii.gz", True),
        ("sub-01_task-rest_bold_space-MNI152NLin6Asym_preproc.nii", True),
        ("sub-01_task-rest_desc-preproc_bold.nii.gz", False),
        ("sub-01_task-rest_space-template_desc-preproc_bold.nii.gz", False),
        ("sub-01_task-rest_space-MNI152NLin6Asym_desc-denoised_bold.nii.gz", False),
    ],
)
def test_a_name_tells_whether_bold_is_ready(name, ready):
    assert is_ready(name) == ready


@pytest.mark.parametrize("label", ["", "+", "a_b", "a-b", "a b", "a/b", "..", "é", "²", "a\n"])
def test_what_is_no_label_is_refused(label):
    with pytest.raises(ValueError, match="not a BIDS label"):
        file_name({"sub": "01", "task": label}, "bold.nii.gz")


def test_an_entity_without_a_place_is_refused_by_name():
    with pytest.raises(ValueError, match="Unknown BIDS entities: subject"):
        file_name({"subject": "01"}, "bold.nii.gz")
