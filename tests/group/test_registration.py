"""A registration is held against the run: what follows it, what departs, what was changed."""

import json

import numpy as np
import pytest

from gradshift.errors import SettingsError
from gradshift.group.registration import departures, register
from studies import make, paired, take_part

PEOPLE = {f"sub-{i}": (np.nan, np.nan) for i in range(6)}


def study(*followups, **group):
    return make([], take_part("pet", "n/a", PEOPLE), paired(*followups), **group)


def test_the_same_comparison_follows(tmp_path):
    digest = register(study(), tmp_path / "plan.json")
    assert json.loads((tmp_path / "plan.json").read_text())["Digest"] == digest
    assert departures(study(), tmp_path / "plan.json") == []


OTHERS = {
    "sessions": (study("ses-late"), "Conditions"),
    "smallest effect": (study(smallest_effect=0.4), "SmallestEffect"),
    "level": (study(alpha=0.01), "Alpha"),
    "permutations": (study(n_permutations=77), "NumberOfPermutations"),
    "pairs": (study(coupling=("a:b~c:d",)), "Coupling"),
}


@pytest.mark.parametrize(("other", "name"), OTHERS.values(), ids=OTHERS)
def test_a_departure_is_named(tmp_path, other, name):
    register(study(), tmp_path / "plan.json")
    named = {text.partition(":")[0] for text in departures(other, tmp_path / "plan.json")}
    assert name in named


def test_a_registration_that_was_changed_is_refused(tmp_path):
    path = tmp_path / "plan.json"
    register(study(), path)
    content = json.loads(path.read_text())
    content["Registered"]["SmallestEffect"] = 0.2
    path.write_text(json.dumps(content))
    with pytest.raises(SettingsError):
        departures(study(), path)
