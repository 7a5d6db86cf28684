"""Tracers: told from the scan, every fact with a source, nothing presumed of an unknown one."""

import json

import pytest

from gradshift.core.kinetics import models
from gradshift.core.pet.model import OUTCOMES
from gradshift.errors import MissingInputError, SettingsError
from gradshift.report.bibliography import references
from gradshift.tracers.catalogue import available, from_json, identify, load_tracer, shipped
from gradshift.tracers.tracer import HALF_LIFE_SOURCE


@pytest.mark.parametrize("tracer", shipped(), ids=available())
def test_every_fact_of_a_shipped_tracer_has_a_source_in_the_bibliography(tracer):
    assert {*tracer.sources, HALF_LIFE_SOURCE} <= set(references())
    assert tracer.half_life
    assert {usual.outcome for usual in tracer.plausible} <= set(OUTCOMES)
    assert from_json(json.loads(json.dumps(tracer.to_json()))) == tracer


@pytest.mark.parametrize(
    ("label", "metadata", "name"),
    [
        ("UCBJ", {}, "[11C]UCB-J"),
        ("11CUCBJ", {"TracerName": "n/a"}, "[11C]UCB-J"),
        ("", {"TracerName": "UCB-J", "TracerRadionuclide": "C11"}, "[11C]UCB-J"),
        ("x", {"TracerName": "[11C]UCB-J"}, "[11C]UCB-J"),
        ("18FSynVesT1", {}, "[18F]SynVesT-1"),
        ("", {"TracerName": "Raclopride", "TracerRadionuclide": "C-11"}, "[11C]raclopride"),
    ],
)
def test_a_known_tracer_is_told_by_label_name_and_radionuclide(label, metadata, name):
    assert identify(label, metadata).name == name


@pytest.mark.parametrize(
    ("label", "metadata", "words"),
    [
        ("UCBJ", {"TracerRadionuclide": "F18"}, "uptake or binding of UCBJ"),
        ("", {"TracerName": "[18F]UCB-J"}, "uptake or binding of [18F]UCB-J"),
        ("FDG", {}, "uptake or binding of FDG"),
        ("UCB", {}, "uptake or binding of UCB"),
        ("", {}, "uptake or binding of the tracer"),
    ],
)
def test_an_unknown_tracer_has_neutral_words_and_no_ranges(label, metadata, words):
    tracer = identify(label, metadata)
    assert tracer.words == words
    assert not tracer.plausible
    assert not tracer.reference_region.value
    assert from_json(tracer.to_json()) == tracer


def test_titles_of_models_hold_for_every_tracer():
    told = " ".join(
        f"{m.title} {m.methods} {m.high} {m.low} {m.caveat}" for m in models().values()
    )
    assert not [word for word in ("synap", "SV2A", "UCB") if word in told]


def test_a_tracer_of_a_lab_comes_before_those_shipped(tmp_path):
    path = tmp_path / "mine.json"
    fact = {"value": "my target", "source": "Someone, 2020"}
    path.write_text(json.dumps({"name": "[11C]UCB-J", "meaning": fact}))
    own = load_tracer(path)
    assert identify("UCBJ", {}, [own]).words == "my target"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "needs the key 'name'"),
        ({"name": "x", "colour": 1}, "no key 'colour'"),
        ({"name": "x", "target": "SV2A"}, "'target' must be a JSON object"),
        ({"name": "x", "target": {"value": "SV2A"}}, "needs the key 'source'"),
        ({"name": "x", "target": {"value": "SV2A", "source": ""}}, "and its source"),
        (
            {"name": "x", "plausible": [
                {"outcome": "VT", "where": "cortex", "low": 5, "high": 4, "source": "y"}
            ]},
            "low < high",
        ),
    ],
)  # fmt: skip
def test_what_is_no_tracer_is_refused(tmp_path, content, message):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SettingsError, match=message):
        load_tracer(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.json"):
        load_tracer(tmp_path / "none.json")
