"""Run gradshift on what people run it on, and write down what was seen.

Usage, as root on Debian 12: ``python3 ci/platforms [--folder DIR] [PART ...]``. Engines and
clusters live in DIR and are stopped in the end. The table of all parts that were run in DIR goes
to ``docs/platforms.md``. The exit code is 1 if a case was not as expected.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import docker
import machine
import sif
import slurm
from bench import ROOT, Bench, Case, FailedError


@contextmanager
def nothing(bench: Bench) -> Iterator[None]:
    """Stand for what a part does not need."""
    yield


class Part(NamedTuple):
    """Some cases, and what they need.

    Parameters
    ----------
    cases : callable
        Runs them.
    around : callable
        What must be running meanwhile.
    packages : mapping
        Debian's packages by a command of theirs.
    compares : bool
        Whether results are compared with those of a plain run.
    """

    cases: Callable[[Bench], None]
    around: Callable[[Bench], AbstractContextManager[None]]
    packages: Mapping[str, str]
    compares: bool = True


DOCKER = {"dockerd": "docker.io runc", "mmdebstrap": "mmdebstrap"}
PARTS = {
    "docker": Part(docker.cases, docker.engine, DOCKER),
    "apptainer": Part(sif.cases, docker.engine, DOCKER),
    "slurm": Part(slurm.cases, slurm.cluster, {"slurmctld": "slurm-wlm", "munged": "munge"}),
    "demo": Part(machine.demo, docker.engine, DOCKER, compares=False),
    "pythons": Part(machine.pythons, nothing, {}, compares=False),
}


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="platforms", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", metavar="PART", nargs="*", help=f"some of {', '.join(PARTS)}")
    default = Path(tempfile.gettempdir()) / "gradshift-platforms"
    parser.add_argument("--folder", type=Path, default=default, help="default: %(default)s")
    options = parser.parse_args()
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; parts are {', '.join(PARTS)}")
    if os.getuid() != 0:
        parser.error("only root can do this")
    for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
        del os.environ[name]  # kernels chosen for this machine, which no container is told of
    wanted = [name for name in PARTS if name in (options.parts or PARTS)]
    install([PARTS[name] for name in wanted])
    bench = Bench(options.folder.resolve())
    if any(PARTS[name].compares for name in wanted):
        bench.prepare()
    for name in wanted:
        bench.cases = []
        with PARTS[name].around(bench):
            PARTS[name].cases(bench)
        (bench.folder / f"{name}.json").write_text(json.dumps(bench.cases))
    kept = [bench.folder / f"{name}.json" for name in PARTS]
    cases = [Case(*row) for path in kept if path.exists() for row in json.loads(path.read_text())]
    (ROOT / "docs" / "platforms.md").write_text(page(cases, versions(bench)))
    print(table(cases))
    return int(not all(case.passed for case in cases))


def install(parts: Sequence[Part]) -> None:
    """Install Debian's packages of the commands that are missing."""
    asked = {name: packages for part in parts for name, packages in part.packages.items()}
    missing = {
        package
        for command, packages in asked.items()
        if shutil.which(command) is None
        for package in packages.split()
    }
    if subprocess.run(["/usr/bin/python3", "-c", "import ensurepip"], check=False).returncode:
        missing.add("python3-venv")
    if missing:
        subprocess.run(["apt-get", "update", "-q"], check=True)
        subprocess.run(
            ["apt-get", "install", "-qy", "--no-install-recommends", *sorted(missing)],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=True,
        )


def versions(bench: Bench) -> dict[str, str]:
    """Say what it was run with, of what is there."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    found = {"System": f"{system}, Linux {platform.release()}, {platform.machine()}"}
    for name, words in {
        "Docker": ("dockerd", "--version"),
        "Slurm": ("slurmctld", "-V"),
        "Plain run": (bench.folder / "venv" / "bin" / "python", "--version"),
    }.items():
        if shutil.which(words[0]):
            found[name] = bench.run(*words).strip()
    packages = bench.folder / "sid" / "var" / "lib" / "dpkg" / "status"
    if packages.exists():
        about = f"\n{packages.read_text()}".partition("\nPackage: apptainer\n")[2]
        version = about.partition("\nVersion: ")[2].partition("\n")[0]
        found["Apptainer"] = f"{version} of Debian sid"
    return found


def table(cases: Sequence[Case]) -> str:
    """Write the cases as a table of Markdown."""
    rows = [("platform", "case", "expected", "seen"), ("---",) * 4, *(case[:4] for case in cases)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def page(cases: Sequence[Case], used: Mapping[str, str]) -> str:
    """Write the page of the documentation."""
    return f"""\
# Platforms

`make test-platform` runs gradshift on the platforms below and writes this page. Two simulated
people are processed. *As of a plain run* means that every file is the same, byte for byte, as
that of a plain run on the same machine with the versions of the image; only the working folder,
logs and copies of settings in `logs/`, the container and where the source datasets lie are not
compared. Docker has no network here (`--network none`), Apptainer is used by an ordinary user,
and Slurm is a single machine.

{table(cases)}

It was run with:

{chr(10).join(f"- {name}: {text}" for name, text in used.items())}

The base image was a stand-in for `debian:bookworm-slim`, made from Debian's packages by
`ci/platforms/base.sh`, for machines that reach no registry.
"""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FailedError as error:
        sys.exit(f"Before any case could be run: {error}")
