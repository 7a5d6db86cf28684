"""Kinetic models of PET: one module each, found by themselves.

A module in this folder that defines ``MODEL`` is a model. The option ``--pet-model``, the
tables, the sidecars and the methods text pick it up from there.
"""

from collections.abc import Mapping
from functools import cache

from gradshift.core.folders import found_in
from gradshift.core.pet.model import Model


@cache
def models() -> Mapping[str, Model]:
    """Return every model in this folder by name, in alphabetical order."""
    return found_in(__name__, __path__, "MODEL")
