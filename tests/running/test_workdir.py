"""The work folder: what was made elsewhere has another name."""

import shutil
import subprocess
import sys

from gradshift.running.workdir import intermediate


def test_the_folder_of_a_place_stays_the_same(tmp_path):
    first = intermediate(tmp_path / "work")
    (first / "step").mkdir()
    (tmp_path / "work").rename(tmp_path / "moved")
    assert intermediate(tmp_path / "moved").name == first.name
    assert intermediate(tmp_path / "another").name != first.name


def test_a_copy_is_another_place(tmp_path):
    first = intermediate(tmp_path / "work")
    shutil.copytree(tmp_path / "work", tmp_path / "copy")
    shutil.copystat(tmp_path / "work" / ".made_here", tmp_path / "copy" / ".made_here")
    assert intermediate(tmp_path / "copy").name != first.name


def test_a_link_to_what_is_known_elsewhere_is_not_followed(tmp_path):
    known = intermediate(tmp_path / "known")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".made_here").symlink_to(known.parent / ".made_here")
    assert intermediate(tmp_path / "work").name != known.name


def test_processes_that_start_at_once_agree(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from gradshift.running.workdir import intermediate\n"
        "print(flush=True); sys.stdin.read()\n"
        f"print(intermediate(Path({str(tmp_path / 'work')!r})).name)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "\n"
    for process in processes:
        process.stdin.close()
        process.stdin = None
    told = {process.communicate(timeout=60)[0] for process in processes}
    assert told == {f"{intermediate(tmp_path / 'work').name}\n"}
