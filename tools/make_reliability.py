"""Write docs/reliability.md from what was seen: bad input here, faults by `ci/faults`.

Run from the top of the repository: ``python tools/make_reliability.py``.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests"))

from badinput import CASES, Case, Seen, attempt, write_good  # noqa: E402

DOCUMENT = HERE / "docs" / "reliability.md"
FAULTS = HERE / "ci" / "faults" / "seen.json"
START, END = "<!-- made by tools/make_reliability.py -->", "<!-- end -->"


def main() -> None:
    """Try every case, and put the tables between the marks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "good").mkdir()
        study, out = write_good(folder / "good")
        seen = [attempt(case, study, out, folder / str(i)) for i, case in enumerate(CASES)]
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    tables = [bad_input(CASES, seen), faults()]
    DOCUMENT.write_text("\n\n".join([before + START, *tables, END + after]), encoding="utf-8")


def bad_input(cases: list[Case], seen: list[Seen]) -> str:
    """Return the table of bad input."""
    lines = [
        "## Bad input",
        "",
        f"{len(cases)} cases. Expected is the exit code and whether everything else comes out as",
        "without the fault; seen is the code and the sentence.",
        "",
        "| what is wrong | level | expected | seen |",
        "|---|---|---|---|",
    ]
    for case, found in zip(cases, seen, strict=True):
        sentence = re.sub(r"/study/derivatives/\S*/(?=\S*\.)", "", found.sentence(case.says))
        sentence = sentence.replace("|", "\\|").replace("<", "&lt;")
        lines.append(
            f"| {case.name} | {case.level} | {case.code}: {expected(case)} | {found.code}: "
            f"{sentence} |"
        )
    return "\n".join(lines)


def expected(case: Case) -> str:
    """Say in words what a case expects of the results."""
    if case.code > 1:
        return "nothing is run"
    if case.reason:
        return "one session with the reason, all others as without the fault"
    return "all others as without the fault" if case.spoilt else "all as without the fault"


def faults() -> str:
    """Return the table of faults, as the last run of `ci/faults` left it."""
    steps = json.loads(FAULTS.read_text(encoding="utf-8"))
    rows = [row for step in steps.values() for row in step]
    if not rows:
        return "## Faults\n\nNo whole run of `make test-faults` has been kept yet."
    lines = ["## Faults", "", "| fault | how often | expected | seen |", "|---|---|---|---|"]
    lines += [
        f"| {row['fault']} | {row['times']} | {row['expected']} | {row['seen']} |" for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
