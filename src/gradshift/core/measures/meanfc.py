"""Mean connectivity of the cortex."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import mean_connection
from gradshift.core.cortex.session import Session


def meanfc(session: Session) -> Values:
    """Average Fisher z over all pairs of cortical regions."""
    cortical = session.regions.cortical
    return {"whole": np.array([mean_connection(session.z, cortical, cortical)])}


MEASURE = Measure(
    name="meanfc",
    title="mean connectivity",
    topic="networks",
    levels=("whole",),
    unit="Fisher z",
    compute=meanfc,
    formula=r"\operatorname{mean}_{i < j} z_{ij} \quad \text{over cortical regions}",
    high="much of the signal is shared by all regions",
    low="little of the signal is shared by all regions",
    methods=(
        "Global connectivity was the mean Fisher-transformed correlation over all pairs of "
        "cortical regions."
    ),
    cite=("Timmermann2023",),
    caveat=(
        "Follows motion, breathing and arousal as much as anything neural, and is near 0 by "
        "construction after global signal regression."
    ),
)
