"""Connectivity between sensory and high-order networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import low_and_high, mean_connection
from gradshift.core.cortex.session import Session


def lowhighfc(session: Session) -> Values:
    """Average Fisher z between regions of sensory and regions of high-order networks."""
    low, high = low_and_high(session.regions)
    return {"whole": np.array([mean_connection(session.z, low, high)])}


MEASURE = Measure(
    name="lowhighfc",
    title="connectivity of high-order with low-order networks",
    topic="networks",
    levels=("whole",),
    unit="Fisher z",
    compute=lowhighfc,
    formula=(
        r"I_{LH} = \operatorname{mean}_{i \in \mathrm{LOW},\, j \in \mathrm{HIGH}} z_{ij}, \quad "
        r"\mathrm{LOW} = \{\text{Vis, SomMot}\}, \; \mathrm{HIGH} = \{\text{Default, Cont}\}"
    ),
    high="the two ends of the hierarchy exchange much",
    low="the two ends of the hierarchy act apart",
    methods=(
        "Integration of low- and high-order cortex was the mean Fisher-transformed correlation "
        "between regions of visual and somatomotor and regions of default and control networks."
    ),
    cite=("Timmermann2023",),
    caveat=(
        "Rises with any rise of all correlations: ordercollapse is free of a shift that all "
        "connections share."
    ),
)
