"""Write the Boutiques descriptor of gradshift from its options and its exit codes.

Run from the top of the repository: ``python tools/make_boutiques.py``.
"""

import json
from collections.abc import Iterator
from dataclasses import Field
from pathlib import Path
from typing import Any

from gradshift import __version__, errors
from gradshift import settings as schema
from gradshift.cli import DESCRIPTION

DESCRIPTOR = Path(__file__).resolve().parents[1] / "examples" / "nipoppy" / "descriptor.json"

PATHS = ("FILE", "DIR")
"""Placeholders of options whose value is a path, and nothing else."""


def main() -> None:
    """Write the descriptor."""
    DESCRIPTOR.parent.mkdir(parents=True, exist_ok=True)
    DESCRIPTOR.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return the descriptor as JSON."""
    return json.dumps(descriptor(), indent=2, ensure_ascii=False) + "\n"


def descriptor() -> dict[str, Any]:
    """Describe the command: what is given by position comes first, then all options."""
    options = [option(f) for _, f in schema.options()]
    keys = [one["value-key"] for one in options]
    return {
        "name": "gradshift",
        "tool-version": __version__.split("+")[0],
        "schema-version": "0.5",
        "author": "The gradshift developers",
        "description": " ".join(DESCRIPTION.split()),
        "command-line": " ".join(("gradshift [BIDS_DIR] [OUTPUT_DIR] [LEVEL]", *keys)),
        "container-image": {
            "type": "docker",
            "image": f"gradshift:{__version__.split('+')[0]}",
            "entrypoint": False,
        },
        "inputs": [*positional(), *options],
        "output-files": [
            {
                "id": "output",
                "name": "Results",
                "description": "Folder of the results",
                "path-template": "[OUTPUT_DIR]",
                "optional": False,
            }
        ],
        "error-codes": [
            {"code": code, "description": described} for code, described in exit_codes()
        ],
        "tags": {"domain": ["neuroinformatics", "bids-app", "fmri", "pet"]},
    }


def positional() -> Iterator[dict[str, Any]]:
    """Describe what is given by position."""
    yield {
        "id": "bids_dir",
        "name": "BIDS_DIR",
        "description": "Raw dataset with derivatives/, or an fMRIPrep output",
        "type": "File",
        "value-key": "[BIDS_DIR]",
    }
    yield {
        "id": "output_dir",
        "name": "OUTPUT_DIR",
        "description": "Results go here",
        "type": "String",
        "value-key": "[OUTPUT_DIR]",
    }
    yield {
        "id": "level",
        "name": "Level of analysis",
        "type": "String",
        "value-choices": ["participant", "group"],
        "value-key": "[LEVEL]",
    }


def option(field: Field[Any]) -> dict[str, Any]:
    """Describe one option; a switch that is on by default is described by what turns it off."""
    kind, negative = field.metadata["kind"], field.default is True
    flag = schema.flag(field.name).replace("--", "--no-", 1 if negative else 0)
    described = {
        "id": field.name,
        "name": flag,
        "description": ("do not " if negative else "") + field.metadata["help"] + default(field),
        "optional": True,
        "command-line-flag": flag,
        "value-key": f"[{field.name.upper()}]",
        "type": type_of(field),
    }
    if kind is int:
        described["integer"] = True
    if choices := field.metadata["choices"]:
        described["value-choices"] = list(choices)
    if (count := field.metadata["nargs"]) is not None:
        described["list"] = True
        if isinstance(count, int):
            described |= {"min-list-entries": count, "max-list-entries": count}
    return described


def default(field: Field[Any]) -> str:
    """Say what holds where the option is not given.

    Not as ``default-value``: Boutiques would type it, and a settings file could not win.
    """
    values = field.default if isinstance(field.default, tuple) else (field.default,)
    words = "" if values in ((None,), ()) else " ".join(map(str, values))
    return f" (default: {words})" if words and field.metadata["kind"] is not bool else ""


def type_of(field: Field[Any]) -> str:
    """Return the type of an option as Boutiques calls it."""
    kind = field.metadata["kind"]
    if kind is bool:
        return "Flag"
    if kind in (int, float):
        return "Number"
    return "File" if field.metadata["metavar"] in PATHS else "String"


def exit_codes() -> list[tuple[int, str]]:
    """Return the exit codes with what they mean."""
    meaning: dict[int, list[str]] = {1: ["some runs failed or were left out"]}
    for error in descendants(errors.GradshiftError):
        if error is not errors.ExcludedError:
            sentence = str(error.__doc__).strip().split("\n")[0].rstrip(".")
            meaning.setdefault(error.exit_code, []).append(sentence[0].lower() + sentence[1:])
    return [(code, "; ".join(sentences)) for code, sentences in sorted(meaning.items())]


def descendants(error: type[errors.GradshiftError]) -> Iterator[type[errors.GradshiftError]]:
    """Yield every kind of error below one."""
    for child in error.__subclasses__():
        yield child
        yield from descendants(child)


if __name__ == "__main__":
    main()
