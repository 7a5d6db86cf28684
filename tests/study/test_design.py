"""The design: which sessions are compared, who is in, and no guessing."""

import math
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.collect import SessionResult
from gradshift.errors import InputError, SettingsError
from gradshift.study.design import Design, before_and_after
from gradshift.study.drawing import drawn
from gradshift.study.find import find_design
from gradshift.study.observations import StudyTables
from gradshift.study.participation import find_people
from gradshift.study.questions import find_effects
from studies import paired
from synthetic import grow

ATLAS = "Schaefer2018_200_7"


def result(sub, ses, *, recipe="aCompCor", atlas=ATLAS, excluded=None, run=None, task="rest"):
    entities = {"sub": sub, "ses": ses, "task": task, "run": run}
    about = {
        "Entities": {key: value for key, value in entities.items() if value is not None},
        "DenoisingRecipe": {"name": recipe},
        "Atlas": atlas,
        "Excluded": excluded,
        "MeanFramewiseDisplacement": 0.1 if ses == "pre" else 0.2,
        "MinutesRetained": 8.0,
    }
    return SessionResult(Path(f"sub-{sub}"), about)


def everybody(*sessions, people=("01", "02", "03")):
    return [result(sub, ses) for sub in people for ses in sessions]


def dated(root, **dates):
    """Write sessions.tsv: per participant its sessions and times."""
    for sub, times in dates.items():
        rows = [["session_id", "acq_time"], *([f"ses-{s}", t] for s, t in times.items())]
        grow(root, {sub.replace("_", "-"): {f"{sub.replace('_', '-')}_sessions.tsv": rows}})
    return root


def find(root, results, recorded=None, **given):
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    settings = schema.make(root, root / "out", "group", given)
    tables = StudyTables.read(settings, results)
    return find_design(settings, tables, results, given, recorded or {})


def test_sessions_are_those_named(tmp_path):
    found = find(tmp_path, everybody("a", "b", "c"), baseline="ses-c", followup="a")
    assert found.sessions_of("sub-01") == ("ses-c", "ses-a")
    assert found.contrast == "a-c"
    assert "ses-a (follow-up) against ses-c (baseline)" in str(found)


@pytest.mark.parametrize("named", [{"baseline": "pre"}, {"followup": "post"}], ids=str)
def test_of_two_sessions_one_name_is_enough(tmp_path, named):
    assert find(tmp_path, everybody("post", "pre"), **named).contrast == "post-pre"


TIMES = {
    "apart": ("2024-05-01T10:00:00", "2024-05-08T10:00:00"),
    "same day": ("2024-05-01T09:00:00", "2024-05-01T11:30:00"),
    "with a zone": ("2024-05-01T10:00:00Z", "2024-05-02T10:00:00"),
    "shifted for privacy": ("1877-06-15T10:00:00", "1877-06-16T10:00:00"),
}


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_dates_tell_the_order_of_two_sessions_whatever_their_names(tmp_path, times, names):
    first, second = names
    root = dated(
        tmp_path,
        sub_01=dict(zip(names, times, strict=True)),
        sub_02={first: "n/a", second: times[1]},
    )
    assert find(root, everybody("a", "b")).sessions_of("sub-01") == (
        f"ses-{first}",
        f"ses-{second}",
    )


UNCLEAR = {
    "no dates": {},
    "one date": {"sub_01": {"a": "2024-05-01T10:00:00"}},
    "no times": {"sub_01": {"a": "n/a", "b": "n/a"}},
    "the same time": {"sub_01": {"a": "1900-01-01T00:00:00", "b": "1900-01-01T00:00:00"}},
    "crossover": {
        "sub_01": {"a": "2024-05-01T10:00:00", "b": "2024-05-02T10:00:00"},
        "sub_02": {"b": "2024-05-01T10:00:00", "a": "2024-05-02T10:00:00"},
    },
}


