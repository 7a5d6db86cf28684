"""Read denoising recipes: those shipped beside this file, and the user's own by path.

A recipe is a JSON object. Only ``name`` is required; for every other key the default is that
of the field of the same name in `Recipe` (and, inside ``scrub``, in `Scrub`). A user's own
recipe that leaves out ``scrub`` censors nothing for motion. An example::

    {"name": "global", "columns": ["global_signal", "cosine*"], "filter": false}

Unknown keys are refused, so that a slip of the pen does not change an analysis unnoticed.
"""

import json
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

from gradshift.errors import MissingInputError, SettingsError, did_you_mean
from gradshift.recipes.elsewhere import Elsewhere
from gradshift.recipes.recipe import Recipe, Scrub, shortened
from gradshift.recipes.xcpd import from_nuisance
from gradshift.settings import read_small

FOLDER = Path(__file__).parent

NUISANCE = (".yml", ".yaml")
"""Ends of the names of XCP-D's nuisance files."""


def available() -> tuple[str, ...]:
    """Return the names of the shipped recipes, in alphabetical order."""
    return tuple(sorted((path.stem for path in FOLDER.glob("*.json")), key=str.casefold))


def load_recipe(spec: str | Path) -> Recipe:
    """Load a recipe by name, or a user's own by the path of its JSON file.

    Parameters
    ----------
    spec : str or Path
        A shipped name (upper and lower case are the same), or a path: something that ends in
        ``.json`` or ``.yml`` (a nuisance file of XCP-D), or has a folder in it.

    Raises
    ------
    SettingsError
        If there is no such recipe, or the file is not a recipe.
    MissingInputError
        If the file is not there.
    """
    text = str(spec)
    if text.endswith((".json", *NUISANCE)) or Path(text).name != text:
        return _load_users(Path(text))
    shipped = {name.casefold(): name for name in available()}
    if text.casefold() not in shipped:
        raise SettingsError(
            f"There is no denoising recipe {text!r}{did_you_mean(text, available())}; shipped "
            f"are {', '.join(available())}, and a recipe of your own is given as the path of its "
            "JSON file."
        )
    return _load_shipped(shipped[text.casefold()])


@cache
def _load_shipped(name: str) -> Recipe:
    return _read(FOLDER / f"{name}.json")


def _load_users(path: Path) -> Recipe:
    recipe = _read(path)
    shipped = {name.casefold(): name for name in available()}.get(recipe.name.casefold())
    if shipped is not None and recipe != _load_shipped(shipped):
        raise SettingsError(
            f"The recipe in {path} has the name of the shipped recipe {shipped!r} but does "
            "something else; give it a name of its own."
        )
    return recipe


def _read(path: Path) -> Recipe:
    try:
        content = _content(path)
    except FileNotFoundError:
        raise MissingInputError(
            f"There is no denoising recipe file {path}; shipped recipes, given by name, are "
            f"{', '.join(available())}."
        ) from None
    except OSError as error:
        raise SettingsError(f"The recipe {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        kind = "YAML" if path.suffix in NUISANCE else "JSON"
        raise SettingsError(f"The recipe {path} is not valid {kind}: {error}.") from None
    try:
        return _parse(from_nuisance(content) if path.suffix in NUISANCE else content)
    except SettingsError as error:
        raise SettingsError(f"The recipe {path} cannot be used: {error}") from None


def _content(path: Path) -> object:
    """Read a file; what is wrong with YAML is a ValueError, as of JSON."""
    text = read_small(path)
    if path.suffix not in NUISANCE:
        return json.loads(text)
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


OF_COMMAND_LINE = ("band", "elsewhere", "dummy_scans", "motion_filter")
"""Fields of a recipe that are no keys of its JSON."""


def _parse(content: object) -> Recipe:
    known = [f for f in fields(Recipe) if f.name not in OF_COMMAND_LINE]
    values = _checked_keys(content, known, "a recipe")
    if isinstance(values.get("columns"), list):
        others = [column for column in values["columns"] if isinstance(column, dict)]
        values["columns"] = [column for column in values["columns"] if column not in others]
        values["elsewhere"] = tuple(map(_elsewhere, others))
    for key in ("columns", "cite"):
        if isinstance(values.get(key), list):
            values[key] = tuple(values[key])
    if values.get("acompcor", {}) is None:
        del values["acompcor"]
    if values.get("scrub") is not None:
        values["scrub"] = Scrub(**_checked_keys(values["scrub"], fields(Scrub), "'scrub'"))
    return Recipe(**values)


def _elsewhere(content: dict[str, Any]) -> Elsewhere:
    """Read the columns of another dataset."""
    values = _checked_keys(content, fields(Elsewhere), "an entry of 'columns'")
    if isinstance(values["columns"], list):
        values["columns"] = tuple(values["columns"])
    return Elsewhere(**values)


def _checked_keys(content: object, known: Any, what: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise SettingsError(f"{what} must be a JSON object, not {shortened(content)}.")
    names = [f.name for f in known]
    unknown = [key for key in content if key not in names]
    if unknown:
        raise SettingsError(
            f"{what} has no key {unknown[0][:40]!r}; its keys are {', '.join(names)}."
        )
    for f in known:
        required = f.default is MISSING and f.default_factory is MISSING
        if required and f.name not in content:
            raise SettingsError(f"{what} needs the key {f.name!r}.")
    return dict(content)
