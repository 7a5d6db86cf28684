"""Folders in which everything is found by itself: measures, kinetic models, statistics."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


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
        In alphabetical order.

    Raises
    ------
    ValueError
        If two modules give the same name.
    """
    every = [getattr(import_module(f"{package}.{m.name}"), what) for m in iter_modules(path)]
    names = sorted(one.name for one in every)
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Several modules of {package} are named {', '.join(sorted(twice))}.")
    return dict(sorted((one.name, one) for one in every))
