"""Names: entities in their BIDS order, and read back by pybids with our configuration."""

import json

import pytest
from bids.layout import parse_file_entities
from hypothesis import given
from hypothesis import strategies as st

from gradshift.bids.index import CONFIG
from gradshift.bids.names import ENTITIES, file_name, folder

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
    path = f"/{folder(found, 'func')}/{name}"
    parsed = parse_file_entities(path, config=[str(CONFIG)])
    assert parsed == {
        **{ENTITIES[key]: value for key, value in found.items()},
        "suffix": "bold",
        "datatype": "func",
        "extension": ".nii.gz",
    }


def test_every_entity_is_known_to_the_pybids_configuration():
    known = {entity["name"] for entity in json.loads(CONFIG.read_text())["entities"]}
    assert known == {*ENTITIES.values(), "suffix", "datatype", "extension"}


@pytest.mark.parametrize("label", ["", "+", "a_b", "a-b", "a b", "a/b", "..", "é", "²", "a\n"])
def test_what_is_no_label_is_refused(label):
    with pytest.raises(ValueError, match="not a BIDS label"):
        file_name({"sub": "01", "task": label}, "bold.nii.gz")


def test_an_entity_without_a_place_is_refused_by_name():
    with pytest.raises(ValueError, match="Unknown BIDS entities: subject"):
        file_name({"subject": "01"}, "bold.nii.gz")
