"""Model files: a design said explicitly, in the spirit of BIDS Stats Models."""

import json
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import read_json
from gradshift.errors import SettingsError
from gradshift.workflows.design import KINDS

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
