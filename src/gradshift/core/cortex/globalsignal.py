"""The global signal of a session: the mean series of the cortex."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import UnavailableError
from gradshift.core.cortex.session import Session

Array = NDArray[np.float64]


def global_signal(session: Session) -> tuple[Array, Array]:
    """Return the series of the usable cortical regions, and their mean.

    Returns
    -------
    used : (T, U) array
        Of the time that all sessions of the person have.
    mean : (T,) array

    Raises
    ------
    UnavailableError
        If there are no series, or fewer than two regions.
    """
    used = session.series[: session.n_common, session.regions.cortical & session.usable]
    if used.shape[0] < 2 or used.shape[1] < 2:
        raise UnavailableError("a global signal needs series of two cortical regions")
    return used, used.mean(axis=1)
