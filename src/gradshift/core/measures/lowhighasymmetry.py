"""Difference in cohesion between high-order and sensory cortex."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import low_and_high, mean_connection
from gradshift.core.cortex.session import Session


def lowhighasymmetry(session: Session) -> Values:
    """Subtract connectivity within sensory from that within high-order cortex."""
    low, high = low_and_high(session.regions)
    within_low = mean_connection(session.z, low, low)
    within_high = mean_connection(session.z, high, high)
    return {"whole": np.array([within_high - within_low])}


MEASURE = Measure(
    name="lowhighasymmetry",
    title="asymmetry of high-order and low-order networks",
    topic="networks",
    levels=("whole",),
    unit="Fisher z",
    compute=lowhighasymmetry,
    formula=(
        r"W_{\mathrm{HIGH}} - W_{\mathrm{LOW}}, \quad "
        r"W_X = \operatorname{mean}_{i < j \,\in\, X} z_{ij}"
    ),
    high="high-order cortex holds together more than sensory cortex",
    low="high-order cortex holds together less than sensory cortex",
    methods=(
        "The asymmetry of cohesion was the mean connectivity within high-order minus that within "
        "low-order cortex."
    ),
    cite=("Timmermann2023",),
    caveat="A fall can come from either end: read it beside withinfc of the networks.",
)
