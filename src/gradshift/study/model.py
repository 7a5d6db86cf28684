"""Files that say the design, in the spirit of BIDS Stats Models, and the families."""

import json
from dataclasses import dataclass
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.core.inference.families import Members
from gradshift.errors import SettingsError

KEYS: dict[str, type | tuple[type, ...]] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model file says.

    Parameters
    ----------
    design : str
        The kind of design.
    baseline : str
    followups : tuple of str
        Sessions or time points, as they are written.
    column : str
        Column of participants.tsv that holds the groups.
    reference, against : str, optional
        The groups or treatments to compare.
    covariates : tuple of str
    """

    design: str
    baseline: str
    followups: tuple[str, ...]
    column: str = "group"
    reference: str | None = None
    against: str | None = None
    covariates: tuple[str, ...] = ()

    @property
    def followup(self) -> str:
        """The one follow-up.

        Raises
        ------
        SettingsError
            If there are several.
        """
        if len(self.followups) > 1:
            raise SettingsError('Several follow-ups need "Design": "repeated" in the model.')
        return self.followups[0]


def read_model(path: Path, designs: tuple[str, ...]) -> Model:
    """Read a model file; see the section on designs in the README.

    Parameters
    ----------
    path : Path
    designs : tuple of str
        Kinds of design that may be named.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If a key is unknown, missing or of the wrong type.
    """
    content = read_json(path)
    if unknown := sorted(set(content) - set(KEYS)):
        raise SettingsError(
            f"The model {path} has unknown keys: {', '.join(unknown)}. Keys are {', '.join(KEYS)}."
        )
    for key, kind in KEYS.items():
        if key in content and not isinstance(content[key], kind):
            raise SettingsError(f"The model {path} has {json.dumps(content[key])} for {key}.")
    if content.get("Design") not in designs:
        raise SettingsError(f'The model {path} needs "Design": one of {", ".join(designs)}.')
    if missing := [key for key in ("Baseline", "Followup") if not content.get(key)]:
        raise SettingsError(f"The model {path} has no {' and no '.join(missing)}.")
    followups = content["Followup"]
    return Model(
        design=content["Design"],
        baseline=content["Baseline"],
        followups=tuple(map(str, [followups] if isinstance(followups, str) else followups)),
        column=content.get("Column", "group"),
        reference=content.get("Reference"),
        against=content.get("Against"),
        covariates=tuple(content.get("Covariates", ())),
    )


def read_families(path: Path) -> dict[str, list[Members]]:
    """Read a file of families: a list of [measure, level, label] by name.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If a family is not such a list.
    """
    families: dict[str, list[Members]] = {}
    for name, members in read_json(path).items():
        triples = members if isinstance(members, list) and members else [None]
        for triple in triples:
            words = triple if isinstance(triple, list) else []
            if len(words) != 3 or not all(isinstance(word, str) for word in words):
                raise SettingsError(
                    f"The family {name} in {path} has {json.dumps(triple)}; a family is a list "
                    'of [measure, level, label], such as ["withinfc", "network", "Default"].'
                )
            families.setdefault(name, []).append((words[0], words[1], words[2]))
    return families
