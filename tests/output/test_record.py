"""The record: numbers of one output are made with one set of settings."""

import tomllib

import pytest

from gradshift import settings as schema
from gradshift.errors import SettingsError
from gradshift.output import record

NAMES = {"atlas": ["Schaefer2018_200_7"], "denoise": ["aCompCor"]}


@pytest.fixture
def make(tmp_path):
    def made(level="participant", **given):
        return schema.make(tmp_path / "data", tmp_path / "out", level, given)

    return made


def keep(settings, **names):
    record.keep(settings, {**NAMES, **names})
    return settings


def test_a_new_output_takes_any_settings(make):
    record.check(make(fd_threshold=0.2))


def test_settings_that_change_numbers_are_refused_with_the_difference(make):
    keep(make(band=[0.01, 0.1]))
    with pytest.raises(SettingsError) as caught:
        record.check(make(fd_threshold=0.2))
    assert caught.value.exit_code == 64
    message = str(caught.value)
    assert "--band was 0.01 0.1 and is now 0.01 0.08" in message
    assert "--fd-threshold was not given and is now 0.2" in message
    assert message.count(" and is now ") == 2
    assert "--overwrite" in message


def test_an_option_no_longer_given_is_a_difference(make):
    keep(make(fd_threshold=0.2))
    with pytest.raises(SettingsError, match=r"--fd-threshold was 0\.2 and is now not given"):
        record.check(make())


def test_overwrite_accepts_and_then_holds_the_new_settings(make):
    keep(make(fd_threshold=0.2))
    changed = make(fd_threshold=0.3, overwrite=True)
    record.check(changed)
    keep(changed)
    record.check(make(fd_threshold=0.3))
    with pytest.raises(SettingsError):
        record.check(make(fd_threshold=0.2))


@pytest.mark.parametrize(
    "given",
    [
        {"atlas": ["Schaefer2018_200_7", "TianS2"]},
        {"denoise": ["36P"]},
        {"measures": ["withinfc"]},
        {"participant_label": ["02"]},
        {"task_id": ["rest"]},
        {"nprocs": 8, "omp_nthreads": 2, "mem": 4.0, "verbose": True, "stop_on_first_crash": True},
        {"bids_database_dir": "index", "work_dir": "elsewhere"},
        {"alpha": 0.01, "baseline": "pre", "random_seed": 1},
        {"band": [0.01, 0.08], "combine_runs": True},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_changes_no_number_of_this_level_is_no_difference(make, given):
    keep(make())
    record.check(make(**given))


def test_atlases_and_recipes_add_up_in_the_order_they_came(make):
    keep(make())
    keep(make(), atlas=["TianS2", "Schaefer2018_200_7"], denoise=["36P"])
    known = record.participant_level(make().output_dir, {})
    assert known["atlas"] == ["Schaefer2018_200_7", "TianS2"]
    assert known["denoise"] == ["aCompCor", "36P"]


def test_names_made_with_overwritten_settings_are_forgotten(make):
    keep(make(), atlas=["Schaefer2018_200_7", "TianS2"])
    keep(make(fd_threshold=0.3, overwrite=True))
    known = record.participant_level(make().output_dir, {})
    assert known["atlas"] == ["Schaefer2018_200_7"]


def test_what_is_kept_does_not_overwrite_when_used_again(make, tmp_path):
    keep(make(overwrite=True))
    (path,) = (tmp_path / "out" / "logs").glob("*_participant.toml")
    assert "overwrite" not in schema.read_file(path)


def test_levels_have_records_of_their_own(make):
    keep(make())
    group = make("group", alpha=0.01)
    record.check(group)
    record.keep(group, {})
    record.check(make())
    with pytest.raises(SettingsError, match=r"--alpha was 0\.01 and is now 0\.05"):
        record.check(make("group"))


def test_the_group_level_knows_what_the_participant_level_ran_with(make, tmp_path):
    keep(make(fd_threshold=0.2, session_label=["pre", "post"]))
    out = tmp_path / "out"
    known = record.participant_level(out, {"fd_threshold": 0.2, "session_label": ("post", "pre")})
    assert known["fd_threshold"] == 0.2
    assert record.participant_level(out, {"alpha": 0.01, "atlas": ("X",)}) == known


def test_the_group_level_refuses_other_values_for_participant_options(make, tmp_path):
    keep(make(fd_threshold=0.2))
    for given, told in (
        ({"fd_threshold": 0.3}, r"ran with --fd-threshold 0\.2, not 0\.3"),
        ({"min_minutes": 3.0}, r"ran with --min-minutes not given, not 3\.0"),
        ({"band": (0.01, 0.1)}, r"ran with --band 0\.01 0\.08, not 0\.01 0\.1"),
    ):
        with pytest.raises(SettingsError, match=told):
            record.participant_level(tmp_path / "out", given)


def test_a_run_leaves_a_file_that_gives_the_same_settings_again(make, tmp_path):
    settings = keep(make(fd_threshold=0.2, atlas=["TianS2"], work_dir=str(tmp_path / "w")))
    logs = tmp_path / "out" / "logs"
    (kept,) = [path for path in logs.glob("*.toml") if path.name != "settings.toml"]
    again = make(**schema.read_file(kept))
    assert schema.values(again) == schema.values(settings)
    assert not any(str(tmp_path) in str(v) for v in tomllib.loads(kept.read_text()).values())


def test_a_damaged_record_is_named(make, tmp_path):
    keep(make())
    (tmp_path / "out" / "logs" / "settings.toml").write_text("[participant")
    with pytest.raises(SettingsError, match=r"settings\.toml is damaged"):
        record.check(make())
