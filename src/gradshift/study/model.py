"""Files that say the design, in the spirit of BIDS Stats Models, and the families."""

import json
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import read_json
from gradshift.core.inference.families import Members
from gradshift.errors import SettingsError
from gradshift.study.design import KINDS

MODEL = {
    "Name": str,
    "Description": str,
    "BIDSModelVersion": str,
    "Design": str,
    "Baseline": str,
    "Followup": (str, list),
    "Column": str,
    "Reference": str,
    "Against": str,
    "Covariates": list,
}
"""Keys of a model file and the types of their values."""


def read_model(path: Path) -> dict[str, Any]:
    """Read a model file; see the section on designs in the README.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If a key is unknown, missing or of the wrong type.
    """
    model = read_json(path)
    if unknown := sorted(set(model) - set(MODEL)):
        raise SettingsError(
            f"The model {path} has unknown keys: {', '.join(unknown)}. Keys are "
            f"{', '.join(MODEL)}."
        )
    for key, kind in MODEL.items():
        if key in model and not isinstance(model[key], kind):  # type: ignore[arg-type]
            raise SettingsError(f"The model {path} has {json.dumps(model[key])} for {key}.")
    if model.get("Design") not in KINDS:
        raise SettingsError(f'The model {path} needs "Design": one of {", ".join(KINDS)}.')
    if missing := [key for key in ("Baseline", "Followup") if not model.get(key)]:
        raise SettingsError(f"The model {path} has no {' and no '.join(missing)}.")
    return model


def read_families(path: Path) -> dict[str, list[Members]]:
    """Read a file of families: a list of [measure, level, label] by name.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If a family is not such a list.
    """
    found: dict[str, list[Members]] = {}
    for name, members in read_json(path).items():
        triples = members if isinstance(members, list) and members else [None]
        for triple in triples:
            words = triple if isinstance(triple, list) else []
            if len(words) != 3 or not all(isinstance(word, str) for word in words):
                raise SettingsError(
                    f"The family {name} in {path} has {json.dumps(triple)}; a family is a list "
                    'of [measure, level, label], such as ["withinfc", "network", "Default"].'
                )
            found.setdefault(name, []).append((words[0], words[1], words[2]))
    return found
