"""Stopped, killed and crowded: a few of what ``make test-faults`` does many times."""

import gzip
import importlib.util
import pickle
import shutil
import signal
import sys
from pathlib import Path

import pytest

from badinput import results
from gradshift.cli import main

FAULTS = Path(__file__).parents[2] / "ci" / "faults" / "__main__.py"
OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--measures", "withinfc", "meanfc")


@pytest.fixture(scope="module")
def faults():
    spec = importlib.util.spec_from_file_location("faults", FAULTS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lab(faults, tmp_path_factory):
    return faults.Lab(tmp_path_factory.mktemp("lab"), ["01", "02"], 7)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
@pytest.mark.parametrize(("level", "times"), [("participant", 3), ("group", 2)])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(faults, lab, level, times):
    *_, [told] = faults.kills(lab, level, times)
    assert told["times"] >= times


def test_two_processes_on_one_participant_do_not_meet(faults, lab):
    assert list(faults.rivals(lab, 1))


def test_two_first_runs_with_other_settings_do_not_mix(faults, lab):
    assert list(faults.strangers(lab, 1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_in_good_order(make_study, tmp_path, monkeypatch, capsys, number):
    study, out = make_study(people=["01"]), tmp_path / "out"
    handler = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    signal.signal(number, handler)
    monkeypatch.setattr(
        "gradshift.running.execute.execute", lambda *_: signal.raise_signal(number)
    )
    assert study.run(out, "participant", *OPTIONS) == 128 + number
    assert capsys.readouterr().err.endswith("run the same command again to resume.\n")
    assert not list(out.glob("logs/*.lock*"))
    assert signal.getsignal(number) is handler


def test_an_output_needs_neither_links_nor_locks(make_study, tmp_path, monkeypatch):
    study, out, other = make_study(people=["01"]), tmp_path / "out", tmp_path / "other"

    def fail(*_, **__):
        raise OSError(38, "Function not implemented")

    assert study.run(other, "participant", *OPTIONS) == 0
    for name in ("fcntl.flock", "fcntl.lockf", "os.link", "os.symlink"):
        monkeypatch.setattr(name, fail)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert results(out) == results(other) != {}


def test_an_error_of_the_system_is_a_sentence(make_study, tmp_path, monkeypatch, capsys):
    study, out = make_study(people=["01"]), tmp_path / "out"

    def fail(*_, **__):
        raise OSError(5, "Input/output error", str(out / "README"))

    monkeypatch.setattr("gradshift.levels.participant.readme.prepare", fail)
    assert study.run(out, "participant", *OPTIONS) == 74
    assert "out/README cannot be used: Input/output error" in capsys.readouterr().err


def test_what_a_killed_process_left_unfinished_is_removed(make_study, tmp_path):
    study, out = make_study(people=["01"]), tmp_path / "out"
    left = [out / "sub-01" / "ses-pre" / "func" / ".tmp-a", out / "atlases" / ".tmp-b"]
    others = out / "sub-02" / ".tmp-c"
    for path in (*left, others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert study.run(out, "participant", *OPTIONS) == 0
    assert not any(path.exists() for path in left)
    assert others.exists(), "another process may be writing it"


def test_labels_of_an_output_do_not_leave_it(make_study, tmp_path):
    """A label is checked wherever a path is made of it."""
    study = make_study(people=["01"], sessions=["pre"])
    evil = study.fmriprep / "sub-..%2f..%2fetc"
    (study.fmriprep / "sub-01").rename(evil)
    before = sorted(tmp_path.rglob("*"))
    code = main([str(study.root), str(tmp_path / "out"), "participant", "--denoise", "none"])
    assert code == 18
    assert sorted(tmp_path.rglob("*")) == before


class Evil:
    """What makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickles_that_came_along_are_not_read(make_study, tmp_path, capsys):
    """In the very place they were made for, so that nothing else tells them from our own."""
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    out.rename(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "elsewhere", out)
    before, touched = results(out), tmp_path / "touched"
    pickles = list(out.glob("work/**/*.pklz"))
    for path in pickles:
        path.write_bytes(gzip.compress(pickle.dumps(Evil(touched))))
    capsys.readouterr()
    assert study.run(out, "participant", *OPTIONS) == 0
    assert any(path.name.startswith("result_") for path in pickles)
    assert not touched.exists()
    assert capsys.readouterr().err.count("were not made here") == 1
    assert results(out) == before != {}
