"""Files that specify the design, in the spirit of BIDS Stats Models, and the families."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import read_json
from gradshift.core.inference.families import Members
from gradshift.errors import SettingsError
from gradshift.study.rounded import exact_weights

KEYS: dict[str, type | tuple[type, ...]] = {
    "Name": str,
    "Description": str,
    "BIDSModelVersion": str,
    "Design": str,
    "Baseline": (str, list),
    "Followup": (str, list),
    "Column": str,
    "Reference": str,
    "Against": str,
    "Conditions": dict,
    "Contrasts": list,
    "Covariates": list,
    "Moderators": list,
    "Outcomes": list,
    "Blinding": str,
}
"""Keys of a model file and the types of their values."""


ENTITIES = {"session": "ses", "task": "task", "run": "run", "acquisition": "acq"}
"""What a condition of a model may be told by, and the entity of a file name."""


SAME = 1e-6
"""A sum of weights that is closer to 0 than this is 0."""

BY_TABLES = ("conditions", "doses")
"""Kinds of design that need no baseline and follow-up: tables or weights say the conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A contrast that a model asks for.

    Parameters
    ----------
    name : str
    weights : mapping of str to float
        By condition.
    family : str
        Contrasts of one family are corrected together.
    remark : str
        What was done to weights that are rounded.
    """

    name: str
    weights: Mapping[str, float]
    family: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model file says.

    Parameters
    ----------
    design : str
        The kind of design.
    baselines, followups : tuple of str
        Sessions or time points, as they are written.
    column : str, optional
        Column of participants.tsv that holds the groups.
    reference, against : str, optional
        The groups or treatments to compare.
    conditions : mapping of str to mapping of str to str
        Entities of the runs of each condition, by name of the condition.
    contrasts : tuple of Wanted
    covariates : tuple of str
    moderators : tuple of str
        Numbers of people or sessions that the change may go with.
    outcomes : tuple of str
        Numbers of sessions whose change is tested.
    blinding : str
        Who was blinded, in words such as ``double-blind``.
    """

    design: str
    baselines: tuple[str, ...] = ()
    followups: tuple[str, ...] = ()
    column: str | None = None
    reference: str | None = None
    against: str | None = None
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    contrasts: tuple[Wanted, ...] = ()
    covariates: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    blinding: str = ""

    @property
    def baseline(self) -> str:
        """The one baseline.

        Raises
        ------
        SettingsError
            If there are several.
        """
        if len(self.baselines) > 1:
            raise SettingsError('Several baselines need "Design": "repeated" in the model.')
        return self.baselines[0]

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
    """Read a model file; see the page on designs of the documentation.

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
    contrasts = _contrasts(path, content.get("Contrasts", []))
    design = content.get("Design", "conditions" if contrasts else None)
    if design not in designs:
        raise SettingsError(f'The model {path} needs "Design": one of {", ".join(designs)}.')
    if contrasts and design != "conditions":
        raise SettingsError(
            f'The model {path} has "Contrasts", which say a design by themselves: leave out '
            f'"Design": "{design}", or "Contrasts".'
        )
    missing = [key for key in ("Baseline", "Followup") if not content.get(key)]
    if missing and design not in BY_TABLES:
        raise SettingsError(f"The model {path} has no {' and no '.join(missing)}.")
    return Model(
        design=design,
        baselines=_names(content.get("Baseline", [])),
        followups=_names(content.get("Followup", [])),
        column=content.get("Column"),
        reference=content.get("Reference"),
        against=content.get("Against"),
        conditions=_conditions(path, content.get("Conditions", {})),
        contrasts=contrasts,
        covariates=tuple(content.get("Covariates", ())),
        moderators=_names(content.get("Moderators", [])),
        outcomes=_names(content.get("Outcomes", [])),
        blinding=content.get("Blinding", ""),
    )


def _names(value: str | Sequence[object]) -> tuple[str, ...]:
    """Return one name or several as text."""
    return tuple(map(str, [value] if isinstance(value, str) else value))


def _contrasts(path: Path, listed: Sequence[object]) -> tuple[Wanted, ...]:
    """Check the contrasts of a model: a name and weights that sum to 0 each."""
    wanted = tuple(_contrast(path, one) for one in listed)
    names = [one.name for one in wanted]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise SettingsError(f"The model {path} has several contrasts named {twice[0]}.")
    return wanted


def _contrast(path: Path, one: object) -> Wanted:
    """Check one contrast of a model."""
    example = '{"Name": "d2-p2", "Weights": {"d2": 1, "p2": -1}}'
    known = isinstance(one, dict) and set(one) <= {"Name", "Weights", "Family"}
    content: Mapping[str, Any] = one if isinstance(one, dict) and known else {}
    name, weights, family = (content.get(key) for key in ("Name", "Weights", "Family"))
    weights = weights if isinstance(weights, dict) else {}
    numbers = list(weights.values())
    plain = all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    if not (
        name and isinstance(name, str) and isinstance(family, str | None) and numbers and plain
    ):
        raise SettingsError(
            f"The model {path} has the contrast {json.dumps(one)}; one is such as {example}."
        )
    typed = {str(condition): float(weight) for condition, weight in weights.items()}
    exact, remark = _balanced(path, name, typed)
    return Wanted(name=name, weights=exact, family=family or "", remark=remark)


def _balanced(path: Path, name: str, typed: dict[str, float]) -> tuple[dict[str, float], str]:
    """Return weights whose sum is 0, and what was done to those that are rounded."""
    total = sum(typed.values())
    if abs(total) <= SAME and any(typed.values()):
        return typed, ""
    exact = exact_weights(typed)
    if exact is None:
        raise SettingsError(
            f"The weights of the contrast {name} in {path} sum to {total:g}; those of a change "
            "sum to 0, and some are not 0. Fractions may be rounded, such as 0.333, 0.333, -0.667 "
            "for 1/3, 1/3, -2/3, or multiplied: 1, 1, -2."
        )
    taken = ", ".join(f"{own} {condition}" for condition, own in exact.items())
    return (
        {condition: float(own) for condition, own in exact.items()},
        f"The weights of the contrast {name} sum to {total:g}, since they are rounded; they are "
        f"taken as {taken}.",
    )


def _conditions(path: Path, listed: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Check the conditions of a model: entities of runs, by a name of letters and digits."""
    conditions = {}
    for name, entities in listed.items():
        known = isinstance(entities, dict) and entities and set(entities) <= set(ENTITIES)
        if not (known and name.isascii() and name.isalnum()):
            raise SettingsError(
                f"The model {path} has the condition {json.dumps({name: entities})}; one is a "
                'name of letters and digits with its runs, such as "pre": {"task": "restPRE"}; '
                f"runs are told by {', '.join(ENTITIES)}."
            )
        assert isinstance(entities, dict)
        conditions[name] = {
            ENTITIES[key]: str(value).removeprefix(f"{ENTITIES[key]}-")
            for key, value in entities.items()
        }
    return conditions


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
