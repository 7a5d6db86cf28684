"""What is said twice, in files for people and for machines, is said alike."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from nipype.pipeline.plugins import SLURMPlugin
from packaging.requirements import Requirement
from packaging.version import Version

from gradshift.running.execute import _read_plugin

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
EXAMPLE = ROOT / "examples" / "slurm_array.sbatch"


def test_the_pinned_versions_are_those_the_package_asks_for():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9a-z.]+", line) for line in lines)
    pinned = {name.lower(): Version(version) for name, version in (x.split("==") for x in lines)}
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for asked in map(Requirement, about["dependencies"]):
        assert pinned[asked.name.lower()] in asked.specifier, asked


def test_the_image_says_no_version_of_its_own_and_all_that_is_copied_is_there():
    assert "image.version" not in DOCKERFILE, "the file version says it"
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)) == {"debian:bookworm-slim"}
    copied = {
        name
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for name in words.split()[:-1]
    }
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied == {line[1:] for line in kept if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_each_task_of_the_array_takes_its_person(tmp_path, newline):
    people = ["participant_id", "sub-02", "sub-07"]
    (tmp_path / "participants.tsv").write_bytes(newline.join([*people, ""]).encode())
    done = subprocess.run(
        ["bash", str(EXAMPLE)],
        env={
            "PATH": "/usr/bin:/bin",
            "STUDY": str(tmp_path),
            "RESULTS": str(tmp_path / "out"),
            "GRADSHIFT": "echo app --flag",
            "OPTIONS": "--denoise 36P",
            "SLURM_ARRAY_TASK_ID": "2",
            "SLURM_CPUS_PER_TASK": "3",
            "SLURM_MEM_PER_NODE": "6144",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.rstrip("\n").split(" ") == [
        *("app", "--flag", str(tmp_path), str(tmp_path / "out"), "participant"),
        *("--participant-label", "sub-07", "--denoise", "36P"),
        *("--nprocs", "3", "--mem", "6"),
    ]


def test_the_example_of_a_plugin_is_one_that_can_be_used():
    plugin, arguments = _read_plugin(ROOT / "examples" / "plugin_slurm.yml")
    assert issubclass(plugin, SLURMPlugin)
    assert "--mem" in arguments["sbatch_args"]