@pytest.mark.parametrize("dates", UNCLEAR.values(), ids=UNCLEAR)
def test_an_order_that_nothing_tells_is_asked_for(tmp_path, dates):
    with pytest.raises(SettingsError) as caught:
        find(dated(tmp_path, **dates), everybody("b", "a"))
    assert "Sessions there: a, b." in str(caught.value)
    assert "--baseline LABEL --followup LABEL" in str(caught.value)
    assert caught.value.exit_code == 64


@pytest.mark.parametrize("named", [{}, {"baseline": "a"}, {"followup": "c"}], ids=str)
def test_of_more_than_two_sessions_both_must_be_named(tmp_path, named):
    dates = {s: f"2024-05-0{i}T10:00:00" for i, s in enumerate("abc", 1)}
    with pytest.raises(SettingsError, match=r"more than two.*there: a, b, c\..*--baseline"):
        find(dated(tmp_path, sub_01=dates), everybody("a", "b", "c"), **named)


def test_a_session_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(SettingsError, match=r"--followup ses-late\. Sessions there: post, pre\."):
        find(tmp_path, everybody("pre", "post"), baseline="pre", followup="late")


@pytest.mark.parametrize("sessions", [["pre"], [None]])
def test_one_session_is_no_comparison(tmp_path, sessions):
    with pytest.raises(InputError, match="needs two sessions"):
        find(tmp_path, everybody(*sessions))


def test_a_date_that_is_none_is_named(tmp_path):
    root = dated(tmp_path, sub_01={"a": "in May", "b": "2024-05-01T10:00:00"})
    with pytest.raises(
        InputError, match=r"acq_time of ses-a in .*sub-01_sessions\.tsv is 'in May'"
    ):
        find(root, everybody("a", "b"))


def test_the_first_atlas_and_recipe_are_those_asked_for_or_else_recorded(tmp_path):
    results = [
        result("01", ses, recipe=recipe, atlas=atlas)
        for ses in ("pre", "post")
        for recipe in ("36P", "aCompCor")
        for atlas in ("Schaefer2018_100_7", ATLAS)
    ]
    recorded = {"atlas": [ATLAS, "TianS2"], "denoise": ["aCompCor", "36P"]}
    found = find(tmp_path, results, recorded, baseline="pre")
    assert found.atlases == (ATLAS,)  # the other was made with settings that no longer hold
    assert found.recipes == ("aCompCor", "36P")
    found = find(tmp_path, results, recorded, baseline="pre", denoise=["36P"])
    assert found.recipes == ("36P",)
    with pytest.raises(InputError, match=r"no result for the recipe 24P; there is 36P, aComp"):
        find(tmp_path, results, recorded, baseline="pre", denoise=["24P"])


DESIGN = Design(
    kind="paired",
    conditions=before_and_after("ses-pre", "ses-post"),
    baseline="ses-pre",
    followup="ses-post",
    atlases=(ATLAS,),
    recipes=("aCompCor", "36P"),
)


def test_everybody_is_listed_with_the_reason_for_being_left_out(tmp_path):
    grow(
        tmp_path,
        {"participants.tsv": [["participant_id"], *([f"sub-0{i}"] for i in (1, 2, 3, 4, 5))]},
    )
    results = [
        *(result("01", ses, recipe=r) for ses in ("pre", "post") for r in ("aCompCor", "36P")),
        result("02", "pre"),
        result("03", "pre", excluded="2.1 minutes retained"),
        result("03", "post"),
        result("04", "pre"),
        result("04", "post"),
        result("04", "pre", recipe="36P", excluded="too few degrees of freedom"),
        result("04", "post", recipe="36P"),
    ]
    rows = {row.participant_id: row for row in find_people(results, DESIGN, tmp_path)}
    assert {person: row.reason for person, row in rows.items()} == {
        "sub-01": None,
        "sub-02": "no result for ses-post",
        "sub-03": "ses-pre: 2.1 minutes retained",
        "sub-04": None,
        "sub-05": "no result for ses-pre; no result for ses-post",
    }
    assert [row.included for row in rows.values()] == [True, False, False, True, False]
    assert rows["sub-04"].remarks == "36P: ses-pre: too few degrees of freedom"
    assert (rows["sub-01"].mean_fd_baseline, rows["sub-01"].mean_fd_followup) == (0.1, 0.2)
    assert math.isnan(rows["sub-02"].minutes_followup)


