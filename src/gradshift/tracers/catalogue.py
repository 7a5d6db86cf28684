"""Read tracers: those shipped beside this file, and a lab's own by path.

A tracer is a JSON object. Only ``name`` is required; every other fact stands with the key of
its source in the bibliography, or with a reference as text. An example::

    {"name": "[18F]example", "radionuclide": {"value": "18F", "source": "Someone et al., 2020"}}

What is not known is left out. Unknown keys are refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from gradshift.errors import MissingInputError, SettingsError
from gradshift.settings import read_small
from gradshift.tracers.names import leading, plain, radionuclide
from gradshift.tracers.tracer import UNNAMED, WHERE, Fact, Plausible, Tracer

FOLDER = Path(__file__).parent


def available() -> tuple[str, ...]:
    """Return the names of the shipped tracers, in alphabetical order of their files."""
    return tuple(tracer.name for tracer in shipped())


@cache
def shipped() -> tuple[Tracer, ...]:
    """Read the shipped tracers."""
    return tuple(load_tracer(path) for path in sorted(FOLDER.glob("*.json")))


def load_tracer(path: str | Path) -> Tracer:
    """Read one tracer.

    Raises
    ------
    MissingInputError
        If the file is not there.
    SettingsError
        If it is no tracer.
    """
    try:
        content = json.loads(read_small(Path(path)))
    except FileNotFoundError:
        raise MissingInputError(f"There is no file of a tracer {path}.") from None
    except OSError as error:
        raise SettingsError(f"The tracer {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The tracer {path} is not valid JSON: {error}.") from None
    try:
        return from_json(content)
    except SettingsError as error:
        raise SettingsError(f"The tracer {path} cannot be used: {error}") from None


def from_json(content: object) -> Tracer:
    """Build a tracer from the content of its file.

    Raises
    ------
    SettingsError
        If a key is unknown, or a fact lacks its source.
    """
    values = _checked(content, Tracer, "a tracer")
    name = values.pop("name")
    if not (isinstance(name, str) and plain(name)):
        raise SettingsError("'name' must hold letters or digits.")
    plausible = tuple(map(_plausible, values.pop("plausible", None) or ()))
    refused = values.pop("refused", {})
    if not isinstance(refused, dict):
        raise SettingsError("'refused' must be an object of models and reasons.")
    reasons = {model: _fact(why, model) for model, why in refused.items()}
    facts = {key: _fact(value, key) for key, value in values.items()}
    return Tracer(name=name, plausible=plausible, refused=reasons, **facts)


def _fact(content: object, key: str) -> Fact:
    fact = Fact(**_checked(content, Fact, f"'{key}'"))
    if not all(isinstance(text, str) and text for text in (fact.value, fact.source)):
        raise SettingsError(f"'{key}' must have a text as value, and its source.")
    return fact


def _plausible(content: object) -> Plausible:
    usual = Plausible(**_checked(content, Plausible, "a plausible range"))
    numbers = all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in (usual.low, usual.high)
    )
    if not numbers or not usual.low < usual.high or usual.where not in WHERE or not usual.source:
        raise SettingsError(
            f"a plausible range has low < high, where ({' or '.join(WHERE)}) and a source."
        )
    return usual


def _checked(content: object, cls: type, what: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise SettingsError(f"{what} must be a JSON object, not {str(content)[:40]!r}.")
    names = [f.name for f in fields(cls)]
    if unknown := [key for key in content if key not in names]:
        raise SettingsError(f"{what} has no key {unknown[0]!r}; its keys are {', '.join(names)}.")
    required = {"name"} if cls is Tracer else set(names)
    if absent := sorted(required - set(content)):
        raise SettingsError(f"{what} needs the key {absent[0]!r}.")
    return dict(content)


def identify(label: str, metadata: Mapping[str, object], more: Iterable[Tracer] = ()) -> Tracer:
    """Tell which tracer a scan was made with.

    Parameters
    ----------
    label : str
        The entity ``trc`` of the scan; empty without one.
    metadata : mapping
        ``TracerName`` and ``TracerRadionuclide`` of the scan, as far as they are there.
    more : iterable of Tracer
        A lab's own, which come before those shipped.

    Returns
    -------
    Tracer
        One that is known by that name, and has that radionuclide if both are told; otherwise
        one with its name (and radionuclide) only.
    """
    given = str(metadata.get("TracerName") or "").strip()
    nuclide = radionuclide(metadata.get("TracerRadionuclide")) or leading(given) or leading(label)
    names = {plain(name) for name in (given, label) if plain(name)}
    for tracer in _known(more):
        same = not nuclide or tracer.radionuclide.value in ("", nuclide)
        if plain(tracer.name) in names and same:
            return tracer
    fact = Fact(value=nuclide, source="TracerRadionuclide") if nuclide else Fact()
    return Tracer(name=given if plain(given) else label or UNNAMED, radionuclide=fact)


def _known(more: Iterable[Tracer]) -> Sequence[Tracer]:
    return (*more, *shipped())
