"""Recipes: those shipped say what they should, a user's own is read or refused in one sentence."""

import json
import pickle
import subprocess
import sys
from typing import NamedTuple

import pytest

from gradshift.errors import GradshiftError, InputError, MissingInputError, SettingsError
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.recipes.motionfilter import MotionFilter
from gradshift.recipes.recipe import Recipe, Scrub


@pytest.mark.parametrize(
    ("name", "n_columns", "acompcor"),
    [
        ("12P", 12, {}),
        ("24P", 24, {}),
        ("24PGSR", 25, {}),
        ("strict", 36, {}),
        ("AROMA", 2, {}),
        ("tedana", 0, {}),
        ("36P", 36, {}),
        ("aCompCor", 24, {"CSF": 5, "WM": 5}),
        ("aCompCorGSR", 25, {"CSF": 5, "WM": 5}),
        ("simple", 8, {}),
        ("none", 0, {}),
    ],
)
def test_shipped_recipes_take_what_their_names_say(name, n_columns, acompcor):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert len(set(recipe.columns)) == n_columns
    assert recipe.acompcor == acompcor
    assert recipe.description.endswith(".")


def test_the_shipped_recipes_are_the_files_in_the_folder():
    assert available() == (
        "12P", "24P", "24PGSR", "36P", "aCompCor", "aCompCorGSR", "AROMA", "asis", "none",
        "simple", "strict", "tedana",
    )  # fmt: skip


def test_none_does_nothing_whatever_is_asked():
    none = load_recipe("none").with_options(
        band=(0.01, 0.1), fd_threshold=0.2, dvars_threshold=1.5, min_minutes=2
    )
    assert none.passband is None
    assert none.scrub is None
    assert none.mean_fd_limit is None
    assert not none.detrend
    assert not none.drop_non_steady_state
    assert none.min_minutes == 2
    assert none.as_dict()["band"] is None


def test_options_replace_values_and_leave_the_rest():
    recipe = load_recipe("36P")
    changed = recipe.with_options(band=(0.01, 0.1), fd_threshold=0.25)
    assert changed.passband == (0.01, 0.1)
    assert changed.scrub == Scrub(fd_threshold=0.25)
    assert changed.columns == recipe.columns
    assert recipe.with_options() == recipe
    assert recipe.scrub == Scrub()
    assert recipe.mean_fd_limit == 0.55


def test_names_are_found_in_any_case():
    assert load_recipe("ACOMPCOR") is load_recipe("aCompCor")


def test_a_users_recipe_gets_the_documented_defaults(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"name": "mine", "columns": ["global_signal", "cosine*"]}')
    recipe = load_recipe(path)
    assert recipe == Recipe(
        name="mine",
        columns=("global_signal", "cosine*"),
        description="Confounds regressed out were global_signal, cosine*.",
    )
    assert (recipe.filter, recipe.detrend, recipe.scrub) == (True, True, None)
    assert (recipe.min_minutes, recipe.min_share, recipe.max_mean_fd) == (5, 0.5, 0.55)
    assert load_recipe(str(path)) == recipe


def test_scrub_may_be_given_in_part(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"name": "mine", "scrub": {"fd_threshold": 0.25, "before": 1, "after": 2}}')
    assert load_recipe(path).scrub == Scrub(fd_threshold=0.25, before=1, after=2)


def test_a_shipped_recipe_given_by_path_is_the_same(tmp_path):
    path = tmp_path / "copy.json"
    values = load_recipe("aCompCor").as_dict()
    del values["band"]
    path.write_text(json.dumps(values))
    assert load_recipe(path) == load_recipe("aCompCor")


def test_a_recipe_travels_to_workers():
    recipe = load_recipe("aCompCorGSR")
    assert pickle.loads(pickle.dumps(recipe)) == recipe


class Wrong(NamedTuple):
    content: str
    says: str


