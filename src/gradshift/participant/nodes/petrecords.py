"""The records that the steps of PET scans hand on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
