"""Which measures are computed, and what becomes of those that are not."""

import json

import pandas as pd
import pytest

from finished import finish
from gradshift.core.cortex.measure import OPT_IN
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.measures import measures, opt_in
from gradshift.errors import SettingsError
from gradshift.levels.measuresasked import measures_asked, named
from gradshift.output import record
from gradshift.settings import make
from tiny import write_study

DECLARED = {measure for measure, _, _ in CONFIRMATORY}
FEW = ("--denoise", "none", "--no-voxelwise", "--measures")


def test_what_searches_most_is_opt_in():
    assert opt_in().keys() == OPT_IN.keys()
    assert opt_in()["entropy"] == ("geodesicentropy",)
    assert opt_in()["homogeneity"] == ("reho",)
    assert opt_in()["reversal"] == ("nonreversibility",)
    assert opt_in()["tangent"] == ("tangentfc",)
    assert opt_in()["paths"] == ("betweenness", "betweennessauc")
    assert not DECLARED & {name for members in opt_in().values() for name in members}
    assert not {*OPT_IN, "all", "default"} & measures().keys()


@pytest.mark.parametrize("words", [(), ("default",)])
def test_by_default_the_groups_are_left_out(words):
    absent = {name for members in opt_in().values() for name in members}
    assert named(words) == set(measures()) - absent


def test_words_add_up_and_what_was_declared_is_always_among_them():
    assert named(["all"]) == set(measures())
    assert named(["falff"]) == DECLARED | {"falff"}
    assert named(["default", "paths", "reho"]) - named([]) == {*opt_in()["paths"], "reho"}


@pytest.mark.parametrize(("word", "meant"), [("path", "paths"), ("defaults", "default")])
def test_a_group_that_may_have_been_meant_is_named(word, meant):
    with pytest.raises(SettingsError, match=f"did you mean {meant}"):
        named([word])


def names_of(out):
    (path,) = out.glob("sub-01/**/*_measures.tsv")
    return set(pd.read_csv(path, sep="\t")["measure"])


def test_a_later_run_adds_measures_to_those_of_an_output(tmp_path):
    study = write_study(tmp_path, ["01"], ["pre"], [None])
    out = tmp_path / "out"
    assert study.run(out, "participant", *FEW, "meanfc") == 0
    assert names_of(out) == DECLARED | {"meanfc"}
    assert study.run(out, "participant", *FEW, "reversal") == 0
    assert names_of(out) == DECLARED | {"meanfc", "nonreversibility"}
    of_output = {"measures": ("gbc",)}
    asked = measures_asked(make(study.root, out, "participant", of_output))
    assert set(asked) == DECLARED | {"meanfc", "nonreversibility", "gbc"}
    anew = measures_asked(make(study.root, out, "participant", {**of_output, "overwrite": True}))
    assert set(anew) == DECLARED | {"gbc"}
    record.keep(
        make(study.root, out, "participant", {"denoise": ("none",)}), {"measures": ["gbc"]}
    )
    assert {"gbc", "meanfc"} < set(record.recorded_measures(out))
    overwriting = {"denoise": ("none",), "overwrite": True}
    record.keep(make(study.root, out, "participant", overwriting), {"measures": ["gbc"]})
    assert record.recorded_measures(out) == ["gbc"]


def test_the_group_says_what_was_not_computed_and_of_whom(tmp_path, capsys):
    people = ("01", "02", "03", "04", "05", "06")
    study = finish(tmp_path, dict.fromkeys(people, ("pre", "post")))
    for path in study.out.glob("sub-02/**/*_measures.json"):
        about = json.loads(path.read_text())
        del about["Measures"]["strength"]
        path.write_text(json.dumps(about))
    assert study.group("--baseline", "pre", "--followup", "post") == 0
    written = json.loads((study.out / "group" / "limits.json").read_text())["Measures"]
    assert written["OfSomeOnly"] == {"strength": ["sub-02"]}
    assert written["NotComputed"]["homogeneity"] == ["reho"]
    assert "strength was not computed for sub-02" in capsys.readouterr().err