WRONG = {
    "not JSON": Wrong("{", "not valid JSON"),
    "a list": Wrong("[]", "must be a JSON object"),
    "no name": Wrong("{}", "needs the key 'name'"),
    "unknown key": Wrong('{"name": "x", "colums": []}', "no key 'colums'"),
    "band": Wrong('{"name": "x", "band": [0.01, 0.1]}', "no key 'band'"),
    "unknown key of scrub": Wrong('{"name": "x", "scrub": {"fd": 1}}', "'scrub' has no key 'fd'"),
    "scrub a number": Wrong('{"name": "x", "scrub": 0.5}', "'scrub' must be a JSON object"),
    "name with signs": Wrong('{"name": "my-recipe"}', "letters and digits"),
    "name with line end": Wrong('{"name": "my\\n"}', "letters and digits"),
    "name a number": Wrong('{"name": 24}', "letters and digits"),
    "columns a text": Wrong('{"name": "x", "columns": "csf"}', "'columns' must be a list"),
    "columns of numbers": Wrong('{"name": "x", "columns": [1]}', "'columns' must be a list"),
    "filter a number": Wrong('{"name": "x", "filter": 1}', "'filter' must be true or false"),
    "mask unknown": Wrong('{"name": "x", "acompcor": {"GM": 5}}', "CSF, WM, combined"),
    "count zero": Wrong('{"name": "x", "acompcor": {"WM": 0}}', "'acompcor' must be"),
    "share in percent": Wrong('{"name": "x", "min_share": 50}', "from 0 to 1"),
    "negative minutes": Wrong('{"name": "x", "min_minutes": -1}', "'min_minutes' must be"),
    "infinite minutes": Wrong('{"name": "x", "min_minutes": Infinity}', "'min_minutes' must be"),
    "threshold zero": Wrong('{"name": "x", "scrub": {"fd_threshold": 0}}', "positive"),
    "threshold true": Wrong('{"name": "x", "scrub": {"dvars_threshold": true}}', "positive"),
    "half a volume": Wrong('{"name": "x", "scrub": {"after": 0.5}}', "'after' must be a whole"),
    "name taken": Wrong('{"name": "36p", "columns": ["csf"]}', "name of the shipped recipe '36P'"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_recipe_is_refused_with_its_path_and_reason(tmp_path, case):
    path = tmp_path / "mine.json"
    path.write_text(case.content)
    with pytest.raises(SettingsError) as caught:
        load_recipe(path)
    assert case.says in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_name_lists_what_is_shipped():
    with pytest.raises(SettingsError, match=r"'ICA'; shipped are 12P, 24P, 24PGSR, 36P, aCompCor"):
        load_recipe("ICA")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"mine\.json"):
        load_recipe(tmp_path / "mine.json")


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(GradshiftError, match="cannot be read"):
        load_recipe(tmp_path)


def test_a_wrong_option_is_refused():
    with pytest.raises(SettingsError, match="'fd_threshold' must be a positive number"):
        load_recipe("36P").with_options(fd_threshold=-1)


def test_reading_recipes_imports_nothing_heavy():
    code = (
        "import sys; import gradshift.recipes.catalogue; "
        "assert not {'numpy', 'pandas', 'scipy', 'nilearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_columns_of_other_datasets_are_written_as_they_are_read(tmp_path):
    source = {"dataset": "ica", "columns": ["ICA_*"], "rejected": True, "orthogonalise": True}
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"name": "own", "columns": ["csf", source]}))
    recipe = load_recipe(path)
    assert recipe.columns == ("csf",)
    assert recipe.as_dict()["columns"] == ["csf", {**source, "desc": ""}]
    assert "elsewhere" not in load_recipe("36P").as_dict()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"dataset": "ica"}, "columns"),
        ({"dataset": "a b", "columns": ["x"]}, "a b"),
        ({"dataset": "ica", "columns": []}, "list of names"),
        ({"dataset": "ica", "columns": ["x"], "orthogonalise": True}, "rejected"),
        ({"dataset": "ica", "columns": ["x"], "order": 1}, "order"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(source, says, tmp_path):
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"name": "own", "columns": [source]}))
    with pytest.raises(SettingsError, match=says):
        load_recipe(path)


NUISANCE = """
name: acompcor_gsr
description: |
    Components were selected
    [@behzadi2007component].
confounds:
  preproc_confounds:
    dataset: preprocessed
    query: {desc: confounds, extension: .tsv, suffix: timeseries}
    columns: [trans_x, '^w_comp_cor_0[1-5]$', '^cosine_\\d+$', global_signal]
  aroma:
    dataset: fmripost-aroma
    query: {desc: aroma}
    columns: ['aroma_orth_motion_.*']
"""


def test_a_nuisance_file_of_xcp_d_is_a_recipe(tmp_path):
    path = tmp_path / "acompcor.yml"
    path.write_text(NUISANCE)
    recipe = load_recipe(path)
    assert recipe.name == "xcpdacompcorgsr"
    assert recipe.description == "Components were selected."
    assert recipe.columns == ("trans_x", "w_comp_cor_0[1-5]", "cosine_[0-9]*", "global_signal")
    (source,) = recipe.elsewhere
    assert (source.dataset, source.desc) == ("fmripost-aroma", "aroma")
    assert source.columns == ("aroma_orth_motion_*",)
    assert recipe.scrub == Scrub()
    path.write_text(NUISANCE.replace("cosine_\\d+", "(cosine|csf)"))
    with pytest.raises(SettingsError, match=r"\(cosine\|csf\).*regular expression"):
        load_recipe(path)
    path.write_text("name: [")
    with pytest.raises(SettingsError, match="not valid YAML"):
        load_recipe(path)


def test_dummy_scans_hold_for_recipes_that_drop_first_volumes():
    assert load_recipe("36P").with_options(dummy_scans=4).as_dict()["dummy_scans"] == 4
    assert "dummy_scans" not in load_recipe("36P").with_options().as_dict()
    assert load_recipe("none").with_options(dummy_scans=4).dummy_scans is None


@pytest.mark.parametrize(
    ("kind", "tr", "fits"),
    [
        ("notch", 0.8, True),
        ("notch", 1.6, True),
        ("notch", 1.7, False),
        ("lp", 2.0, True),
        ("lp", 2.5, True),
        ("lp", 2.6, False),
        ("lp", 5.1, False),
    ],
)
def test_a_repetition_time_at_which_breathing_looks_like_motion_is_refused(kind, tr, fits):
    filter = MotionFilter.of(kind, None, None)
    if fits:
        filter.check(tr)
    else:
        with pytest.raises(InputError, match=f"{tr:g} s"):
            filter.check(tr)


def test_a_low_pass_may_keep_slow_breathing_that_is_not_mirrored():
    MotionFilter.of("lp", 20, None).check(0.8)


def test_edges_of_motion_filters_are_in_order_and_needed():
    assert MotionFilter.of("lp", None, None).low == 6
    assert MotionFilter.of("notch", None, 20).low == 12
    with pytest.raises(SettingsError, match="20 and 18"):
        MotionFilter.of("notch", 20, None)
    with pytest.raises(SettingsError, match="notch"):
        MotionFilter.of("lp", 6, 18)


def test_without_a_motion_filter_a_recipe_says_nothing_of_it():
    recipe = load_recipe("36P")
    assert "motion_filter" not in recipe.with_options().as_dict()
    filter = MotionFilter.of("lp", None, None)
    values = recipe.with_options(motion_filter=filter).as_dict()["motion_filter"]
    assert MotionFilter(**values) == filter
