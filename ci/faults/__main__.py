"""Stop, kill, starve and crowd gradshift, and see whether its output is what it would have been.

Run from the top of the repository, as root on Linux for the full disks: ``make test-faults``.
Writes ``ci/faults/seen.json`` after every trial, so that what was seen is kept whenever it is
stopped; ``tools/make_reliability.py`` makes its table from that file.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HERE / "tests"))

from tiny import Study, write_study  # noqa: E402

SEEN = Path(__file__).with_name("seen.json")
OPTIONS = ("--denoise", "24P", "--measures", "withinfc", "meanfc", "alff", "--pcc", "Default_0")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
LONGEST = 600
"""Seconds that no run takes, however busy the machine."""
AS_IT_WAS = "output as of an undisturbed run, to the byte; nothing half-written; no process left"


Row = dict[str, Any]
Rows = Generator[list[Row], None, None]
"""What a step has seen so far, after each trial."""


class WrongError(Exception):
    """Something came out that must not."""


def command(study: Study, out: Path, level: str, *options: str) -> list[str]:
    """Return the words of one run."""
    words = [sys.executable, "-m", "gradshift", str(study.root), str(out), level]
    if level == "participant":
        words += ["--atlas", str(study.atlas), *OPTIONS]
    return [*words, *options]


def run(words: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
    """Run to the end; what it says is kept."""
    try:
        return subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=LONGEST, **how
        )
    except subprocess.TimeoutExpired as error:
        raise WrongError(f"no end after {LONGEST} s: {error.stderr}") from error


def run_together(runs: Sequence[Sequence[str]]) -> list[tuple[str, int]]:
    """Start runs at once; returns what each said and its exit code."""
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for words in runs]
    try:
        return [
            (process.communicate(timeout=LONGEST)[1], process.returncode) for process in started
        ]
    except subprocess.TimeoutExpired as error:
        raise WrongError(f"no end after {LONGEST} s: {error.stderr}") from error
    finally:
        for process in started:
            process.kill()


FOOTER = re.compile(b"<footer>.*?</footer>", flags=re.DOTALL)
"""What a page says of the run that made it: time and command."""


def contents(out: Path) -> dict[str, bytes]:
    """Return all results by name: no times, no record of who ran when, no place of the sources."""
    kept = ("CITATION.md", "CITATION.tex", "CITATION.bib", "settings.toml")
    return {
        str(path.relative_to(out)): PLACE.sub(b"", FOOTER.sub(b"", path.read_bytes()))
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.relative_to(out).parts[0] != "work"
        and (path.relative_to(out).parts[0] != "logs" or path.name in kept)
    }


PLACE = re.compile(rb'"DatasetLinks": \{[^}]*\}|"AtLocation": "[^"]*"')
"""What says where the sources lie, from the output."""


def compare(out: Path, expected: Mapping[str, bytes]) -> None:
    """Insist on the same files with the same bytes."""
    found = contents(out)
    different = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
    if different:
        raise WrongError(f"other than undisturbed: {', '.join(sorted(different)[:5])}")
    if left := [*out.glob("logs/*.lock*"), *out.glob("logs/.holder-*")]:
        raise WrongError(f"locks are left: {left}")


def check_whole(out: Path, expected: Mapping[str, bytes]) -> None:
    """Insist that what has its final name is whole, at any time."""
    for name, content in contents(out).items():
        # What sums up, or lists the levels that were run, may be of a state before the last.
        ends, starts = (".html", "settings.toml"), ("prov/", "logs/CITATION")
        sums_up = name.endswith(ends) or name.startswith(starts)
        unfinished = any(part.startswith(".tmp-") for part in Path(name).parts)
        if not unfinished and not sums_up and expected.get(name) != content:
            raise WrongError(f"half-written or wrong under its final name: {name}")


def alive(group: int) -> list[int]:
    """Return the processes of a group that still live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def hit(words: Sequence[str], number: int, after: float) -> int:
    """Start a run, send it a signal after some seconds, and see it and its children end.

    A key reaches all processes of a terminal, other signals the one they are sent to.

    Returns
    -------
    int
        Its exit code, 0 if it was done before.
    """
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    name = signal.Signals(number).name
    try:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        told = process.communicate(timeout=60)[1]
        until = time.monotonic() + 20
        while (left := alive(process.pid)) and time.monotonic() < until:
            time.sleep(0.1)
        if left:
            raise WrongError(f"processes live on after {name}: {left}")
    except subprocess.TimeoutExpired as error:
        raise WrongError(f"no end 60 s after {name}") from error
    finally:
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    if "Traceback" in told:
        raise WrongError(f"a traceback after {name}: {told[-6000:]}")
    return process.returncode


