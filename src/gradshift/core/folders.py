"""What is found by itself: measures, kinetic models, statistics, and plug-ins besides."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

_plugins: dict[str, dict[str, Any]] = {}
_origins: dict[tuple[str, str], str] = {}


def found_in(package: str, path: Iterable[str], what: str) -> dict[str, Any]:
    """Import every module of a package and collect what each defines, by its name.

    Parameters
    ----------
    package : str
        Name of the package.
    path : iterable of str
        Its ``__path__``.
    what : str
        The attribute that every module has, an object with a ``name``.

    Returns
    -------
    dict
        In alphabetical order, with what was added by `add`.

    Raises
    ------
    ValueError
        If two modules give the same name.
    """
    modules = [import_module(f"{package}.{module.name}") for module in iter_modules(path)]
    every = [getattr(module, what) for module in modules]
    for module, one in zip(modules, every, strict=True):
        _origins[what, one.name] = str(module.__file__)
    every += _plugins.get(what, {}).values()
    names = sorted(one.name for one in every)
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Several modules of {package} are named {', '.join(sorted(twice))}.")
    return dict(sorted((one.name, one) for one in every))


def add(what: str, one: Any, origin: str) -> None:
    """Add what a plug-in defines; what was collected before must be collected again.

    Parameters
    ----------
    what : str
        As for `found_in`.
    one : object
        With a ``name``.
    origin : str
        The file it was defined in.
    """
    _plugins.setdefault(what, {})[one.name] = one
    _origins[what, one.name] = origin


def forget(what: str) -> None:
    """Take out everything that was added."""
    for name in _plugins.pop(what, {}):
        del _origins[what, name]


def origin_of(what: str, name: str) -> str:
    """Return the file that something was defined in."""
    return _origins[what, name]
