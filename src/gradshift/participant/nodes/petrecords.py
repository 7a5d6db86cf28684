"""The records that the steps of PET scans hand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Value
from gradshift.core.pet.curves import Frames, InputFunction

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ScanFacts:
    """What is known of a scan besides its values.

    Parameters
    ----------
    remarks : tuple of str
    activity : float, optional
        Injected, MBq.
    mass : float, optional
        Injected, ug.
    no_dose : str
        Why what was injected cannot be read; empty if it can.
    mean_motion, largest_motion : float, optional
        Framewise displacement, mm.
    """

    remarks: tuple[str, ...] = ()
    activity: float | None = None
    mass: float | None = None
    no_dose: str = ""
    mean_motion: float | None = None
    largest_motion: float | None = None


@dataclass(frozen=True, kw_only=True)
class RegionCurves:
    """Curves of regions over T frames, and what models need beside them.

    Parameters
    ----------
    frames : Frames
    tissue : tuple of (T, R) array
        One per atlas, kBq/mL; NaN for a region without.
    reference : (T,) array, optional
    source : InputFunction, optional
    dose : float, optional
        kBq/g.
    free_fraction : float, optional
    missing : mapping of str to str
        By what a model can need, such as ``input``: why it is not there.
    """

    frames: Frames
    tissue: tuple[Array, ...]
    reference: Array | None
    source: InputFunction | None
    dose: float | None
    free_fraction: float | None
    missing: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ScanRecord:
    """What was found of one scan: curves, or finished values.

    Parameters
    ----------
    facts : ScanFacts
    reasons : tuple of mapping of str to str
        One per atlas: regions without a value, and why.
    curves : RegionCurves, optional
    finished : tuple of mapping of str to (R,) array
        One per atlas: values by model; empty where there are curves.
    """

    facts: ScanFacts
    reasons: tuple[Mapping[str, str], ...]
    curves: RegionCurves | None = None
    finished: tuple[Mapping[str, Array], ...] = ()


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
