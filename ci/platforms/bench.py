"""The bench on which gradshift is tried: a study, a plain run of it, and the cases so far."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSION = (ROOT / "version").read_text().strip()

OPTIONS = ("--denoise", "36P")
"""One recipe, to be quicker."""

BOTH = (("participant", *OPTIONS), ("group",))
"""The levels, for all people."""

ONE = ("participant", *OPTIONS, "--participant-label", "01")
"""What most cases run: one person."""

SAME = "exit code 0, results as of a plain run"


class FailedError(Exception):
    """Something was not as expected; the text says what was seen."""


class Case(NamedTuple):
    """A row of the table."""

    platform: str
    case: str
    expected: str
    seen: str
    passed: bool


class Bench:
    """A folder in which everything is made, and what was seen so far.

    What takes long to make, such as images, stays there for the next time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = folder / "study"
        self.plain = folder / "plain"
        self.gradshift = folder / "venv" / "bin" / "gradshift"
        self.cases: list[Case] = []
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Write a small study and run it plainly, with the versions that the image has."""
        pip = self.folder / "venv" / "bin" / "pip"
        if not pip.exists():  # of Debian, as in the image, whatever else is there
            self.run("/usr/bin/python3", "-m", "venv", self.folder / "venv")
        self.run(pip, "install", "-q", "--require-hashes", "-r", ROOT / "requirements.txt")
        self.run(pip, "install", "-q", "--no-deps", "--force-reinstall", ROOT)
        shutil.rmtree(self.study, ignore_errors=True)
        self.run(self.gradshift.with_name("gradshift-example"), self.study, "--participants", 2)
        out = self.out("plain")
        for words in BOTH:
            self.run(self.gradshift, self.study, out, *words)

    def case(self, platform: str, case: str, expected: str, run: Callable[[], str]) -> None:
        """Run a case; what it returns was seen."""
        started = time.monotonic()
        try:
            seen, passed = run(), True
        except FailedError as error:
            seen, passed = f"FAILED: {error}", False
        self.cases.append(Case(platform, case, expected, seen, passed))
        print(f"{platform}: {case}: {seen} ({time.monotonic() - started:.0f} s)", flush=True)

    def out(self, name: str) -> Path:
        """Make an empty folder of results that anybody may write to."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        path.chmod(0o777)
        return path

    def run(self, *words: object, code: int = 0, env: dict[str, str] | None = None) -> str:
        """Run a command and return what it said; its exit code must be `code`."""
        command = [str(word) for word in words]
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        with (self.folder / "logs" / "commands.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}exit code {done.returncode}\n\n")
        if done.returncode != code:
            raise FailedError(f"exit code {done.returncode} of {command[0]}: {last(done.stdout)}")
        return done.stdout

    def same(self, out: Path, below: str = "") -> str:
        """Compare results, or those of one folder, with those of the plain run."""
        expected, seen = contents(self.plain, below), contents(out, below)
        if lonely := sorted(expected.keys() ^ seen.keys()):
            raise FailedError(f"{len(lonely)} files on one side only, such as {lonely[0]}")
        if different := [name for name in expected if expected[name] != seen[name]]:
            raise FailedError(f"{len(different)} files differ, such as {different[0]}")
        return f"{len(expected)} files, all the same"


def last(told: str) -> str:
    """Return the last line of what a command said."""
    return told.strip().rpartition("\n")[2]


FOOTER = re.compile(b"<footer>.*?</footer>", flags=re.DOTALL)
"""What a page says of the run that made it: time and command."""


def contents(out: Path, below: str = "") -> dict[str, bytes]:
    """Return all results by name, without what tells time or place.

    Left out are the working folder, what is in ``logs`` under a name that holds the time, the
    container, and where the source datasets lie.
    """
    found = {}
    for path in sorted((out / below).rglob("*")):
        name = path.relative_to(out)
        if (
            not path.is_file()
            or name.parts[0] == "work"
            or name.match("logs/*_*.toml")
            or name.match("logs/*.log")
            or name.match("logs/prepared.json")
        ):
            continue
        found[str(name)] = FOOTER.sub(b"", path.read_bytes())
        if name == Path("dataset_description.json"):
            described = json.loads(path.read_text())
            del described["DatasetLinks"]
            described["GeneratedBy"][0].pop("Container", None)
            found[str(name)] = json.dumps(described).encode()
        if name.match("prov/*_ent.json"):
            entities = json.loads(path.read_text())["ProvEntities"]
            found[str(name)] = json.dumps([one["Id"] for one in entities]).encode()
    return found
