"""Nobody else's code is run from the work folder."""

import gzip
import os
import pickle
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from badinput import results
from gradshift.errors import OutputError
from gradshift.running import workdir
from gradshift.running.pickles import Guarded, is_whole
from gradshift.running.workdir import check_above, intermediate

OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--measures", "withinfc", "meanfc")
STRANGER, FRIEND = 1111, 1112

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")


class Evil:
    """What makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def swap(out: Path, touched: Path) -> list[Path]:
    """Put code in place of every pickle."""
    found = list(out.glob("work/**/*.pklz"))
    for path in found:
        path.write_bytes(gzip.compress(pickle.dumps(Evil(touched))))
    return found


def test_a_work_folder_is_for_its_user_alone(tmp_path):
    before = os.umask(0o002)
    try:
        steps = intermediate(tmp_path / "work")
    finally:
        os.umask(before)
    for folder in (steps, steps.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_work_folder_that_others_can_write_to_is_refused(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(workdir, "_is_own_group", lambda _: False)
    intermediate(tmp_path / "work")
    (tmp_path / "work").chmod(mode)
    with pytest.raises(OutputError, match="can be written to by other users"):
        intermediate(tmp_path / "work")
    (tmp_path / "work").chmod(0o755)
    intermediate(tmp_path / "work").chmod(mode)
    with pytest.raises(OutputError, match=r"steps_.* can be written to by other users"):
        intermediate(tmp_path / "work")


def test_a_sticky_folder_of_all_may_hold_the_work(tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch").chmod(0o1777)
    check_above(tmp_path / "scratch" / "work")
    assert intermediate(tmp_path / "scratch").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o775, 0o777])
def test_a_place_that_others_could_exchange_is_refused(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(workdir, "_is_own_group", lambda _: False)
    (tmp_path / "shared" / "inner").mkdir(parents=True)
    (tmp_path / "shared").chmod(mode)
    with pytest.raises(OutputError, match=f"{tmp_path / 'shared'} can be written to"):
        check_above(tmp_path / "shared" / "inner" / "not" / "yet")


def test_the_group_of_a_user_alone_is_nobody_else(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o775)
    user = pwd.getpwuid(os.geteuid())
    if not workdir._is_own_group(user.pw_gid):
        pytest.skip("this user has no group of its own")
    os.chown(tmp_path / "mine", -1, user.pw_gid)
    check_above(tmp_path / "mine" / "work")


@as_root
@pytest.mark.parametrize("part", ["work", "work/.made_here", "steps"])
def test_root_does_not_read_what_belongs_to_another_user(tmp_path, part):
    steps = intermediate(tmp_path / "work")
    os.chown(steps if part == "steps" else tmp_path / part, STRANGER, -1)
    with pytest.raises(OutputError, match=f"belongs to the user with the number {STRANGER}"):
        intermediate(tmp_path / "work")


@as_root
def test_root_runs_no_code_of_the_owner_of_the_output(make_study, tmp_path, capsys):
    """A container without --user, on a folder of somebody who swapped what is read there."""
    study, out, touched = make_study(people=["01"]), tmp_path / "out", tmp_path / "touched"
    assert study.run(out, "participant", *OPTIONS) == 0
    assert swap(out, touched)
    for path in [out, *out.rglob("*")]:
        os.chown(path, STRANGER, STRANGER)
    assert study.run(out, "participant", *OPTIONS) == 73
    assert not touched.exists()
    assert "belongs to the user" in capsys.readouterr().err.splitlines()[-1]


@as_root
def test_a_member_of_the_group_can_put_nothing_into_the_work_folder(make_study, tmp_path):
    """With umask 002 and a shared group: neither by writing, nor by another folder there."""
    study, out, touched = make_study(people=["01"]), tmp_path / "out", tmp_path / "touched"
    out.mkdir()
    os.chown(out, -1, FRIEND)
    out.chmod(0o2775)
    before = os.umask(0o002)
    try:
        assert study.run(out, "participant", *OPTIONS) == 0
        code = (
            "import os, sys; from pathlib import Path\n"
            f"os.setgroups([{FRIEND}]); os.setgid({FRIEND}); os.setuid({STRANGER})\n"
            f"work = Path({str(out / 'work')!r})\n"
            "try: print(list(work.iterdir()))\n"
            "except PermissionError: print('kept out')\n"
            "work.rename(work.with_name('old')); work.mkdir()"
        )
        for above in (tmp_path, *tmp_path.parents):
            if above.stat().st_mode & 0o777 == 0o700:
                above.chmod(0o755)
        told = subprocess.check_output([sys.executable, "-c", code], text=True)
        assert told == "kept out\n"
        shutil.copytree(out / "old", out / "work", dirs_exist_ok=True)
        swap(out, touched)
        assert study.run(out, "participant", *OPTIONS) == 73
    finally:
        os.umask(before)
    assert not touched.exists()


def test_code_in_the_place_of_a_result_is_made_again_and_never_run(make_study, tmp_path):
    """Whoever put it there, in whatever way."""
    study, out, touched = make_study(people=["01"]), tmp_path / "out", tmp_path / "touched"
    assert study.run(out, "participant", *OPTIONS) == 0
    before = results(out)
    assert swap(out, touched)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert not touched.exists()
    assert results(out) == before


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cgradshift.bids.write\nwrite_text\n(S'/nowhere'\nS''\ntR.",
        b"cgradshift.running.workdir\nos.system\n(S'true'\ntR.",
        b"\x80\x04\x8c\x19gradshift.running.workdir\x8c\tos.getcwd\x93)R.",
        b"cnipype.interfaces.base.core\nCommandLine\n.",
    ],
)
def test_a_reader_of_results_makes_no_call(tmp_path, code):
    if b"CommandLine" not in code:
        with pytest.raises(pickle.UnpicklingError):
            Guarded.loads(code)
    (tmp_path / "a.pklz").write_bytes(gzip.compress(code))
    assert is_whole(tmp_path / "a.pklz") == (b"CommandLine" in code)
