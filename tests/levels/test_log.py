"""The log of a run: a line per message on the console, everything in the file."""

import logging
import shlex

import pytest

from gradshift import cli
from gradshift import settings as schema
from gradshift.errors import InputError
from gradshift.levels.log import RunLog, command

logger = logging.getLogger("gradshift")


@pytest.fixture
def start(tmp_path):
    (tmp_path / "out" / "logs").mkdir(parents=True)

    def started(level="participant", **given) -> RunLog:
        settings = schema.make(tmp_path / "my study", tmp_path / "out", level, given)
        return RunLog(settings, given)

    yield started
    logger.handlers = []


def kept(tmp_path):
    (path,) = (tmp_path / "out" / "logs").glob("*.log")
    return path, path.read_text(encoding="utf-8")


def warn(people: int = 4) -> None:
    for person in range(1, people + 1):
        logger.warning("sub-0%d ses-pre: moved %d mm between volumes.", person, 4 + person)
    logger.warning("There is no participants.tsv.")


def test_warnings_of_a_kind_are_counted_and_the_file_has_them_all(start, tmp_path, capsys):
    with start() as log:
        logger.info("said\nearly")
        log.keep()
        warn()
        logger.debug("detail")
        log.close(0)
    console = capsys.readouterr().err.splitlines()
    assert sum("moved" in line for line in console) == 2
    assert any("3 more warnings" in line and "sub-04 ses-pre" in line for line in console)
    assert sum("participants.tsv" in line for line in console) == 1
    assert not any("detail" in line for line in console)
    path, text = kept(tmp_path)
    assert text.count("mm between volumes.\n") == 4
    assert "detail" in text
    assert "said" in text, "from the start, not only since the file is there"
    *_, last = console
    assert str(path) in last
    assert shlex.quote(str(tmp_path / "my study")) in last, "the next command"
    assert last.endswith(" group")


def test_quiet_prints_warnings_and_errors_only(start, capsys):
    with start(quiet=True) as log:
        log.keep()
        logger.info("a fact")
        logger.error("a failure")
        log.close(1)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "a failure" in told


def test_verbose_holds_nothing_back(start, capsys):
    with start(verbose=True):
        warn(3)
    assert capsys.readouterr().err.count("moved") == 3


def test_the_page_that_is_there_is_named(start, tmp_path, capsys):
    page = tmp_path / "out" / "group" / "index.html"
    page.parent.mkdir()
    page.touch()
    with start("group") as log:
        log.keep()
        log.close(0)
    assert str(page) in capsys.readouterr().err


def test_why_a_run_ended_is_in_its_file(start, tmp_path, capsys):
    log, error = start(), InputError("Nothing fits.")
    log.keep()
    log.__exit__(InputError, error, None)
    path, text = kept(tmp_path)
    assert "Nothing fits." in text
    assert str(path) in capsys.readouterr().err


def test_nothing_is_written_where_nothing_is_kept(start, tmp_path, capsys):
    with start() as log:
        warn()
        log.close(0)
    assert not list(tmp_path.rglob("*.log"))


def test_runs_of_one_second_have_files_of_their_own(start, tmp_path):
    logs = [start(), start()]
    for log in logs:
        log._stamp = "20260101-000000"
        with log:
            log.keep()
    names = {path.name for path in tmp_path.rglob("*.log")}
    assert names == {"20260101-000000_participant.log", "20260101-000000_participant_2.log"}


def test_a_log_that_cannot_be_written_hinders_nothing(start, tmp_path):
    (tmp_path / "out" / "logs").rmdir()
    with start() as log:
        log.keep()
        warn()
        log.close(0)


def test_control_characters_reach_neither_console_nor_file(start, tmp_path, capsys):
    with start() as log:
        log.keep()
        logger.warning("sub-\x1b[31m01: red")
        log.close(0)
    assert "\x1b" not in capsys.readouterr().err + kept(tmp_path)[1]


def test_the_command_of_a_run_is_one_that_gives_the_same_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["a b", "out", "participant", "--band", "0.01", "0.1", "--no-voxelwise", "--dry-run"]
    asked = cli.parse(words)
    program, *again = shlex.split(command(*asked))
    assert program == "gradshift"
    assert cli.parse(again) == asked
