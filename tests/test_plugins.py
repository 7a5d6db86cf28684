"""Plug-ins: what a file may define, and what is refused in one sentence."""

from importlib.metadata import EntryPoint

import pytest

from gradshift import plugins
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.errors import MissingInputError, SettingsError
from plugged import MEASURE, MODEL, write_plugin


@pytest.fixture(autouse=True)
def as_before():
    plugins.forget()
    yield
    plugins.forget()
    assert "plugged" not in measures()


def test_a_file_may_define_measures_and_models(tmp_path):
    path = write_plugin(tmp_path / "ours.py", MEASURE + MODEL)
    before = {*measures(), *models()}
    plugins.load([path])
    plugins.load([path])  # once is enough
    assert {*measures(), *models()} - before == {"plugged", "peak"}
    assert plugins.of("plugged").path == path
    assert plugins.of("withinfc") is None
    assert list(measures()) == sorted(measures())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError.*nowhere_to_be_found"),
        ("def broken(:", "SyntaxError"),
        ("x = 1", "neither MEASURE nor MODEL"),
        ("MEASURE = 3", "MEASURE as 3"),
        (MEASURE.replace('"plugged"', '"withinfc"'), "withinfc, which gradshift itself"),
        (MEASURE.replace('"plugged"', '"suvr"'), "suvr, which gradshift itself"),
        (MEASURE.replace('"plugged"', '"With Space"'), "lower-case letters"),
        (MEASURE.replace("caveat=", 'cite=("Nobody1900",), caveat='), "cites Nobody1900"),
    ],
    ids=["import", "syntax", "nothing", "type", "clash", "other clash", "name", "reference"],
)
def test_what_cannot_be_used_is_refused_with_file_and_reason(tmp_path, text, reason):
    path = write_plugin(tmp_path / "ours.py", text)
    with pytest.raises(SettingsError, match=rf"ours\.py.*{reason}") as caught:
        plugins.load([path])
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 64


def test_two_files_may_not_define_the_same_name(tmp_path):
    one, two = (write_plugin(tmp_path / name, MEASURE) for name in ("one.py", "two.py"))
    with pytest.raises(
        SettingsError, match=r"two\.py defines plugged, which the plug-in .*one\.py"
    ):
        plugins.load([one, two])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"gone\.py"):
        plugins.load([tmp_path / "gone.py"])


def test_an_installed_package_adds_measures_by_its_entry_point(tmp_path, monkeypatch):
    folder = tmp_path / "labpackage"
    folder.mkdir()
    write_plugin(folder / "__init__.py", "")
    write_plugin(folder / "ours.py", MEASURE)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("ours", "labpackage.ours", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point] * (group == point.group))
    plugins.load()
    assert "plugged" in measures()
    assert plugins.of("plugged").packages == {"labpackage": folder}
