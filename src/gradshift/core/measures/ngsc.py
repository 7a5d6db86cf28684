"""Normalised global spatial complexity."""

import numpy as np

from gradshift.core.cortex.measure import Measure, UnavailableError, Values
from gradshift.core.cortex.session import Session

NEGLIGIBLE = 1e-10
"""Eigenvalues up to this are rounding, not components."""


def ngsc(session: Session) -> Values:
    """Return the entropy of the eigenvalues of the cortical correlation matrix, 0 to 1.

    Always on Pearson's r of the time that all sessions of the person have: T
    volumes have at most T - 1 components.
    """
    matrix = session.matrix_common
    usable = np.isfinite(np.diagonal(matrix)) & session.usable & session.regions.cortical
    if usable.sum() < 2:
        raise UnavailableError("fewer than two usable cortical regions")
    eigenvalues = np.linalg.eigvalsh(matrix[np.ix_(usable, usable)])
    share = eigenvalues[eigenvalues > NEGLIGIBLE]
    share = share / share.sum()
    if len(share) == 1:
        return {"whole": np.array([0.0])}
    return {"whole": np.array([-(share * np.log(share)).sum() / np.log(len(share))])}


MEASURE = Measure(
    name="ngsc",
    title="entropy of the connectivity spectrum",
    topic="networks",
    levels=("whole",),
    unit="1",
    compute=ngsc,
    formula=(
        r"-\frac{\sum_{k=1}^{m} p_k \ln p_k}{\ln m}, \quad p_k = \frac{\lambda_k}{\sum \lambda}, "
        r"\\ \lambda_1 \ldots \lambda_m \text{ the eigenvalues} > 10^{-10} "
        r"\text{ of the cortical correlation matrix}"
    ),
    high="1: activity is spread evenly over as many patterns as there can be",
    low="0: all regions follow one pattern",
    methods=(
        "Normalised global spatial complexity was the entropy of the eigenvalues of the "
        "correlation matrix of cortical regions, divided by its largest possible value, from the "
        "same time of every session of a person."
    ),
    cite=("Siegel2024",),
    caveat=(
        "Noise raises it, and m is limited by the number of volumes; the published values are of "
        "vertices, not of regions."
    ),
)
