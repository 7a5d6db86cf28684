"""How long it takes until work starts: whole datasets, and one person out of a thousand.

``--dry-run`` finds the runs and stops. The baseline imports what the command imports.

    python benchmarks/indexing.py
"""

import argparse
import sys
import tempfile
from pathlib import Path

from common import Row, apart, gradshift, in_turn, make_run, make_study, table

IMPORTS = "import gradshift.cli, gradshift.levels.run"


def rows(rounds):
    """Return all rows."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart(make_run, folder, 20)
        for people in (20, 200, 1000):
            study = folder / f"study-{people}"
            apart(make_study, study, folder, people=people, sessions=("pre", "post"), n_volumes=20)
            words = ("--dry-run",)
            commands = {
                "all": gradshift(study, folder / "out", "participant", *words),
                "imports": [sys.executable, "-c", IMPORTS],
            }
            if people == 1000:
                words = (*words, "--participant-label", "0500")
                commands["one"] = gradshift(study, folder / "out", "participant", *words)
            measured = in_turn(commands, rounds, codes=(0, 65))  # the images are all the same
            found.append(
                Row(f"find the runs of {people} people", measured["all"], measured["imports"],
                    "imports")
            )  # fmt: skip
        what = "find the runs of one person out of 1000"
        found.append(Row(what, measured["one"], measured["imports"], "imports", seconds=2))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    print(table(rows(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
