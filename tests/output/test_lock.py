"""Locks: one process per participant, and none outlived by its lock."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradshift.errors import OutputError
from gradshift.output import lock
from gradshift.output.lock import BOOT_ID, locked

needs_linux = pytest.mark.skipif(not BOOT_ID.exists(), reason="the kernel has no name here")


def held(folder):
    return sorted(path.name for path in folder.glob("*.lock"))


def leave(folder, **owner):
    """Leave a lock behind as another process would."""
    here = {
        "host": socket.gethostname(),
        "boot": lock._boot(),
        "ids": lock._ids(),
        "holder": "",
        "pid": os.getpid(),
        "time": 1714559400.0,
    }
    path = folder / "sub-01.lock"
    path.write_text(json.dumps({**here, **owner}))
    return path


@pytest.fixture
def dead():
    """Return the id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_is_exclusive_and_goes_with_its_holder(tmp_path):
    logs = tmp_path / "logs"
    with locked(logs, ["sub-01", "sub-02"]):
        assert held(logs) == ["sub-01.lock", "sub-02.lock"]
        with pytest.raises(OutputError, match="sub-02 is being worked on") as caught:
            locked(logs, ["sub-03", "sub-02"]).__enter__()
        assert held(logs) == ["sub-01.lock", "sub-02.lock"], "what was taken is given back"
        with locked(logs, ["sub-03"]):
            pass
    assert held(logs) == []
    assert caught.value.exit_code == 73
    assert str(os.getpid()) in str(caught.value)
    assert str(logs / "sub-02.lock") in str(caught.value)


