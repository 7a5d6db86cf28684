"""Check that a tag, the version, the citation and the list of changes agree.

Run from the top of the repository: ``python tools/check_release.py v0.1.0``. Without a tag only
what lies in the files is compared; the heading of a version may say "unreleased" then.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def main() -> None:
    """Leave with what disagrees."""
    tag = sys.argv[1] if len(sys.argv) > 1 else ""
    if wrong := disagreements(HERE, tag):
        sys.exit("\n".join(wrong))


def disagreements(root: Path, tag: str = "") -> list[str]:
    """Return one sentence for everything that disagrees with the file ``version``.

    Parameters
    ----------
    root : Path
        Top of the repository.
    tag : str
        Such as ``v0.1.0``; with one, the release must have a date, the same in both places.
    """
    version = _read(root, "version").strip()
    cited = dict(re.findall(r"^([a-z-]+): (.*)$", _read(root, "CITATION.cff"), re.MULTILINE))
    headed = re.search(r"^## (\S+) \((.+)\)$", _read(root, "CHANGES.md"), re.MULTILINE)
    heading, date = headed.groups() if headed else ("", "")
    pinned = {
        "CITATION.cff": cited.get("version", ""),
        ".zenodo.json": json.loads(_read(root, ".zenodo.json"))["version"],
        "CHANGES.md": heading,
        "examples/nipoppy/config.json": json.loads(_read(root, "examples/nipoppy/config.json"))[
            "VERSION"
        ],
        "examples/neurodesk/build.yaml": _first(root, "examples/neurodesk/build.yaml", "version"),
        "examples/babs/gradshift.yaml": _first(
            root, "examples/babs/gradshift.yaml", "    gradshift"
        ).replace("-", "."),
    }
    wrong = [
        f"{name} says {said!r}, the file version {version!r}."
        for name, said in pinned.items()
        if said != version
    ]
    if tag and tag != f"v{version}":
        wrong.append(f"The tag is {tag!r}, the file version says {version!r}.")
    if tag or date != "unreleased":
        released = cited.get("date-released", "")
        if date != released:
            wrong.append(f"CHANGES.md has the date {date!r}, CITATION.cff {released!r}.")
    return wrong


def _read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def _first(root: Path, name: str, key: str) -> str:
    line = re.search(rf"^{key}: \"?([^\"\n]+)\"?$", _read(root, name), re.MULTILINE)
    return line[1] if line else ""


if __name__ == "__main__":
    main()
