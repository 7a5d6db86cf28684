"""Designs from observations alone: which sessions count, and with what weight."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradshift import settings as schema
from gradshift.bids.collect import SessionResult
from gradshift.errors import SettingsError
from gradshift.study.designs import conditions, doses, kinds, paired
from gradshift.study.kind import Request
from gradshift.study.model import Model, Wanted, read_model
from gradshift.study.observations import Observation, StudyTables
from studies import paired as paired_design
from synthetic import grow

PEOPLE = ("sub-1", "sub-2", "sub-3", "sub-4")


def request(*sessions, model=None, people=None, own=None, **group):
    """Return what a design is arranged from: sessions that everybody has, and those of some."""
    observations = [
        Observation(person=person, **{**one, "session": f"ses-{one['session']}"})
        for person in PEOPLE
        for one in [*sessions, *(own or {}).get(person, [])]
    ]
    tables = StudyTables(
        names=PEOPLE,
        sessions=tuple(sorted({one.session for one in observations})),
        people=pd.DataFrame(people or {}, index=list(PEOPLE)),
        observations=tuple(observations),
        has_days=any(np.isfinite(one.days) for one in observations),
    )
    settings = schema.make(Path("in"), Path("out"), "group", group)
    return Request(tables=tables, group=settings.group, bids_dir=Path("in"), model=model)


def session(name, treatment="", timepoint="", days=np.nan, dose=np.nan, period=""):
    return {"session": name, "treatment": treatment, "timepoint": timepoint, "days": days,
            "dose": dose, "period": period}  # fmt: skip


def weighed(design):
    """Return the weights of every contrast, by the conditions that count."""
    names = [one.name for one in design.conditions]
    for one in design.weighted:
        assert sum(one.plus) == pytest.approx(sum(one.minus)), "what is added to all drops out"
    return {
        one.name: {
            name: plus - minus
            for name, minus, plus in zip(names, one.minus, one.plus, strict=True)
            if plus != minus
        }
        for one in design.weighted
    }


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, ("ses-PLCB", "ses-LSD")),
        ({"followup": "LSD"}, ("ses-PLCB", "ses-LSD")),
        ({"baseline": "LSD"}, ("ses-LSD", "ses-PLCB")),
        ({"baseline": "LSD", "followup": "PLCB"}, ("ses-LSD", "ses-PLCB")),
    ],
    ids=str,
)
def test_a_placebo_comes_first_unless_an_order_is_asked_for(named, expected):
    asked = request(session("LSD"), session("PLCB"), **named)
    assert conditions.recognise(asked)
    design = conditions.arrange(asked)
    first, second = (name.removeprefix("ses-") for name in expected)
    assert (design.baseline, design.followup) == expected
    assert (design.reference, design.against) == (first, second)
    assert weighed(design) == {f"{second}-{first}": {second: 1, first: -1}}
    assert not design.within_period


def test_one_name_among_three_sessions_is_no_pair():
    sessions = [session(name) for name in ("LSD", "MDMA", "PLCB")]
    assert not conditions.recognise(request(*sessions, followup="LSD"))


def test_a_drug_that_everybody_had_is_compared_within_people_but_arms_are_not():
    drug, placebo = session("drug", "ketamine"), session("placebo")
    assert conditions.recognise(request(drug, placebo))
    arms = {name: [session("drug", arm)] for name, arm in zip(PEOPLE, "abab", strict=True)}
    assert not conditions.recognise(request(placebo, own=arms))


TIMES = (("pre", -1.0), ("post", 1.0), ("late", 7.0))


def treated(times, drugs=("placebo", "lsd")):
    return [
        session(f"{drug}{point}", drug, point, days) for drug in drugs for point, days in times
    ]


def test_each_time_point_after_a_dose_is_held_against_the_time_before_the_same_dose():
    design = conditions.arrange(request(*treated(TIMES)))
    assert (design.reference, design.against) == ("placebo", "lsd")
    assert weighed(design) == {
        f"lsd-placebo {point}": {
            f"lsd {point}": 1, "lsd pre": -1, f"placebo {point}": -1, "placebo pre": 1,
        }
        for point in ("late", "post")
    }  # fmt: skip


def test_time_points_that_are_all_after_a_dose_are_compared_one_by_one():
    design = conditions.arrange(request(*treated(TIMES[1:])))
    assert weighed(design) == {
        f"lsd-placebo {point}": {f"lsd {point}": 1, f"placebo {point}": -1}
        for point in ("late", "post")
    }
    assert all(one.treatments == ("placebo", "lsd") for one in design.weighted)


def test_one_time_point_needs_no_name():
    design = conditions.arrange(request(*treated([("post", 1.0)])))
    assert weighed(design) == {"lsd-placebo": {"lsd": 1, "placebo": -1}}
    assert design.sessions["sub-1"] == ("ses-placebopost", "ses-lsdpost")


THREE = [session(name, name) for name in ("high", "low", "placebo")]


def test_several_drugs_are_each_held_against_the_placebo_or_two_that_a_model_names():
    design = conditions.arrange(request(*THREE))
    assert weighed(design) == {
        "high-placebo": {"high": 1, "placebo": -1},
        "low-placebo": {"low": 1, "placebo": -1},
    }
    assert (design.reference, design.against) == ("placebo", "high+low")
    model = Model(design="conditions", reference="low", against="high")
    assert weighed(conditions.arrange(request(*THREE, model=model))) == {
        "high-low": {"high": 1, "low": -1}
    }


def test_a_model_may_turn_placebo_and_drug():
    model = Model(design="conditions", reference="lsd", against="placebo")
    design = conditions.arrange(request(*treated([("post", 1.0)]), model=model))
    assert weighed(design) == {"placebo-lsd": {"placebo": 1, "lsd": -1}}
    assert (design.reference, design.against) == ("lsd", "placebo")


def by_weight(*contrasts, **more):
    wanted = tuple(Wanted(name=f"c{i}", weights=weights) for i, weights in enumerate(contrasts))
    return Model(design="conditions", contrasts=wanted, **more)


def test_weights_of_both_treatments_know_their_order():
    sessions = [session("a", "lsd", period="1"), session("b", "placebo", period="2")]
    design = conditions.arrange(request(*sessions, model=by_weight({"lsd": 1, "placebo": -1})))
    assert design.weighted[0].treatments == ("placebo", "lsd")
    assert design.weighted[0].first == dict.fromkeys(PEOPLE, 1.0)
    assert (design.reference, design.against) == ("placebo", "lsd")
    by_session = conditions.arrange(request(*sessions, model=by_weight({"a": 1, "b": -1})))
    assert by_session.weighted[0].treatments == ("placebo", "lsd")
    assert (by_session.baseline, by_session.followup) == ("ses-b", "ses-a")


def test_weights_of_two_of_three_treatments_know_no_order():
    design = conditions.arrange(request(*THREE, model=by_weight({"high": 1, "placebo": -1})))
    assert design.weighted[0].treatments == ()
    assert (design.reference, design.against) == ("", "")


def test_a_model_of_weights_may_say_what_its_reference_is():
    model = by_weight({"a": 1, "b": -1}, reference="placebo", against="lsd")
    design = conditions.arrange(request(session("a"), session("b"), model=model))
    assert (design.reference, design.against) == ("placebo", "lsd")


def test_what_is_weighed_twice_in_one_name_is_refused(tmp_path):
    one = {"Name": "x", "Weights": {"a": 1, "b": -1}}
    (tmp_path / "m.json").write_text(json.dumps({"Contrasts": [one, one]}))
    with pytest.raises(SettingsError, match="x"):
        read_model(tmp_path / "m.json", tuple(kinds()))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ([0.333, 0.333, -0.667], [1 / 3, 1 / 3, -2 / 3]),
        ([0.333, 0.333, -0.666], [0.333, 0.333, -0.666]),
        ([0.33, 0.33, -0.67], [1 / 3, 1 / 3, -2 / 3]),
        ([1, -0.33, -0.33, -0.33], [1, -1 / 3, -1 / 3, -1 / 3]),
        ([1, *[-0.1429] * 7], [1, *[-1 / 7] * 7]),
        ([0.1, 0.2, -0.3], [0.1, 0.2, -0.3]),
    ],
)
def test_rounded_fractions_are_taken_as_what_they_stand_for(tmp_path, caplog, typed, meant):
    names = [f"s{i}" for i in range(len(typed))]
    one = {"Name": "x", "Weights": dict(zip(names, typed, strict=True))}
    (tmp_path / "m.json").write_text(json.dumps({"Contrasts": [one]}))
    model = read_model(tmp_path / "m.json", tuple(kinds()))
    assert [model.contrasts[0].weights[name] for name in names] == pytest.approx(meant, abs=1e-15)
    conditions.arrange(request(*map(session, names), model=model))
    assert ("rounded" in caplog.text) == (typed != meant)


@pytest.mark.parametrize(
    "typed", [[0.25, 0.25, -0.51], [0.5, -0.6], [1, -0.9], [0.0, 0.0], [0.001, 0.001]]
)
def test_weights_that_round_to_nothing_simple_are_refused_with_the_way_out(tmp_path, typed):
    one = {"Name": "x", "Weights": {f"s{i}": weight for i, weight in enumerate(typed)}}
    (tmp_path / "m.json").write_text(json.dumps({"Contrasts": [one]}))
    with pytest.raises(SettingsError, match=r"sum to .*1/3, 1/3, -2/3"):
        read_model(tmp_path / "m.json", tuple(kinds()))


def test_groups_are_asked_with_the_orders_of_their_own_people():
    orders = {
        person: [session("a", "lsd", period=first), session("b", "placebo", period=second)]
        for person, (first, second) in zip(PEOPLE, ("12", "21", "12", "21"), strict=True)
    }
    model = Model(design="conditions", column="diagnosis", reference="no", against="yes")
    asked = request(own=orders, people={"diagnosis": ["no", "no", "yes", "n/a"]}, model=model)
    whole, between, *each = conditions.questions(conditions.arrange(asked), PEOPLE)[:4]
    assert whole.predictor == {"sub-1": 1, "sub-2": 0, "sub-3": 1, "sub-4": 0}
    assert between.predictor == {"sub-1": 0, "sub-2": 0, "sub-3": 1}
    assert [set(one.people) for one in each] == [{"sub-1", "sub-2"}, {"sub-3"}]
    assert [one.predictor for one in each] == [{"sub-1": 1, "sub-2": 0}, {"sub-3": 1}]


def test_every_dose_is_held_against_the_lowest_and_their_slope_is_per_unit():
    levels = (0.0, 10.0, 40.0)
    design = doses.arrange(request(*(session(f"s{d:g}", dose=d) for d in levels)))
    weights = weighed(design)
    assert weights["dose10-dose0"] == {"dose10": 1, "dose0": -1}
    assert weights["dose40-dose0"] == {"dose40": 1, "dose0": -1}
    rising = sum(3 * level * weights["slope(dose)"].get(f"dose{level:g}", 0) for level in levels)
    assert rising == pytest.approx(3)


@pytest.mark.parametrize(
    ("days", "delay"), [((1, 2, 4, 7), True), ((1, 3, 7, 7), False), ((1, 1, 1, 7), False)]
)
def test_early_and_late_follow_ups_are_compared_where_they_lie_apart(days, delay):
    design = paired_design(
        days={(person, "ses-post"): day for person, day in zip(PEOPLE, days, strict=True)}
    )
    asked = {one.effect: one for one in paired.questions(design, PEOPLE)}
    assert ("delay" in asked) is delay
    if delay:
        assert list(asked["delay"].predictor.values()) == [0, 0, 1, 1]


def test_a_study_without_any_table_is_said_to_have_none(tmp_path, caplog):
    settings = schema.make(tmp_path, tmp_path / "out", "group", {})
    with caplog.at_level("INFO", logger="gradshift"):
        StudyTables.read(settings, [])
    assert "participants.tsv" in caplog.text


def test_a_dose_is_a_plain_number(tmp_path):
    written = {"0": 0.0, "10": 10.0, "2e1": 20.0, "20 mg": np.nan, "-1": np.nan, "inf": np.nan}
    names = [f"ses-{i}" for i in range(len(written))]
    table = [["session_id", "dose"], *([s, dose] for s, dose in zip(names, written, strict=True))]
    grow(tmp_path, {"sub-1": {"sub-1_sessions.tsv": table}})
    results = [SessionResult(Path(s), {"Entities": {"sub": "1", "ses": s[4:]}}) for s in names]
    settings = schema.make(tmp_path, tmp_path / "out", "group", {})
    found = {one.session: one.dose for one in StudyTables.read(settings, results).observations}
    np.testing.assert_array_equal([found[s] for s in names], list(written.values()))
