"""Connectivity within networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.cortex.session import Session


def withinfc(session: Session) -> Values:
    """Average Fisher z over the pairs of regions within each network, and within any."""
    sums, counts = network_sums(session.z, session.regions)
    return {
        "network": ratio(np.diagonal(sums), np.diagonal(counts)),
        "whole": ratio(np.array([np.trace(sums)]), np.array([np.trace(counts)])),
    }


MEASURE = Measure(
    name="withinfc",
    title="connectivity within networks",
    topic="networks",
    levels=("network", "whole"),
    unit="Fisher z",
    compute=withinfc,
    formula=(
        r"W_k = \operatorname{mean}_{i < j \,\in\, k} z_{ij}; \qquad "
        r"\text{whole: over all pairs within any network}"
    ),
    high="the regions of the network act together",
    low="the network holds together less",
    methods=(
        "Within-network connectivity was the mean Fisher-transformed correlation over all pairs "
        "of regions of a network."
    ),
    cite=("Yeo2011", "Timmermann2023"),
    caveat=(
        "Moves with any shift of all correlations (motion, arousal, global signal): read it "
        "beside meanfc."
    ),
)
