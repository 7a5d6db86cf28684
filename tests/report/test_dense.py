"""Many sessions of single people: what the page says of exchanging them."""

from types import SimpleNamespace

import pytest

from gradshift.bids.rows import write_rows
from gradshift.group.personrows import Person
from gradshift.report.sections.persons import build


def person(name, **more):
    return Person(**{
        "participant_id": name, "contrast": "drug", "task": "rest", "atlas": "A", "recipe": "r",
        "measure": "withinfc", "level": "network", "label": "Default", "change": -0.2, "se": 0.1,
        "p": 0.2, "beyond_noise": False, **more,
    })  # fmt: skip


@pytest.mark.parametrize("together", [0.0003, 0.4])
def test_single_people_and_all_together_are_told_apart(tmp_path, together):
    rows = [person("sub-1", p_sessions=0.02, p_people=together),
            person("sub-2", p_sessions=0.3, p_people=together)]  # fmt: skip
    write_rows(tmp_path / "persons.tsv", Person, rows, {})
    lead = " ".join(build(SimpleNamespace(folder=tmp_path, alpha=0.05)).lead)
    assert "1 of 2 people, together p = " in lead
    assert f"{together:g}" in lead
    assert "these people" in lead


def test_nothing_is_said_of_exchanges_that_could_not_be(tmp_path):
    write_rows(tmp_path / "persons.tsv", Person, [person("sub-1"), person("sub-2")], {})
    lead = " ".join(build(SimpleNamespace(folder=tmp_path, alpha=0.05)).lead)
    assert "exchanged" not in lead
    assert "variation between days is not known" in lead.lower()
