"""Run every benchmark and write ``docs/performance.md``.

    python benchmarks [--rounds N] [--giga PROGRAM]

Run it on a machine that does nothing else.
"""

import argparse
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

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

INTRODUCTION = """\
# Performance

Ratios hold from one machine to the next, seconds do not: everything below is measured against
a baseline that ran in turn with it on the same machine, in processes of their own (medians;
peak memory is that of the largest process). `make bench` makes this page.

"decode" unpacks the BOLD file (2 mm, 97 x 115 x 97 voxels, 300 volumes) with igzip and throws
the bytes away: the floor, since the bytes must be had.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--giga", metavar="PROGRAM", help="giga_connectome, where it is installed")
    options = parser.parse_args()
    commands, note = participant.rows(options.rounds, options.giga)
    parts = {
        "Reading a run": table(parcellate.rows(options.rounds)),
        "Whole commands, cold start": f"{table(commands)}\n{note}\n",
        "Finding the runs": table(indexing.rows(max(1, options.rounds // 2))),
    }
    many, files = whole.rows(list(whole.GROUPS), whole.ARRAYS, max(1, options.rounds // 3))
    parts["Long runs, many people"] = f"Seconds of processors.\n\n{table(many)}\n{files}\n"
    tests, told = group.rows(options.rounds)
    parts["Comparing people"] = f"{table(tests)}\n{told}\n"
    packages = ("numpy", "scipy", "nilearn", "nipype", "isal")
    made = (
        f"Made on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()} and "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + f", {options.rounds} rounds.\n"
    )
    sections = [f"## {title}\n\n{text}" for title, text in parts.items()]
    PAGE.write_text("\n".join([INTRODUCTION, made, *sections]))
    print(f"Written to {PAGE}.", file=sys.stderr)


if __name__ == "__main__":
    main()
