"""A power cut leaves files empty, cut off or full of zeros: the next run gives the same bytes."""

import os
import shutil
from pathlib import Path

import pytest

from badinput import results
from gradshift.bids import write
from gradshift.running.damage import discard_damaged

OPTIONS = ("--denoise", "24P", "--measures", "withinfc", "alff", "--pcc", "Default_0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    """As of a file system that had written the size, and not yet the content."""
    path.write_bytes(bytes(path.stat().st_size))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a study, its output, and what that held."""
    from tiny import write_study

    folder = tmp_path_factory.mktemp("power")
    study, out = write_study(folder, ["01"], ["pre", "post"], [None]), folder / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    return study, out, results(out)


@pytest.mark.parametrize("results_too", [False, True])
@pytest.mark.parametrize("damage", [empty, half, zeros])
@pytest.mark.parametrize("what", ["*.pklz", "*.np[yz]", "_0x*.json", "*"], ids=lambda what: what)
def test_what_a_power_cut_left_is_made_again(finished, what, damage, results_too):
    study, out, before = finished
    folder = out / "sub-01"
    damaged = [path for path in out.glob(f"work/steps_*/**/{what}") if path.is_file()]
    if results_too:
        shutil.rmtree(folder)
    assert damaged
    for path in damaged:
        damage(path)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert results(out) == before


@pytest.mark.parametrize("damage", [empty, half, zeros])
def test_results_that_were_damaged_come_back(finished, damage):
    study, out, before = finished
    for path in [*out.glob("sub-01/**/*.*"), out / "dataset_description.json"]:
        if path.is_file():
            damage(path)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert results(out) == before


def sectors(path: Path) -> None:
    """As a disk leaves it, which writes whole sectors."""
    os.truncate(path, path.stat().st_size // 1024 * 512)


@pytest.mark.parametrize(("damage", "share"), [(empty, 0.5), (sectors, 1.0), (zeros, 1.0)])
def test_all_that_was_written_in_the_last_seconds_may_be_lost(finished, damage, share):
    study, out, before = finished
    written = sorted((path for path in out.rglob("*") if path.is_file()), key=os.path.getmtime)
    for path in written[int(len(written) * (1 - share)) :]:
        damage(path)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert results(out) == before


def test_nothing_is_removed_where_nothing_is_damaged(finished):
    _, out, _ = finished
    (steps,) = out.glob("work/steps_*")
    assert discard_damaged(steps, ["sub-01"]) == 0


@pytest.mark.parametrize("content", [b"", b"{", bytes(40)])
def test_what_is_known_of_a_person_is_whole_or_absent(tmp_path, content):
    (tmp_path / "finished").mkdir()
    (tmp_path / "finished" / "sub-01.json").write_bytes(content)
    assert discard_damaged(tmp_path, ["sub-01"]) == 1
    assert not (tmp_path / "finished" / "sub-01.json").exists()


def test_what_others_work_on_is_left_alone(finished):
    _, out, _ = finished
    (steps,) = out.glob("work/steps_*")
    other = steps / "gradshift_0_1" / "sub_02_task_rest" / "step" / "outcome.npz"
    other.parent.mkdir(parents=True)
    other.touch()
    assert discard_damaged(steps, ["sub-01"]) == 0
    assert other.exists()
    assert discard_damaged(steps, ["sub-02"]) == 1
    assert not other.parent.exists()


def test_a_file_reaches_the_disk_before_its_name_and_the_name_before_the_end(
    tmp_path, monkeypatch
):
    done = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(number):
        done.append("folder" if os.path.isdir(f"/dev/fd/{number}") else "content")
        fsync(number)

    def note_replace(*names):
        done.append("name")
        replace(*names)

    monkeypatch.setattr(write.os, "fsync", note_fsync)
    monkeypatch.setattr(write.os, "replace", note_replace)
    write.write_bytes(tmp_path / "a", b"b")
    assert done == ["content", "name", "folder"]


def test_an_error_of_a_file_names_it(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.os, "fsync", fail)
    with pytest.raises(OSError, match="No space") as caught:
        write.write_bytes(tmp_path / "a", b"b")
    assert caught.value.filename == str(tmp_path / "a")
    assert not list(tmp_path.iterdir())
