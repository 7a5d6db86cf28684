"""Streams that are full, closed or left, and what must not reach a terminal."""

import io
import os
import signal
import subprocess
import sys

import pytest

from gradshift.running.streams import Stream, plain

HELP = [sys.executable, "-m", "gradshift", "--help"]
WRONG = [sys.executable, "-m", "gradshift", "data"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\n", "a\tb\n"),
        ("sub-\x1b[31m01", "sub-\\x1b[31m01"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten\x08\x00", "over\\x0dwritten\\x08\\x00"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("txt.\u202egpj\u2066", "txt.\\u202egpj\\u2066"),
        (b"th\xe9".decode(errors="surrogateescape"), "th\\xe9"),
        ("café 東京 µ", "café 東京 µ"),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert plain(text) == shown
    assert plain(shown) == shown


def test_letters_that_a_stream_does_not_have_are_written_out():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    stream = Stream(file)
    print("µm \udcfc", file=stream)
    stream.flush()
    assert file.buffer.getvalue() == b"\\xb5m \\xfc\n"


def run(words, **how):
    return subprocess.run(words, check=False, timeout=60, **how)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux only")
def test_a_full_output_is_an_error_that_names_it():
    with open("/dev/full", "w") as full:
        ended = run(HELP, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 74
    assert ended.stderr.startswith(
        b"gradshift: What was to be printed cannot be written: No space"
    )
    assert ended.stderr.count(b"\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux only")
def test_a_full_log_changes_no_exit_code():
    with open("/dev/full", "w") as full:
        assert run(WRONG, stderr=full).returncode == 64


def test_a_reader_that_had_enough_is_no_failure():
    reader, writer = os.pipe()
    os.close(reader)
    ended = run(HELP, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed):
    for words, code in ((HELP, 0), (WRONG, 64)):
        command = f"{' '.join(words)} {closed}"
        ended = run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert ended.returncode == code
        assert ended.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_was_ignored_stays_ignored(number):
    """As by nohup, or by & of a shell: also in the processes that do the work."""
    program = (
        "import os, signal\n"
        f"signal.signal({int(number)}, signal.SIG_IGN)\n"
        "from gradshift.running.process import stopped_by_signals\n"
        "from gradshift.running.slots import Slots, start_worker\n"
        f"def hit(): signal.raise_signal({int(number)}); return 'went on'\n"
        "if __name__ == '__main__':\n"
        "    with stopped_by_signals():\n"
        f"        signal.raise_signal({int(number)})\n"
        "        slots = Slots(1, start_worker, (os.getcwd(),))\n"
        "        print(slots.submit(hit).result()); slots.shutdown()"
    )
    ended = run([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert (ended.returncode, ended.stdout) == (0, b"went on\n")
