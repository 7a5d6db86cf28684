"""Plug-ins from outside: measures and kinetic models that are not part of the package.

A plug-in is a Python file (``--plugin``), or a module that an installed package names under
the entry point group ``gradshift.plugins``. It defines ``MEASURE`` or ``MODEL``, one of each or
a tuple of several. Every process loads them once, before it looks anything up.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from gradshift.core import folders
from gradshift.core.cortex.measure import ALL, DEFAULT, OPT_IN, Measure
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.pet.model import Model
from gradshift.errors import MissingInputError, SettingsError

GROUP = "gradshift.plugins"
"""The entry point group that an installed package names its modules under."""

KINDS: Mapping[str, tuple[type, Callable[[], Mapping[str, Measure | Model]]]] = {
    "MEASURE": (Measure, measures),
    "MODEL": (Model, models),
}
"""What a plug-in may define, of which class it is, and what looks it up."""


@dataclass(frozen=True)
class Plugin:
    """A plug-in that was loaded.

    Parameters
    ----------
    path : Path
        Its file.
    packages : dict of str to Path
        The package it is part of, if it is, and its folder.
    names : tuple of str
        What it defines.
    """

    path: Path
    packages: Mapping[str, Path]
    names: tuple[str, ...]


_loaded: dict[str, Plugin] = {}


def load(paths: Sequence[str | Path] = ()) -> None:
    """Load plug-ins, each once in a process, with those of installed packages.

    Parameters
    ----------
    paths : sequence of path-like

    Raises
    ------
    MissingInputError
        If a file is not there.
    SettingsError
        If one cannot be imported, defines nothing, or takes a name that is taken.
    """
    for point in _installed():
        if point.value not in _loaded:
            module = _imported(f"{point.name} ({point.value})", point.load)
            if not isinstance(module, ModuleType) or not module.__file__:
                raise SettingsError(
                    f"The plug-in {point.name} ({point.value}) of an installed package is no "
                    "module; its entry point names a module that defines MEASURE or MODEL."
                )
            package = point.value.partition(".")[0]
            folders_of = list(getattr(sys.modules[package], "__path__", ()))
            roots = {package: Path(folders_of[0])} if folders_of else {}
            _keep(point.value, module, Path(module.__file__), roots)
    for path in map(Path, paths):
        key = str(path.resolve())
        if key not in _loaded:
            if not path.is_file():
                raise MissingInputError(f"There is no file {path} (--plugin).")
            _keep(key, _imported(str(path), partial(_from_file, path)), path.resolve())


@cache
def _installed() -> list[EntryPoint]:
    """List the plug-ins of installed packages; looking through all of these takes a while."""
    return list(entry_points(group=GROUP))


def forget() -> None:
    """Take out all plug-ins, as if none had been loaded."""
    _loaded.clear()
    _installed.cache_clear()
    for what, (_, look_up) in KINDS.items():
        folders.forget(what)
        look_up.cache_clear()  # type: ignore[attr-defined]


def of(name: str) -> Plugin | None:
    """Return the plug-in that defines a measure or model, None for one of the package."""
    return next((plugin for plugin in _loaded.values() if name in plugin.names), None)


def _from_file(path: Path) -> ModuleType:
    """Import a file under a name made of its place and content."""
    content = path.resolve().as_posix().encode() + path.read_bytes()
    name = f"gradshift_plugin_{path.stem}_{hashlib.sha256(content).hexdigest()[:8]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("its name does not end with .py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:  # handed on: only the half-made module must go
        del sys.modules[name]
        raise
    return module


def _imported(name: str, do: Callable[[], Any]) -> Any:
    """Import a plug-in, or say why it cannot be imported."""
    try:
        return do()
    except Exception as error:  # code of others can raise anything when it is imported
        reason = " ".join(str(error).split()) or "no reason given"
        raise SettingsError(
            f"The plug-in {name} cannot be imported: {type(error).__name__}, {reason}."
        ) from error


def _keep(
    key: str, module: ModuleType, path: Path, packages: Mapping[str, Path] | None = None
) -> None:
    """Check what a plug-in defines, and add it."""
    defined = list(_defined(module, path))
    if not defined:
        raise SettingsError(
            f"The plug-in {path} defines neither MEASURE nor MODEL; see the how-to on measures."
        )
    for what, one in defined:
        _check(one, path)
        folders.add(what, one, str(path))
        KINDS[what][1].cache_clear()  # type: ignore[attr-defined]
    names = tuple(one.name for _, one in defined)
    _loaded[key] = Plugin(path, packages or {}, names)


def _defined(module: ModuleType, path: Path) -> Iterator[tuple[str, Any]]:
    for what, (kind, _) in KINDS.items():
        given = getattr(module, what, ())
        for one in given if isinstance(given, tuple | list) else (given,):
            if not isinstance(one, kind):
                raise SettingsError(
                    f"The plug-in {path} defines {what} as {one!r}; it must be a "
                    f"{kind.__module__}.{kind.__name__}, or a tuple of several."
                )
            yield what, one


def _check(one: Any, path: Path) -> None:
    """Refuse names that would mix up results, and references that nobody could look up."""
    if not re.fullmatch("[a-z0-9]+", one.name):
        raise SettingsError(
            f"The plug-in {path} names a measure {one.name!r}; a name has lower-case letters and "
            "digits only."
        )
    if one.name in {**measures(), **models(), **dict.fromkeys((DEFAULT, ALL, *OPT_IN))}:
        other = of(one.name)
        taken = f"the plug-in {other.path}" if other else "gradshift itself"
        raise SettingsError(
            f"The plug-in {path} defines {one.name}, which {taken} defines too; choose another "
            "name."
        )
    known = files("gradshift").joinpath("report/references.bib").read_text(encoding="utf-8")
    if unknown := sorted(set(one.cite) - set(re.findall(r"^@\w+\{(\w+),", known, re.MULTILINE))):
        raise SettingsError(
            f"The plug-in {path} cites {', '.join(unknown)}, which the bibliography of gradshift "
            "does not have; leave it out of cite, and name the work in the methods sentence."
        )