def kills(lab: "Lab", level: str, times: int) -> Rows:
    """Stop runs at random points; after some, let one run to its end and compare."""
    rng = random.Random(f"{level} {lab.seed}")
    out, reached = lab.folder / f"killed-{level}", Counter[str]()
    while reached.total() < times:
        shutil.rmtree(out, ignore_errors=True)
        if level == "group":
            lab.participants_done(out)
        options = ("--nprocs", str(rng.choice((1, 2)))) if level == "participant" else ()
        words = command(lab.study, out, level, *options)
        for _ in range(rng.randint(2, 8)):
            number = rng.choice(SIGNALS)
            ended = hit(words, number, rng.uniform(0.3, lab.seconds[level]))
            check_whole(out, lab.expected[level])
            if ended == 0:
                break
            if ended not in (-number, 128 + number):
                raise WrongError(f"exit code {ended} after {signal.Signals(number).name}")
            reached[signal.Signals(number).name] += 1
        finished = run(words)
        if finished.returncode:
            raise WrongError(f"the rerun ended with {finished.returncode}: {finished.stderr}")
        compare(out, lab.expected[level])
        told = ", ".join(f"{n} {name}" for name, n in sorted(reached.items()))
        fault = f"stopped at random points, {level} level ({told})"
        yield [row(fault, reached.total(), AS_IT_WAS)] if reached else []


def row(fault: str, times: int, expected: str) -> Row:
    """Return a row of the table."""
    return {"fault": fault, "times": times, "expected": expected, "seen": "as expected"}


class Lab:
    """A small study, and what both levels give when nothing disturbs them."""

    def __init__(self, folder: Path, people: Sequence[str], seed: int) -> None:
        self.folder, self.seed, self.people = folder, seed, people
        self.study = write_study(folder, people, ["pre", "post"], [None])
        self.undisturbed = folder / "undisturbed"
        self.expected: dict[str, dict[str, bytes]] = {}
        self.seconds: dict[str, float] = {}
        self.written: dict[str, int] = {}
        for level in ("participant", "group")[: len(people)]:  # one person is no group
            start, before = time.monotonic(), size_of(self.undisturbed)
            done = run(command(self.study, self.undisturbed, level))
            if done.returncode:
                raise WrongError(f"undisturbed, {level} ended with {done.returncode}: {done}")
            self.seconds[level] = time.monotonic() - start
            self.written[level] = size_of(self.undisturbed) - before
            self.expected[level] = contents(self.undisturbed)
            if level == "participant":
                ignore = shutil.ignore_patterns("work")
                shutil.copytree(self.undisturbed, folder / "participants", ignore=ignore)

    def participants_done(self, out: Path) -> None:
        """Copy the output of the participant level."""
        shutil.copytree(self.folder / "participants", out)


