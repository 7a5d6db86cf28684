"""A bare machine, and other versions of Python."""

import shutil
import subprocess

from bench import ROOT, Bench, FailedError, last

PYTHONS = ("python3.12", "python3.13")
"""Besides that of Debian 12, under which all else is run."""

TESTS = (
    "core",
    "bids",
    "output",
    "running",
    "study",
    "endtoend/test_tiny_study.py",
    "endtoend/test_execute.py",
)
"""What is run under each Python: the numbers, the files, and whole small studies."""


def demo(bench: Bench) -> None:
    """Make the demo on a Debian that has Python and make, and nothing else."""
    bench.case(
        "Machine",
        "Debian 12 with python3, python3-venv and make only: `make demo`",
        "exit code 0, says where the report is",
        lambda: _demo(bench),
    )


def _demo(bench: Bench) -> str:
    source = bench.folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    for name in bench.run("git", "-C", ROOT, "ls-files", "-z").rstrip("\0").split("\0"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    install = "apt-get install -qy --no-install-recommends python3 python3-venv make"
    script = f"apt-get update -q && {install} && make demo"
    words = ("--rm", "--network", "host", "-e", "DEBIAN_FRONTEND=noninteractive")
    words += ("-v", f"{source}:/source", "-w", "/source")
    told = bench.run("docker", "run", *words, "debian:bookworm-slim", "sh", "-ec", script)
    if not (source / "demo" / "out" / "group" / "index.html").exists():
        raise FailedError(last(told))
    return last(told).partition(";")[0]


def pythons(bench: Bench) -> None:
    """Run tests under every Python that is there, and install the packages for each."""
    names = [name for name in PYTHONS if _runs(name)]
    for name in names:
        bench.case("Python", f"{name}: tests", "all pass", lambda name=name: _tests(bench, name))
    bench.case(
        "Python",
        f"wheel and sdist for {', '.join(['python3', *names])}, each in a new environment",
        "installed, starts, writes the example study",
        lambda: _packages(bench, names),
    )


def _runs(name: str) -> bool:
    return bool(shutil.which(name)) and not subprocess.run([name, "-V"], check=False).returncode


def _packages(bench: Bench, names: list[str]) -> str:
    venv, dist = bench.folder / "build", bench.folder / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    if not venv.exists():
        bench.run("/usr/bin/python3", "-m", "venv", venv)
    bench.run(venv / "bin" / "pip", "install", "-q", "build", "twine")
    bench.run(venv / "bin" / "python", "-m", "build", "-o", dist, ROOT)
    bench.run(venv / "bin" / "twine", "check", "--strict", *dist.iterdir())
    printed = bench.run(ROOT / "ci" / "install.sh", dist, "/usr/bin/python3", *names)
    return f"{printed.count(': installed, starts')} installed"


def _tests(bench: Bench, name: str) -> str:
    venv = bench.folder / name
    if not venv.exists():
        bench.run(name, "-m", "venv", venv)
    bench.run(venv / "bin" / "pip", "install", "-q", "-e", f"{ROOT}[test]")
    paths = [ROOT / "tests" / test for test in TESTS]
    options = ("-q", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml")
    told = bench.run(venv / "bin" / "python", "-m", "pytest", *options, *paths)
    exact = bench.run(venv / "bin" / "python", "--version").strip()
    passed = [line for line in told.splitlines() if " passed" in line]
    return f"{exact}: {passed[-1].partition(' in ')[0]}"
