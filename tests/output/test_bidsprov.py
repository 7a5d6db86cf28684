"""The record of provenance: valid after BEP028, whole in itself, the same for the same run."""

import json
from pathlib import Path

import jsonschema
import pytest

from gradshift import settings as schema
from gradshift.bids.links import Links
from gradshift.output import bidsprov, record
from tiny import write_study

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "bep028.schema.json").read_text())


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path, ["01"], ["pre"], [None])


def run(study, out, level="participant", **given):
    """Record a level as a run does; return what the files hold, by suffix."""
    settings = schema.make(study.root, out, level, given)
    record.keep(settings, {"atlas": ["Tiny"], "denoise": ["24P"]} if level != "group" else {})
    bidsprov.keep(settings, Links.of(settings) if level == "participant" else None)
    return {
        suffix: json.loads((out / "prov" / f"prov-gradshift_{suffix}.json").read_text())[key]
        for suffix, key in bidsprov.FILES.items()
    }


def uris(value) -> set[str]:
    return set(value) if isinstance(value, list) else {value}


def test_the_record_is_valid_and_refers_to_nothing_that_it_does_not_hold(study, tmp_path):
    out = tmp_path / "out"
    run(study, out)
    seen = run(study, out, "group")
    for path in (out / "prov").glob("prov-*.json"):
        jsonschema.validate(json.loads(path.read_text()), SCHEMA)
    known = {one["Id"] for objects in seen.values() for one in objects}
    assert len(known) == sum(map(len, seen.values()))
    for activity in seen["act"]:
        assert uris(activity["AssociatedWith"]) | uris(activity["Used"]) <= known
    for entity in seen["ent"]:
        assert uris(entity.get("GeneratedBy", [])) <= known
    made = {one["Label"]: one for one in seen["act"]}
    reads = {
        e["AtLocation"] for e in seen["ent"] if e["Id"] in made["Group level, into group"]["Used"]
    }
    assert reads == {"sub-*"}
    table = (out / "prov" / "provenance.tsv").read_text().splitlines()
    assert {row.split("\t")[0] for row in table[1:]} == {
        path.name.partition("_")[0] for path in (out / "prov").glob("prov-*.json")
    }


def test_the_schema_refuses_what_the_proposal_does():
    for wrong in (
        {"Software": [{"Id": "bids::prov#a-1", "Label": "a"}]},
        {"Activities": [{"Id": "a", "Label": "a"}]},
        {"ProvEntities": [{"Id": "bids::prov#e-1", "Label": "e", "AtLocation": "/home/me"}]},
        {"Environments": [], "Software": []},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_the_same_run_writes_the_same_bytes_and_others_add_to_them(study, tmp_path):
    out = tmp_path / "out"
    run(study, out)
    before = {path: path.read_bytes() for path in (out / "prov").iterdir()}
    first = run(study, out)
    assert {path: path.read_bytes() for path in (out / "prov").iterdir()} == before
    (out / "prov" / "prov-gradshift_act.json").write_bytes(b"")  # as after a power cut
    assert run(study, out)["act"] == first["act"]
    other = run(study, tmp_path / "other", fd_threshold=0.4)
    (changed,) = other["act"]
    assert "--fd-threshold 0.4" in changed["Command"]
    assert changed["Id"] != first["act"][0]["Id"]


def test_nothing_names_a_place_of_this_machine(study, tmp_path):
    out = tmp_path / "out"
    run(study, out, pet_reference=str(tmp_path / "secret" / "mask.nii.gz"))
    for path in (out / "prov").iterdir():
        assert str(tmp_path) not in path.read_text()
