"""Blood samples of a scan."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Samples:
    """One series of blood samples; NaN where a sample lacks a value.

    Parameters
    ----------
    time : (N,) array
        Minutes since injection.
    plasma, whole_blood : (N,) array
        kBq/mL.
    parent_fraction : (N,) array
        Share of plasma activity that is unchanged tracer.
    """

    time: Array
    plasma: Array
    whole_blood: Array
    parent_fraction: Array