def size_of(folder: Path) -> int:
    """Return the bytes that a folder takes on a disk of memory, in whole pages."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return 4096 * sum(-(-path.stat().st_size // 4096) for path in files)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[int], None]]:
    """Mount a disk of some bytes; yields how to give it another size."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield (
            lambda size: (
                subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
                and None
            )
        )
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def full_disk(lab: Lab, level: str, where: str, times: int) -> Rows:
    """Let the disk fill up after more and more has been written."""
    disk, codes = lab.folder / "disk", Counter[int]()
    needed = lab.written[level]
    if where != "OUTPUT_DIR":
        needed = size_of(lab.undisturbed / "work")
    already = size_of(lab.folder / "participants") if level == "group" else 0
    for i in range(times):
        with small_disk(disk, already + 2 * needed) as resize:
            out, options = disk / "out", ["--nprocs", str(1 + i % 2)] * (level == "participant")
            if where != "OUTPUT_DIR":
                out, options = lab.folder / "beside", [*options, "--work-dir", str(disk / "work")]
                shutil.rmtree(out, ignore_errors=True)
            if level == "group":
                lab.participants_done(out)
            resize(shutil.disk_usage(disk).used + (i + 1) * needed // (times + 1))
            words = command(lab.study, out, level, *options)
            ended = run(words)
            if ended.returncode == 74 and "full" not in ended.stderr.splitlines()[-1]:
                raise WrongError(f"no sentence: {ended.stderr[-500:]}")
            if ended.returncode not in (0, 74) or "Traceback" in ended.stderr:
                raise WrongError(f"exit code {ended.returncode}: {ended.stderr[-3000:]}")
            codes[ended.returncode] += 1
            check_whole(out, lab.expected[level])
            resize(already + 4 * needed)
            again = run(words)
            if again.returncode:
                raise WrongError(f"the rerun ended with {again.returncode}: {again.stderr}")
            compare(out, lab.expected[level])
        yield [row(
            f"disk of {where} full after more and more of it, {level} level", codes[74],
            "exit 74, one sentence; with room, the same command completes to the same bytes",
        )]  # fmt: skip
    if not codes[74]:
        raise WrongError(f"the disk was never full: {codes}")


def power_cuts(lab: Lab, times: int) -> Rows:
    """Leave files of the work folder empty, cut off or full of zeros, and results away."""
    rng, out = random.Random(f"power {lab.seed}"), lab.folder / "power"
    words = command(lab.study, out, "participant")
    for i in range(times + 1):
        done = run(words)
        if done.returncode:
            raise WrongError(f"the run after the cut ended with {done.returncode}: {done.stderr}")
        compare(out, lab.expected["participant"])
        for path in out.glob("work/**/*"):
            if path.is_file() and rng.random() < 0.2:
                size = path.stat().st_size
                path.write_bytes(rng.choice((b"", path.read_bytes()[: size // 2], bytes(size))))
        for path in out.glob("sub-*/**/*.tsv"):
            if rng.random() < 0.1:
                path.unlink()
        if i:
            yield [row("power cut: a fifth of the intermediate files damaged", i, AS_IT_WAS)]


def dead_workers(lab: Lab, times: int) -> Rows:
    """Kill one of the processes that do the work; a second kill of its step would fail it."""
    rng, out, killed = random.Random(f"workers {lab.seed}"), lab.folder / "workers", 0
    while killed < times:
        shutil.rmtree(out, ignore_errors=True)
        words = command(lab.study, out, "participant", "--nprocs", "2")
        process = subprocess.Popen(
            words, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            time.sleep(rng.uniform(2, max(lab.seconds["participant"], 3)))
            workers = [number for number in alive(process.pid) if number != process.pid]
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                killed += 1
            told = process.communicate(timeout=LONGEST)[1]
        finally:
            if alive(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            raise WrongError(
                f"exit code {process.returncode} after killed workers: {told[-3000:]}"
            )
        compare(out, lab.expected["participant"])
        yield [row("a process that does the work killed, at random points", killed, AS_IT_WAS)]


def crowd(lab: Lab, times: int) -> Rows:
    """Let a process for each participant work into one new output at once."""
    for i in range(times):
        out = lab.folder / f"crowd-{i}"
        ended = run_together(
            [
                command(lab.study, out, "participant", "--participant-label", label)
                for label in lab.people
            ]
        )
        if wrong := [told for told, code in ended if code]:
            raise WrongError(wrong[0])
        compare(out, lab.expected["participant"])
        yield [row(
            f"{len(lab.people)} processes, a participant each, into one new output at once",
            i + 1, "all exit 0; output as of one process, to the byte",
        )]  # fmt: skip


def rivals(lab: Lab, times: int) -> Rows:
    """Let two processes work on the same participant at once."""
    for i in range(times):
        out = lab.folder / f"rivals-{i}"
        words = command(lab.study, out, "participant", "--participant-label", lab.people[0])
        ended = run_together([words, words])
        if sorted(code for _, code in ended) != [0, 73]:
            raise WrongError(f"exit codes {[code for _, code in ended]}: {ended}")
        told = next(told for told, code in ended if code == 73)
        if "is being worked on by" not in told:
            raise WrongError(told)
        check_whole(out, lab.expected["participant"])
        yield [row(
            "two processes on one participant at once", i + 1,
            "one exits 0, the other 73 and says who holds it; output as of one, to the byte",
        )]  # fmt: skip


def strangers(lab: Lab, times: int) -> Rows:
    """Let two processes begin an output with different settings at once."""
    for i in range(times):
        out = lab.folder / f"strangers-{i}"
        ended = run_together(
            [
                [
                    *command(lab.study, out, "participant", "--participant-label", label),
                    "--fd-threshold",
                    threshold,
                ]
                for label, threshold in zip(lab.people, ("0.4", "0.6"), strict=False)
            ]
        )
        if sorted(code for _, code in ended) != [0, 64]:
            raise WrongError(f"exit codes {[code for _, code in ended]}: {ended}")
        told = next(told for told, code in ended if code == 64)
        if "fd-threshold" not in told:
            raise WrongError(told)
        yield [row(
            "two first runs with different settings at once", i + 1,
            "one exits 0, the other 64 with the difference",
        )]  # fmt: skip


def surroundings(lab: Lab) -> Rows:
    """Change what should not matter: language, clock, rights of new files, a read-only input."""
    found: list[Row] = []
    for name, environment, umask in (
        ("LANG=C", {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}, 0o022),
        ("another language", {"LC_ALL": "C.UTF-8", "LANGUAGE": "de"}, 0o022),
        ("another time zone", {"TZ": "Pacific/Auckland"}, 0o022),
        ("umask 077", {}, 0o077),
        ("no home", {"HOME": "/proc/nowhere"}, 0o022),
    ):
        out = lab.folder / f"around-{len(found)}"
        for level in ("participant", "group"):
            done = run(
                command(lab.study, out, level), env={**os.environ, **environment}, umask=umask
            )
            if done.returncode:
                raise WrongError(f"{name}: {done.stderr}")
        compare(out, lab.expected["group"])
        found.append(row(name, 1, "the same bytes"))
        yield found
    for change in (clock, read_only):
        found.append(change(lab))
        yield found


def clock(lab: Lab) -> Row:
    """Let an output seem three years old, and run again."""
    out, words = lab.folder / "clock", command(lab.study, lab.folder / "clock", "participant")
    before = time.time() - 3 * 365 * 86400
    for _ in range(2):
        done = run(words)
        if done.returncode:
            raise WrongError(done.stderr)
        for path in out.rglob("*"):
            os.utime(path, (before, before))
    compare(out, lab.expected["participant"])
    return row("a clock that was three years back, then a rerun", 1, "the same bytes")


def read_only(lab: Lab) -> Row:
    """Mount the input on itself so that nobody, root neither, can write to it."""
    place, out = lab.study.root, lab.folder / "out-readonly"
    subprocess.run(["mount", "--bind", place, place], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        for level in ("participant", "group"):
            done = run(command(lab.study, out, level))
            if done.returncode:
                raise WrongError(done.stderr)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
    compare(out, lab.expected["group"])
    return row("input mounted read-only", 1, "the same bytes")


def fuzz(cases: int) -> Rows:
    """Let hypothesis try files for every reader, one reader after the other."""
    from test_readers import READERS

    test = f"{HERE / 'tests' / 'test_readers.py'}::test_any_content_is_read_or_explained"
    for done, reader in enumerate(READERS, 1):
        tried = run(
            [sys.executable, "-m", "pytest", "-q", "-x", f"{test}[{reader.name}]"],
            env={**os.environ, "GRADSHIFT_FUZZ": str(cases)}, cwd=HERE,
        )  # fmt: skip
        if tried.returncode:
            raise WrongError(f"{reader.name}: {tried.stdout[-3000:]}")
        yield [row(
            f"files of random content for {done} readers (hypothesis)", cases * done,
            "read, or an error that gradshift explains; nothing else",
        )]  # fmt: skip


def keep(step: str, rows: list[Row], order: Sequence[str]) -> None:
    """Put what a step has seen into the file, in place of what it saw before."""
    seen = {**json.loads(SEEN.read_text(encoding="utf-8")), step: rows}
    ordered = {name: seen[name] for name in order if name in seen}
    SEEN.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def watch(step: str, begin: Callable[[], Rows], order: Sequence[str], minutes: float) -> bool:
    """Let a step go on until it is done or its time is up, and keep what it sees.

    Returns
    -------
    bool
        Whether all was as expected.
    """
    found: list[Row] = []
    until = time.monotonic() + 60 * minutes
    try:
        with closing(begin()) as trials:
            for found in trials:
                keep(step, found, order)
                for last in found[-1:]:
                    print(f"{step}: {last['fault']}: {last['times']}", flush=True)
                if time.monotonic() > until:
                    print(f"{step}: stopped after {minutes:g} minutes", flush=True)
                    break
    except WrongError as error:
        print(f"{step}: WRONG: {error}", flush=True)
        wrong = {**row(step, 1, "nothing else than above"), "seen": f"wrong: {error}"}
        keep(step, [*found, wrong], order)
        return False
    return True


def main() -> int:
    """Run everything, or what is named, and keep what was seen."""
    parser = argparse.ArgumentParser(prog="ci/faults", description=__doc__)
    parser.add_argument("steps", nargs="*", help="only these; all if none is named")
    parser.add_argument("--kills", type=int, default=100, help="at the participant level")
    parser.add_argument("--fuzz", type=int, default=1000, help="cases for each reader")
    parser.add_argument("--minutes", type=float, default=30, help="after which a step is ended")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    # Stopped by any signal, it takes away its disks and processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="gradshift-faults-") as name:

        @cache
        def lab(people: int) -> Lab:
            folder = Path(name) / str(people)
            folder.mkdir()
            return Lab(folder, [f"{i:02d}" for i in range(1, people + 1)], given.seed)

        steps: dict[str, Callable[[], Rows]] = {
            "kills-participant": lambda: kills(lab(1), "participant", given.kills),
            "kills-group": lambda: kills(lab(2), "group", -(-given.kills * 3 // 10)),
            "disk-participant": lambda: full_disk(lab(1), "participant", "OUTPUT_DIR", 8),
            "disk-work": lambda: full_disk(lab(1), "participant", "--work-dir", 6),
            "disk-group": lambda: full_disk(lab(2), "group", "OUTPUT_DIR", 6),
            "power": lambda: power_cuts(lab(1), 6),
            "workers": lambda: dead_workers(lab(2), 6),
            "crowd": lambda: crowd(lab(8), 1),
            "rivals": lambda: rivals(lab(2), 5),
            "strangers": lambda: strangers(lab(2), 5),
            "surroundings": lambda: surroundings(lab(2)),
            "fuzz": lambda: fuzz(given.fuzz),
        }
        if unknown := set(given.steps) - set(steps):
            parser.error(f"no step {', '.join(unknown)}; there are {', '.join(steps)}")
        order = list(steps)
        fine = [watch(step, steps[step], order, given.minutes) for step in given.steps or steps]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