def test_another_process_is_kept_out(tmp_path):
    program = (
        "import sys; from pathlib import Path; from gradshift.output.lock import locked\n"
        f"with locked(Path({str(tmp_path)!r}), ['sub-01']): print('in')"
    )
    command = [sys.executable, "-c", program]
    with locked(tmp_path, ["sub-01"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode
        assert f"by process {os.getpid()}" in done.stderr
    assert subprocess.check_output(command, text=True, timeout=60) == "in\n"


def test_a_lock_is_given_back_after_a_failure(tmp_path):
    with pytest.raises(KeyboardInterrupt), locked(tmp_path, ["sub-01"]):
        raise KeyboardInterrupt
    assert held(tmp_path) == []


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path, dead):
    path = leave(tmp_path, pid=dead)
    with locked(tmp_path, ["sub-01"]):
        assert json.loads(path.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("locks", ["fcntl.flock", "fail"])
def test_of_many_who_see_a_dead_lock_one_takes_it_over(tmp_path, dead, locks):
    """All look at it before one removes it: the first must not lose what it has taken.

    Also on a file system without locks, where nothing but files can tell.
    """
    leave(tmp_path, pid=dead)
    program = (
        "import fcntl, os, time; from pathlib import Path\n"
        "from gradshift.errors import OutputError\n"
        "from gradshift.output import lock\n"
        "def fail(*_): raise OSError(38, 'Function not implemented')\n"
        f"fcntl.flock = {locks}\n"
        "same = os.path.samestat\n"
        "def slow(a, b):\n"
        "    found = same(a, b); time.sleep(0.3)\n"
        "    return found\n"
        "os.path.samestat = slow\n"
        "try:\n"
        f"    with lock.locked(Path({str(tmp_path)!r}), ['sub-01']):\n"
        "        print('in', flush=True); time.sleep(2); print('out')\n"
        "except OutputError: print('kept out')\n"
    )
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    told = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert told == ["in\nout\n", *["kept out\n"] * 5]
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_waited_for(tmp_path):
    program = (
        "import time; from pathlib import Path; from gradshift.output.lock import locked\n"
        f"with locked(Path({str(tmp_path)!r}), ['settings']):\n"
        "    print('in', flush=True); time.sleep(0.5)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"in\n"
        with locked(tmp_path, ["settings"], patience=30):
            assert held(tmp_path) == ["settings.lock"]


def test_of_many_who_would_write_the_same_one_writes_and_none_waits_longer(tmp_path):
    """As of an array of 1000 tasks, 500 at a time: in turn they would take 100 seconds."""
    written, wrote = tmp_path / "written", []

    def task(number):
        with locked(tmp_path, ["settings"], patience=60, is_done=written.exists) as is_needed:
            if is_needed:
                time.sleep(0.1)  # a slow file system
                wrote.append(number)
                written.touch()

    with ThreadPoolExecutor(500) as pool:
        list(pool.map(task, range(1000)))
    assert len(wrote) == 1
    with locked(tmp_path, ["settings"], is_done=written.exists) as is_needed:
        assert not is_needed
    with locked(tmp_path, ["settings"]) as is_needed:
        assert is_needed


def test_the_lock_of_another_machine_is_not(tmp_path, dead):
    path = leave(tmp_path, pid=dead, host="elsewhere")
    with (
        pytest.raises(OutputError, match=rf"process {dead} on elsewhere since 2024-0"),
        locked(tmp_path, ["sub-01"]),
    ):
        pytest.fail("entered")
    assert path.exists()


@needs_linux
def test_the_lock_of_a_container_that_is_gone_is_taken_over(tmp_path):
    leave(tmp_path, host="0123456789ab", ids="pid:[1]", holder=".holder-gone")
    with locked(tmp_path, ["sub-01"]):
        pass


@needs_linux
def test_the_lock_of_a_killed_process_is_taken_over_with_its_holder(tmp_path):
    """The file that it kept open is left as well."""
    program = (
        "import os, signal; from pathlib import Path\n"
        "from gradshift.output.lock import locked\n"
        f"with locked(Path({str(tmp_path)!r}), ['sub-01', 'sub-02']):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert len(list(tmp_path.iterdir())) == 3
    with locked(tmp_path, ["sub-01"]), locked(tmp_path, ["sub-02"]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_container_of_the_same_host_name_does_not_tell_who_lives(tmp_path, monkeypatch, dead):
    """Without locks of the file system nothing does: its process ids are of another world."""

    def fail(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", fail)
    for owner in ({"ids": "pid:[1]"}, {"boot": "another", "ids": "pid:[1]"}):
        leave(tmp_path, pid=dead, **owner)
        with pytest.raises(OutputError), locked(tmp_path, ["sub-01"]):
            pytest.fail("entered")


def test_a_machine_that_was_started_again_holds_nothing(tmp_path, monkeypatch, dead):
    """Its name is its own; that of a container may be that of another on another machine."""
    leave(tmp_path, boot="before", ids=lock.MACHINE)
    monkeypatch.setattr(lock, "_ids", lambda: "pid:[1]")
    with pytest.raises(OutputError), locked(tmp_path, ["sub-01"]):
        pytest.fail("entered")
    monkeypatch.setattr(lock, "_ids", lambda: lock.MACHINE)
    with locked(tmp_path, ["sub-01"]):
        pass


def test_5000_people_take_one_open_file(tmp_path):
    program = (
        "import resource; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from gradshift.output.lock import locked\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "with locked(folder, [f'sub-{i:04d}' for i in range(5000)]):\n"
        "    print(len(list(folder.glob('sub-*.lock'))))"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True, timeout=120)
    assert told == "5000\n"
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_in_the_place_of_a_lock_is_respected_and_named(tmp_path):
    os.mkfifo(tmp_path / "sub-01.lock")
    with pytest.raises(OutputError, match=r"remove .*sub-01\.lock"), locked(tmp_path, ["sub-01"]):
        pytest.fail("entered")


@pytest.mark.parametrize(
    "owner", [{"pid": 10**30}, {"pid": -1}, {"pid": 1.5}, {"time": 1e30}, {"holder": "../x"}]
)
def test_a_lock_with_impossible_numbers_is_respected(tmp_path, owner):
    path = leave(tmp_path, **owner)
    with pytest.raises(OutputError, match="did not say"), locked(tmp_path, ["sub-01"]):
        pytest.fail("entered")
    assert path.exists()


@needs_linux
def test_the_lock_of_a_container_that_lives_is_not(tmp_path, monkeypatch, dead):
    with locked(tmp_path, ["sub-01"]):
        path = tmp_path / "sub-01.lock"
        owner = json.loads(path.read_text())
        path.write_text(
            json.dumps({**owner, "ids": "pid:[1]", "pid": dead})
        )  # no such process in this container
        with pytest.raises(OutputError), locked(tmp_path, ["sub-01"]):
            pytest.fail("entered")


def test_a_file_system_without_locks_leaves_the_process_to_ask_for(tmp_path, monkeypatch, dead):
    def fail(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", fail)
    with locked(tmp_path, ["sub-01"]):
        path = tmp_path / "sub-01.lock"
        owner = json.loads(path.read_text())
        with pytest.raises(OutputError), locked(tmp_path, ["sub-01"]):
            pytest.fail("entered")
    path.write_text(json.dumps({**owner, "pid": dead}))
    with locked(tmp_path, ["sub-01"]):
        pass


def test_who_died_while_taking_over_a_lock_blocks_it_for_a_minute_at_most(
    tmp_path, monkeypatch, dead
):
    def fail(*_):
        raise OSError(38, "Function not implemented")

    path, takeover = leave(tmp_path, pid=dead), tmp_path / "sub-01.lock.takeover"
    takeover.touch()
    with monkeypatch.context() as patched:
        patched.setattr("fcntl.flock", fail)
        with pytest.raises(OutputError), locked(tmp_path, ["sub-01"]):
            pytest.fail("entered")
        os.utime(takeover, (path.stat().st_mtime - 61,) * 2)
        with locked(tmp_path, ["sub-01"]):
            assert not takeover.exists()
    leave(tmp_path, pid=dead)
    takeover.touch()
    with locked(tmp_path, ["sub-01"]):
        pass


def test_a_lock_does_not_live_on_in_the_children_of_its_holder(tmp_path):
    program = (
        "import os, time; from pathlib import Path\n"
        "from gradshift.output.lock import locked\n"
        f"with locked(Path({str(tmp_path)!r}), ['sub-01']):\n"
        "    if not os.fork(): print(os.getpid(), flush=True)\n"
        "    time.sleep(60)"
    )
    done = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with done:
        child = int(done.stdout.readline())
        done.kill()
        done.wait()
        try:
            with locked(tmp_path, ["sub-01"]):
                pass
        finally:
            os.kill(child, 9)


def test_a_lock_whose_maker_died_before_it_was_named_is_taken_over(tmp_path):
    (tmp_path / "sub-01.lock").touch()
    with locked(tmp_path, ["sub-01"]):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_that_is_about_to_be_named_is_respected(tmp_path):
    with (tmp_path / "sub-01.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="not say"), locked(tmp_path, ["sub-01"]):
            pytest.fail("entered")


@pytest.mark.parametrize("content", ["{", "[1]", '{"time": 1e400, "pid": 1}', "[" * 100_000])
def test_a_lock_that_says_nothing_is_respected_and_named(tmp_path, content):
    path = tmp_path / "sub-01.lock"
    path.write_text(content)
    with pytest.raises(OutputError, match=r"remove .*sub-01\.lock"), locked(tmp_path, ["sub-01"]):
        pytest.fail("entered")
    assert path.read_text() == content


def test_a_full_disk_leaves_no_lock_without_owner(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gradshift.output.lock.json.dump", fail)
    with pytest.raises(OSError, match="No space"), locked(tmp_path, ["sub-01"]):
        pytest.fail("entered")
    assert held(tmp_path) == []
