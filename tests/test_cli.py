"""The command line: words become settings, mistakes become a sentence and exit code 64."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradshift import __version__, cli
from gradshift import settings as schema
from synthetic import grow, person, preprocessed

BASE = ["data", "out", "participant"]


def parse(*words):
    return cli.parse([*BASE, *words])


def test_only_what_is_given_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, given = parse("--fd-threshold", "0.3", "--overwrite")
    assert given == {"fd_threshold": 0.3, "overwrite": True}
    assert settings == schema.make(
        tmp_path / "data",
        tmp_path / "out",
        "participant",
        {"fd_threshold": 0.3, "overwrite": True},
    )


@pytest.mark.parametrize("flag", ["--participant-label", "--participant_label"])
def test_participants_come_with_or_without_prefix_and_dash(flag):
    settings, _ = parse(flag, "sub-01", "02")
    assert settings.inputs.participant_label == ("01", "02")


def test_underscores_are_dashes_in_names_but_not_in_values():
    settings, _ = parse("--no_combine_runs", "--work_dir=a_b", "--derivatives=fmriprep=c_d")
    assert not settings.analysis.combine_runs
    assert settings.running.work_dir == "a_b"
    assert settings.inputs.derivatives == ("fmriprep=c_d",)


def test_the_command_line_wins_over_the_file(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('fd-threshold = 0.2\nmin-minutes = 3\ncombine-runs = false\nspace = "A"\n')
    settings, given = parse("--config-file", str(file), "--fd-threshold", "0.4", "--combine-runs")
    assert settings.denoising.fd_threshold == 0.4
    assert settings.denoising.min_minutes == 3
    assert settings.analysis.combine_runs
    assert settings.inputs.space == "A"
    assert set(given) == {"fd_threshold", "min_minutes", "combine_runs", "space"}


def test_given_options_are_the_checked_ones_whoever_gave_them(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('atlas = "Schaefer2018_200_7"\nsession-label = "ses-pre"\nmem = 2\n')
    _, given = parse("--config-file", str(file))
    assert given == {"atlas": ("Schaefer2018_200_7",), "session_label": ("pre",), "mem": 2.0}


ALIASES = {
    "--nthreads": ("3", "nprocs", 3),
    "--n-cpus": ("3", "nprocs", 3),
    "--n_cpus": ("3", "nprocs", 3),
    "--mem-mb": ("2500", "mem", 2.5),
    "--mem_mb": ("2500", "mem", 2.5),
    "-t": ("task-rest", "task_id", ("rest",)),
    "--session-id": ("pre", "session_label", ("pre",)),
    "--fd-thresh": ("0.3", "fd_threshold", 0.3),
    "--min-coverage": ("0.6", "coverage_threshold", 0.6),
    "--atlases": ("TianS2", "atlas", ("TianS2",)),
    "--nipype-plugin-file": ("a.yml", "use_plugin", "a.yml"),
}


@pytest.mark.parametrize("name", ALIASES)
def test_what_users_of_other_programs_type_by_habit_is_understood(name):
    word, option, value = ALIASES[name]
    assert parse(name, word)[1] == {option: value}


def test_nothing_is_tracked_anyway():
    assert parse("--notrack") == parse()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--fd-treshold=1", "--fd-threshold"),
        ("--participants-label", "--participant-label"),
        ("--baselin", "--baseline"),
        ("--nproc", "--nprocs"),
    ],
)
def test_an_option_that_may_have_been_meant_is_named(typed, meant, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(typed)
    assert stop.value.code == 64
    assert f"did you mean {meant}?" in capsys.readouterr().err


def test_verbose_and_quiet_are_not_both(capsys):
    assert cli.main([*BASE, "--verbose", "--quiet"]) == 64
    assert "--quiet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--atlas", "schaefer218_200_7"], "Schaefer2018_200_7"),
        (["--atlas", "Shaefer100"], "Schaefer2018_100_7"),
        (["--denoise", "acompcorr"], "aCompCor"),
        (["--measures", "withinFC", "gradientrage"], "gradientrange"),
        (["--pet-model", "vt-logan"], "vtlogan"),
    ],
)
def test_a_name_that_may_have_been_meant_is_named(words, meant, tmp_path, capsys):
    study = grow(tmp_path / "study", preprocessed(person("01")))
    assert cli.main([str(study), str(tmp_path / "out"), "participant", *words]) == 64
    assert f"did you mean {meant}?" in capsys.readouterr().err


def completed(line):
    """What the shell is offered for a line, as argcomplete asks for it."""
    with open(os.devnull) as nothing:
        done = subprocess.run(
            ["bash", "-c", f"'{sys.executable}' -m gradshift 8>&1 9>/dev/null"],
            env={**os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "_ARGCOMPLETE_IFS": "\n",
                 "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
                 "_ARGCOMPLETE_SUPPRESS_SPACE": "1"},
            stdin=nothing, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    return done.stdout.split("\n")


def test_the_shell_is_told_how_a_word_may_go_on():
    assert "--fd-threshold" in completed("gradshift a b participant --fd")
    assert "aCompCorGSR" in completed("gradshift a b participant --denoise aCompC")


def test_windows_is_told_of_the_container(monkeypatch, capsys):
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert cli.main(BASE) == 64
    assert "container" in capsys.readouterr().err


def test_help_opens_with_an_example_and_what_is_needed(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert text.startswith("example: gradshift ")
    assert text.index("fMRIPrep") < text.index("usage:")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (BlockingIOError(11, "Resource temporarily unavailable"), 74, "no further process"),
        (ImportError("broken pandas"), 1, "A library cannot be loaded: broken pandas"),
    ],
)
def test_a_library_that_cannot_be_loaded_is_a_sentence(
    tmp_path, monkeypatch, capsys, error, code, sentence
):
    def fail(*_):
        raise error

    monkeypatch.setattr(cli, "set_apart", fail)
    assert cli.main([str(tmp_path), str(tmp_path / "out"), "group"]) == code
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [KeyError("x"), OverflowError("a\nb"), RecursionError(), ValueError("\x1b[31m")]
)
def test_what_nobody_has_foreseen_is_a_sentence_and_its_origin_is_kept(
    tmp_path, monkeypatch, capsys, error
):
    def fail(*_):
        raise error

    (tmp_path / "out" / "logs").mkdir(parents=True)
    monkeypatch.setattr("gradshift.levels.run.run", fail)
    assert cli.main([str(tmp_path), str(tmp_path / "out"), "group"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(
        f"gradshift: An error that gradshift does not know: {type(error).__name__}"
    )
    assert told.count("\n") == 1
    assert "\x1b" not in told
    (kept,) = (tmp_path / "out" / "logs" / "crash").iterdir()
    assert "Traceback" in kept.read_text()


@pytest.mark.parametrize("content", [
    "nprocs = 1000000000000000000", "nprocs = " + "9" * 5000, "fd-threshold = " + "9" * 400,
    "band = " + "[" * 100_000, "a = " + "{a = " * 100_000, "#" * 2**21, "mem = 1e400",
], ids=lambda content: content[:12])  # fmt: skip
def test_a_hostile_settings_file_is_a_sentence(tmp_path, capsys, content):
    file = tmp_path / "s.toml"
    file.write_text(content)
    assert cli.main([*BASE, "--config-file", str(file)]) == 64
    assert capsys.readouterr().err.count("\n") == 1


def test_a_pipe_as_settings_file_is_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "s.toml")
    assert cli.main([*BASE, "--config-file", str(tmp_path / "s.toml")]) == 64
    assert "not a regular file" in capsys.readouterr().err


WRONG = {
    "no words": ([], "BIDS_DIR"),
    "level": (["data", "out", "everybody"], "everybody"),
    "unknown option": ([*BASE, "--fd-treshold", "1"], "--fd-treshold"),
    "shortened option": ([*BASE, "--participant", "01"], "--participant"),
    "not a number": ([*BASE, "--fd-threshold", "small"], "--fd-threshold"),
    "not whole": ([*BASE, "--nprocs", "1.5"], "--nprocs"),
    "more threads than all": ([*BASE, "--nprocs", "2", "--omp-nthreads", "4"], "larger --nprocs"),
    "not a choice": ([*BASE, "--connectivity", "spearman"], "--connectivity"),
    "one of two": ([*BASE, "--band", "0.1"], "--band"),
    "no value": ([*BASE, "--participant-label"], "--participant-label"),
    "nonsense": ([*BASE, "--band", "0.1", "0.01"], "--band"),
    "not a finite number": ([*BASE, "--mem", "nan"], "--mem"),
    "not a label": ([*BASE, "--task-id", "a/b"], "'a/b'"),
}


@pytest.mark.parametrize(("words", "named"), WRONG.values(), ids=WRONG)
def test_wrong_usage_ends_with_64_and_names_the_option(words, named, capsys):
    try:
        code = cli.main(words)
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr()
    assert code == 64
    assert told.out == ""
    assert told.err.startswith("gradshift: ")
    assert named in told.err
    assert told.err.count("\n") == 1


def test_a_settings_file_that_is_not_there_ends_with_66(tmp_path, capsys):
    assert cli.main([*BASE, "--config-file", str(tmp_path / "none.toml")]) == 66
    assert "none.toml" in capsys.readouterr().err


def test_a_dataset_that_is_not_there_ends_with_66(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "limit_threads", lambda n: None)
    assert cli.main([str(tmp_path / "none"), str(tmp_path / "out"), "participant"]) == 66
    assert str(tmp_path / "none") in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_version_needs_nothing_else(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert not stop.value.code
    assert capsys.readouterr().out == f"gradshift {__version__}\n"


def test_help_shows_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert not stop.value.code
    for _, f in schema.options():
        assert schema.flag(f.name) in text
    assert "(default: 0.01 0.08)" in text
    assert "(default: aCompCor 36P)" in text


def test_a_user_without_a_home_is_given_one(monkeypatch):
    def unknown(cls):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(Path, "home", classmethod(unknown))
    cli.give_a_home()
    assert os.access(os.environ["HOME"], os.W_OK)


def test_where_nothing_can_be_written_memory_is_left(tmp_path, monkeypatch):
    def fail() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", fail)
    monkeypatch.setattr("gradshift.running.process.MEMORY", tmp_path)
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.setenv("MPLCONFIGDIR", "/tmp/matplotlib")
    cli.give_a_home()
    assert os.environ["TMPDIR"] == str(tmp_path)
    assert Path(os.environ["MPLCONFIGDIR"]).parent == tmp_path


def stopped(folder, *lines):
    """Run a module in which `parse` is what these lines make it, and see how it ends."""
    hears = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # also if we do not
    hangs_up = "signal.signal(signal.SIGHUP, signal.SIG_DFL)"  # also if nohup began us
    begin = ("import signal, sys, time", hears, hangs_up, "from gradshift import cli")
    code = "\n".join([*begin, *lines, "cli.parse = parse", "sys.exit(cli.main([]))"])
    (folder / "stopped.py").write_text(code)
    words = [sys.executable, "-m", "stopped"]
    return subprocess.run(words, cwd=folder, stderr=subprocess.PIPE, check=False, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_code_is_made_is_told_by_the_exit_code(tmp_path, number):
    """A module, of which Python keeps in mind that Ctrl-C came during ``exec``."""
    ended = stopped(
        tmp_path,
        f"making = 'signal.raise_signal({int(number)})'",
        "parse = lambda words: exec(making)",
    )
    assert ended.returncode == 128 + number
    assert b"resume" in ended.stderr


def test_a_signal_in_a_destructor_stops_the_run_all_the_same(tmp_path):
    ended = stopped(
        tmp_path,
        "class Met:",
        "    def __del__(self):",
        "        signal.raise_signal(signal.SIGTERM)",
        "def parse(words):",
        "    Met()",
        "    time.sleep(30)",
        "    print('went on', file=sys.stderr)",
    )
    assert ended.returncode == 128 + signal.SIGTERM
    assert b"went on" not in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_signal_while_nipype_is_imported_leaves_no_traceback(tmp_path):
    ended = stopped(
        tmp_path,
        "class Finder:",
        "    def find_spec(self, name, *_):",
        "        if name == 'asyncio.events':",
        "            sys.meta_path.remove(self)",
        "            signal.raise_signal(signal.SIGTERM)",
        "def parse(words):",
        "    sys.meta_path.insert(0, Finder())",
        "    import nipype",
    )
    assert ended.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in ended.stderr
