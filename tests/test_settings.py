"""Settings: checked once, kept as TOML, and the same when read back."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradshift import settings as schema
from gradshift.errors import MissingInputError, SettingsError

FOLDERS = (Path("/data"), Path("/out"), "participant")
BY_NAME = {f.name: f for _, f in schema.options()}

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)
labels = st.text("abcXYZ019", min_size=1)
shares = st.floats(0.001, 0.999)
VALUES = {
    "participant_label": st.lists(labels, min_size=1, unique=True),
    "session_label": st.lists(labels, min_size=1, unique=True),
    "task_id": st.lists(labels, min_size=1, unique=True),
    "space": texts,
    "skip_bids_validation": st.booleans(),
    "denoise": st.lists(texts, min_size=1, unique=True),
    "band": st.tuples(st.floats(1e-6, 0.01), st.floats(0.02, 10)),
    "fd_threshold": st.floats(1e-6, 10),
    "min_minutes": st.floats(0, 100),
    "atlas": st.lists(texts, min_size=1, unique=True),
    "coverage_threshold": shares,
    "connectivity": st.sampled_from(["pearson", "partial"]),
    "combine_runs": st.booleans(),
    "pcc": texts,
    "baseline": labels,
    "alpha": shares,
    "n_permutations": st.integers(1, 10**9),
    "random_seed": st.integers(0, 2**32),
    "nprocs": st.integers(1, 512),
    "mem": st.floats(0.1, 1e4),
    "verbose": st.booleans(),
}


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_settings_kept_as_toml_come_back_the_same(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "settings.toml"
    before = schema.make(*FOLDERS, values)
    path.write_text(schema.to_toml(schema.values(before)), encoding="utf-8")
    assert schema.make(*FOLDERS, schema.read_file(path)) == before


def test_kept_settings_hold_no_path_of_this_machine():
    paths = {
        "derivatives": ["fmriprep=/here/prep"],
        "exclude": "/here/exclude.txt",
        "bids_filter_file": "/here/filter.json",
        "bids_database_dir": "/here/index",
        "work_dir": "/here/work",
        "use_plugin": "/here/plugin.yml",
    }
    made = schema.make(*FOLDERS, {**paths, "fd_threshold": 0.3})
    text = schema.to_toml(schema.values(made))
    assert "fd-threshold = 0.3" in text
    assert "here" not in text


def test_options_of_a_level_are_those_that_change_its_numbers():
    made = schema.make(*FOLDERS, {"fd_threshold": 0.3, "baseline": "pre", "nprocs": 8})
    person = schema.values(made, numbers="participant")
    group = schema.values(made, numbers="group")
    assert person["fd_threshold"] == 0.3
    assert group["baseline"] == "pre"
    assert not set(person) & set(group)
    assert not {"nprocs", "atlas", "denoise", "measures", "participant_label"} & (
        set(person) | set(group)
    )


def test_labels_come_with_or_without_prefix_and_once():
    made = schema.make(
        *FOLDERS,
        {
            "participant_label": ["sub-01", "01", "02"],
            "session_label": ["ses-pre"],
            "task_id": ["task-rest", "rest"],
            "baseline": "ses-pre",
            "followup": "post",
        },
    )
    assert made.inputs.participant_label == ("01", "02")
    assert made.inputs.session_label == ("pre",)
    assert made.inputs.task_id == ("rest",)
    assert (made.group.baseline, made.group.followup) == ("pre", "post")


def test_sessions_asked_for_in_another_order_are_the_same_setting():
    a, b = (schema.make(*FOLDERS, {"session_label": s}) for s in (["b", "a"], ["a", "b"]))
    assert a == b


def test_settings_cannot_be_changed():
    made = schema.make(*FOLDERS, {})
    with pytest.raises(FrozenInstanceError):
        made.denoising.band = (0.1, 0.2)


def test_every_option_has_a_name_of_its_own():
    names = [f.name for cls in schema.GROUPS.values() for f in fields(cls)]
    assert len(names) == len(set(names))


NONSENSE = {
    "band": [[0.08, 0.01], [0, 0.08], [-1, 1], [float("nan"), 1.0], [0.01], "0.01 0.08", 0.01],
    "fd_threshold": [0, -0.5, float("nan"), float("inf"), "0.5", True, [0.5], {"mm": 1}],
    "dvars_threshold": [0, float("nan")],
    "min_minutes": [-1, float("nan"), float("inf")],
    "coverage_threshold": [-0.1, 1.1, float("nan"), "half"],
    "alpha": [0, 1, float("nan")],
    "n_permutations": [0, -1, 10.5],
    "random_seed": [-1, 1.5],
    "nprocs": [0, -2, 1.0, "many"],
    "omp_nthreads": [0],
    "mem": [0, float("nan"), float("inf")],
    "connectivity": ["spearman", ["pearson"], 1],
    "combine_runs": ["no", 0],
    "atlas": [["A", "A"], [1], [["A"]]],
    "denoise": [["36P", "36P"]],
    "space": [2, ["A", "B"]],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_a_value_that_makes_no_sense_is_refused_by_the_name_of_its_option(name, value):
    with pytest.raises(SettingsError, match=rf"^{schema.flag(name)} .*\.$") as caught:
        schema.make(*FOLDERS, {name: value})
    assert caught.value.exit_code == 64


@pytest.mark.parametrize("name", ["participant_label", "session_label", "task_id"])
@pytest.mark.parametrize("label", ["", "sub_01", "a b", "../x", "é", "01*"])
def test_labels_hold_letters_and_digits_only(name, label):
    with pytest.raises(SettingsError, match="letters and digits"):
        schema.make(*FOLDERS, {name: [label]})


def test_one_session_cannot_be_compared_with_itself():
    with pytest.raises(SettingsError, match=r"--baseline and --followup.*'pre'"):
        schema.make(*FOLDERS, {"baseline": "pre", "followup": "ses-pre"})


def test_a_file_may_use_dashes_or_underscores_and_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "s.toml"
    path.write_bytes("fd-threshold = 0.3\nmin_minutes = 4\n".encode("utf-8-sig"))
    assert schema.read_file(path) == {"fd_threshold": 0.3, "min_minutes": 4}


def test_unknown_keys_of_a_file_are_refused_by_name(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("fd-treshold = 0.3\nalpha = 0.05\n[participant]\n")
    with pytest.raises(SettingsError, match=r"s\.toml.*unknown keys: fd-treshold, participant"):
        schema.read_file(path)


@pytest.mark.parametrize("content", [b"fd-threshold = ", b"\xff\xfe", b"[[["])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"s\.toml is not TOML"):
        schema.read_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.toml"):
        schema.read_file(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        schema.read_file(tmp_path)
