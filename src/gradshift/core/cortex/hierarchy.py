"""What the measures of the hierarchy share: gradients of a session, and their remarks."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.gradients import Gradients
from gradshift.core.cortex.measure import Flagged, Kind, UnavailableError
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.errors import InputError

UNIT = "diffusion units"
"""They depend on the kernel and on how many connections were kept."""

METHODS = (
    "For each region the strongest tenth of its correlations was kept; the cosine similarity of "
    "these profiles (or their normalised angle, where stated) was embedded by a diffusion map "
    "(alpha 0.5, multiscale, ten components, exact symmetric eigensolver) and aligned by an "
    "orthogonal Procrustes rotation to a reference that is blind to the order of sessions: "
    "a template, or the mean of all sessions that were compared. All sessions of a person "
    "entered with the same time, the first of what was retained."
)

CITE = ("Margulies2016", "Coifman2006", "VosdeWael2020")


def any_gradients(session: Session) -> Gradients:
    """Return what is known of a session's gradients, alignable or not.

    Raises
    ------
    UnavailableError
        Without a reference, or if nothing can be computed.
    """
    try:
        gradients = session.gradients
    except InputError as error:
        raise UnavailableError(str(error)) from error
    if gradients is None:
        raise UnavailableError("no reference gradients for this atlas at this stage")
    return gradients


def aligned(session: Session) -> Gradients:
    """Return the aligned gradients of a session.

    Raises
    ------
    UnavailableError
        If there are none.
    """
    gradients = any_gradients(session)
    if gradients.problem:
        raise UnavailableError(gradients.problem)
    return gradients


def with_status(values: NDArray[np.float64], gradients: Gradients) -> Flagged:
    """Give values of other levels than regions the status of the session's gradients."""
    finite = np.isfinite(values)
    return Flagged(
        values,
        [gradients.status if usable else "ok" for usable in finite],
        [gradients.kind if usable else "ok" for usable in finite],
    )


def whole(value: float, gradients: Gradients) -> Flagged:
    """Give one value for the whole cortex the status of the session's gradients."""
    return with_status(np.array([value]), gradients)


def per_region(values: NDArray[np.float64], gradients: Gradients) -> Flagged:
    """Give region values their status: that of the session, or why there is none."""
    status = [
        "left out of the gradients: signal dropped out"
        if gone
        else gradients.status
        if finite
        else "ok"
        for finite, gone in zip(np.isfinite(values), gradients.dropout, strict=True)
    ]
    kinds: list[Kind] = [
        "missing" if gone else gradients.kind if finite else "ok"
        for finite, gone in zip(np.isfinite(values), gradients.dropout, strict=True)
    ]
    return Flagged(values, status, kinds)


def component(session: Session, number: int) -> Flagged:
    """Return the region scores of an aligned component, counted from one."""
    gradients = aligned(session)
    return per_region(gradients.scores[:, number - 1], gradients)


def network_means(values: NDArray[np.float64], regions: Regions) -> NDArray[np.float64]:
    """Average the finite region values of each network; NaN where there are none."""
    members = [values[regions.network_index == i] for i in range(len(regions.network_names))]
    return np.array(
        [v[np.isfinite(v)].mean() if np.isfinite(v).any() else np.nan for v in members]
    )