def test_motion_of_several_follow_ups_is_their_mean(tmp_path):
    design = paired("ses-day", "ses-week", kind="repeated", atlases=(ATLAS,), recipes=("36P",))
    results = []
    for ses, fd, minutes in (("pre", 0.1, 8.0), ("day", 0.2, 6.0), ("week", 0.6, 4.0)):
        one = result("01", ses, recipe="36P")
        known = {"MeanFramewiseDisplacement": fd, "MinutesRetained": minutes}
        results.append(SessionResult(one.path, {**one.about, **known}))
    (row,) = find_people(results, design, tmp_path)
    assert (row.mean_fd_baseline, row.mean_fd_followup) == pytest.approx((0.1, 0.4))
    assert (row.minutes_baseline, row.minutes_followup) == pytest.approx((8.0, 5.0))


@pytest.mark.parametrize("named", [{}, {"followup": "drug"}, {"baseline": "placebo"}], ids=str)
def test_two_sessions_of_which_one_is_a_placebo_are_conditions(tmp_path, named):
    found = find(tmp_path, everybody("drug", "placebo"), **named)
    assert (found.kind, found.contrast) == ("conditions", "drug-placebo")
    assert (found.reference, found.against) == ("placebo", "drug")


def test_a_design_is_drawn_with_its_conditions_weights_and_people(tmp_path):
    results = everybody("pre", "post")
    people = find_people(results, DESIGN, tmp_path)
    lines = list(drawn(DESIGN, find_effects(DESIGN, people), people))
    words = [line.split() for line in lines]
    assert words[:2] == [
        ["ses-pre", "before", "ses-pre"],
        ["ses-post", "after", "ses-post"],
    ]
    assert words[2] == ["post-pre", "=", "ses-post", "-", "ses-pre", "in", "3", "people"]


def test_one_usable_run_makes_a_session_usable(tmp_path):
    runs = [result("01", "pre", run="1"), result("01", "pre", run="2", excluded="moved")]
    for order in (runs, runs[::-1]):
        (row,) = find_people([*order, result("01", "post")], DESIGN, tmp_path)
        assert row.included


def test_people_who_were_not_asked_for_are_not_said_to_be_missing(tmp_path):
    grow(tmp_path, {"participants.tsv": [["participant_id"], ["sub-01"], ["sub-02"]]})
    results = everybody("pre", "post", people=("01",))
    rows = find_people(results, DESIGN, tmp_path, asked=["01"])
    assert [row.participant_id for row in rows] == ["sub-01"]


@pytest.mark.parametrize(
    ("named", "before"),
    [
        ({"baseline": "base", "followup": "late"}, "none"),
        ({"baseline": "base", "followup": "late"}, "zz none"),
        ({"baseline": "base", "followup": "late"}, "n/a"),
        ({}, "n/a"),
    ],
)
def test_the_arm_is_that_of_the_session_that_counts(tmp_path, named, before):
    """A treatment before the dose is no arm, whatever its place in the alphabet."""
    arms = {"01": "placebo", "02": "ketamine", "03": "placebo", "04": "ketamine"}
    for sub, arm in arms.items():
        rows = [
            ["session_id", "acq_time", "treatment"],
            ["ses-base", "2024-05-01", before],
            ["ses-late", "2024-05-02", arm],
        ]
        grow(tmp_path, {f"sub-{sub}": {f"sub-{sub}_sessions.tsv": rows}})
    design = find(tmp_path, everybody("base", "late", people=list(arms)), **named)
    assert design.kind == "parallel"
    assert design.groups == {f"sub-{sub}": arm for sub, arm in arms.items()}
