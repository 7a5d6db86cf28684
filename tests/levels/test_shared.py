"""A task of many reads what others wrote for all, and waits for none where that is all there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from finished import finish
from gradshift.bids import atlascopies
from gradshift.levels.citation import renew_citation
from gradshift.levels.pages import write_overview
from gradshift.output import prepared, record
from gradshift.settings import make
from tiny import write_study

PEOPLE = ("01", "02", "03")
OPTIONS = ("--denoise", "none", "--no-voxelwise", "--measures", "meanfc")


_opened: list[list[str]] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _opened and event in ("open", "os.listdir", "os.scandir"):
        _opened[-1].append(str(arguments[0]))


@contextmanager
def noting_files() -> Iterator[list[str]]:
    """Note every file and folder that is opened meanwhile."""
    if not hasattr(sys, "_files_are_noted"):
        sys.addaudithook(_note)  # for good: there is no way to take it back
        sys._files_are_noted = True
    _opened.append([])
    try:
        yield _opened[-1]
    finally:
        _opened.pop()


@pytest.fixture
def no_lock(monkeypatch):
    """Fail where a lock is asked for that all processes wait for."""

    def use():
        def fail(_):
            raise AssertionError("another task would wait")

        monkeypatch.setattr(record, "shared", fail)

    return use


def test_the_second_task_waits_for_nobody_and_any_change_of_what_is_shared_is_mended(
    tmp_path, no_lock
):
    study = write_study(tmp_path, ["01", "02"], ["pre"], [None])
    out = tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS, "--participant-label", "01") == 0
    shared = [out / "README", *atlascopies.files(out)]
    before = [path.read_bytes() for path in shared]
    shared[-1].write_text("damaged")
    assert study.run(out, "participant", *OPTIONS, "--participant-label", "01") == 0
    assert [path.read_bytes() for path in shared] == before
    no_lock()
    assert study.run(out, "participant", *OPTIONS, "--participant-label", "02") == 0
    assert len(list(out.glob("sub-*/ses-pre/func/*_measures.tsv"))) == 2
    assert len(list(out.glob("logs/*_participant.toml"))) == 3


def test_a_task_opens_as_few_files_beside_its_own_whoever_was_there_before(tmp_path):
    """Of an array of N tasks, N squared would be opened otherwise; one of them is at work."""
    counts, people = [], ["01", "02", "03"]
    study = write_study(tmp_path, people, ["pre"], [None])
    for label in people:
        with noting_files() as files:
            options = (*OPTIONS, "--participant-label", label)
            assert study.run(tmp_path / "out", "participant", *options) == 0
        (tmp_path / "out" / "logs" / "sub-99.lock").touch()
        results = [path for path in files if str(tmp_path / "out") in path]
        assert [path for path in results if f"sub-{label}" in path or f"sub_{label}" in path]
        others = [f"sub{sign}{one}" for one in people if one != label for sign in "-_"]
        counts.append([path for path in results if any(name in path for name in others)])
    assert counts == [[]] * len(people)


def test_the_page_of_everybody_is_left_to_the_last_at_work(tmp_path):
    study = finish(tmp_path, dict.fromkeys(PEOPLE, ("pre",)))
    out, settings = study.out, make(study.root, study.out, "participant", {})
    other = out / "logs" / "sub-03.lock"
    other.parent.mkdir(exist_ok=True)
    other.touch()
    write_overview(settings, ["sub-01"], in_turn=True)
    assert not (out / "index.html").exists()
    other.rename(other.with_name("sub-02.lock"))
    write_overview(settings, ["sub-02"], in_turn=True)
    assert all(name in (out / "index.html").read_text() for name in PEOPLE)


def test_other_content_is_not_what_was_left(tmp_path):
    (tmp_path / "README").write_text("what all share")
    assert not prepared.is_current(tmp_path, {"a": 1})
    prepared.keep(tmp_path, {"a": 1})
    assert prepared.is_current(tmp_path, {"a": 1})
    assert not prepared.is_current(tmp_path, {"a": 2})
    (tmp_path / "README").write_text("and something more")
    assert not prepared.is_current(tmp_path, {"a": 1})


def test_the_methods_text_is_renewed_from_results_of_ones_own(tmp_path, no_lock):
    sessions = dict.fromkeys(PEOPLE, ("pre",))
    out = finish(tmp_path, sessions, recipes=("24P",)).out
    renew_citation(out, ["sub-01"])
    text = (out / "logs" / "CITATION.md").read_text()
    assert "24P" in text
    finish(tmp_path / "more", {"03": ("pre",)}, recipes=("36P",)).out.joinpath("sub-03").rename(
        out / "sub-04"
    )
    for path in out.glob("sub-02/**/*.json"):
        path.write_text("{")  # of somebody else, who is at work
    renew_citation(out, ["sub-04"])
    both = (out / "logs" / "CITATION.md").read_text()
    assert "24P" in both
    assert "36P" in both
    no_lock()
    renew_citation(out, ["sub-03"])
    assert (out / "logs" / "CITATION.md").read_text() == both


def test_what_the_methods_text_is_told_from_does_not_depend_on_who_is_first(tmp_path):
    told = []
    for order in (("sub-02", "sub-01"), ("sub-01", "sub-02"), ("sub-01 sub-02",)):
        out = finish(tmp_path / order[0], dict.fromkeys(PEOPLE[:2], ("pre",))).out
        for people in order:
            renew_citation(out, people.split())
        told.append((out / "logs" / "methods.json").read_text())
    assert told[0] == told[1] == told[2]
    assert "sub-01" in told[0]
