"""Run benchmarks, keep what they give, and write ``docs/performance.md`` from all that is kept.

    python benchmarks [PART ...] [--rounds N] [--giga PROGRAM]

Parts are reading, commands, finding, people and tests; all, if none is named. Each keeps
its tables in ``benchmarks/results``, so that one can be run again alone. Run it on a machine that
does nothing else.
"""

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import indexing
import parcellate
import whole
from common import table

import group
import participant

RESULTS = Path(__file__).resolve().parent / "results"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

INTRODUCTION = """\
# Performance

Ratios hold from one machine to the next, seconds do not: everything below is measured against
a baseline that ran in turn with it on the same machine, in processes of their own (medians;
peak memory is that of the largest process). `make bench` makes this page.

"decode" unpacks the BOLD file (2 mm, 97 x 115 x 97 voxels, 300 volumes) with igzip and throws
the bytes away: the floor, since the bytes must be had.
"""


def reading(options):
    return table(parcellate.rows(options.rounds))


def commands(options):
    found, note = participant.rows(options.rounds, options.giga)
    return f"{table(found)}\n{note}\n"


def finding(options):
    return table(indexing.rows(max(1, options.rounds // 2)))


def people(options):
    found, files = whole.rows(max(1, options.rounds // 3))
    return f"Seconds of processors.\n\n{table(found)}\n{files}\n"


def tests(options):
    found, told = group.rows(options.rounds)
    return f"{table(found)}\n{told}\n"


PARTS = {
    "reading": ("Reading a run", reading),
    "commands": ("Whole commands, cold start", commands),
    "finding": ("Finding the runs", finding),
    "people": ("Long runs, many people", people),
    "tests": ("Comparing people", tests),
}


def made(rounds):
    """Say when, and with what, a part was measured."""
    packages = ("numpy", "scipy", "nilearn", "nipype", "isal")
    return (
        f"Made on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()} and "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + f", {rounds} rounds."
    )


def write_page():
    """Write the page from what is kept of every part."""
    sections = []
    for name, (title, _) in PARTS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            kept = json.loads(path.read_text())
            sections.append(f"## {title}\n\n{kept['made']}\n\n{kept['text']}")
    PAGE.write_text("\n".join([INTRODUCTION, *sections]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--giga", metavar="PROGRAM", help="giga_connectome, where it is installed")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for name in options.parts or PARTS:
        _, measure = PARTS[name]
        kept = {"made": made(options.rounds), "text": measure(options)}
        (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
        write_page()
    print(f"Written to {PAGE}.", file=sys.stderr)


if __name__ == "__main__":
    main()
