"""What the steps that fit PET scans hand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Value

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PersonEfflux:
    """k2' (1/min) of the reference region of a person, if it can be had, and whence."""

    k2prime: float | None
    origin: str


@dataclass(frozen=True, kw_only=True)
class FittedAtlas:
    """What all models gave for the regions of one atlas.

    Parameters
    ----------
    values : tuple of Value
    table : mapping of str to tuple
        Columns of the table of kinetic parameters.
    curves : mapping of str to (T, R) array
        Fitted curves, by model.
    """

    values: tuple[Value, ...]
    table: Mapping[str, tuple[Any, ...]]
    curves: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FittedScan:
    """What all models gave for a scan.

    Parameters
    ----------
    atlases : tuple of FittedAtlas
    warnings : tuple of str
    nothing : str
        Why no model gives a value; empty if one does.
    """

    atlases: tuple[FittedAtlas, ...]
    warnings: tuple[str, ...]
    nothing: str
