"""Settings of libraries that lie about, and are not ours."""

import subprocess
import sys

import pytest

SETTINGS = {
    "matplotlibrc": "text.usetex: True\nfont.size: 40\nsavefig.format: pdf\n",
    "nipype.cfg": "[execution]\nstop_on_first_crash = true\nhash_method = content\n",
    "pybids_config.json": "{",
}
WITHIN_HOME = {
    "matplotlibrc": ".config/matplotlib/matplotlibrc",
    "nipype.cfg": ".nipype/nipype.cfg",
    "pybids_config.json": "pybids_config.json",
}
PROGRAM = """
from gradshift.cli import main
assert main(["/not/there", "/not/here", "participant"]) == 66
import os, nipype, matplotlib
print(matplotlib.rcParams["text.usetex"], matplotlib.rcParams["font.size"],
      matplotlib.rcParams["savefig.format"], nipype.config.get("execution", "hash_method"),
      nipype.config.get("execution", "stop_on_first_crash"), os.getcwd(), os.environ.get("HOME"))
"""


@pytest.mark.parametrize("place", ["the current folder", "the home", "named by the environment"])
@pytest.mark.parametrize("unreadable", [False, True])
def test_libraries_are_as_they_come(tmp_path, monkeypatch, place, unreadable):
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    for name, text in SETTINGS.items():
        path = home / WITHIN_HOME[name] if place == "the home" else here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if unreadable:  # root can read everything but a folder
            path.mkdir()
        else:
            path.write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if place.startswith("named"):
        monkeypatch.setenv("MATPLOTLIBRC", str(here / "matplotlibrc"))
        monkeypatch.setenv("PYBIDS_CONFIG", str(here / "pybids_config.json"))
        monkeypatch.setenv("NIPYPE_CONFIG_DIR", str(here))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=here, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout == f"False 10.0 png timestamp false {here} {home}\n", done.stderr


def test_a_folder_that_was_removed_is_no_obstacle(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n" + PROGRAM
    program = program.replace("os.getcwd()", "''")
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],  # as the command: modules are not looked for here
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.startswith("False 10.0 png"), done.stderr
