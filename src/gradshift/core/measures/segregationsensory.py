"""System segregation of sensory networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.regions import LOW
from gradshift.core.cortex.separation import mean_segregation
from gradshift.core.cortex.session import Session


def segregationsensory(session: Session) -> Values:
    """Average the segregation of sensory networks, each with the same weight."""
    z = np.maximum(session.z, 0.0)
    return {"whole": mean_segregation(z, session.regions, LOW)}


MEASURE = Measure(
    name="segregationsensory",
    title="segregation of low-order networks",
    topic="networks",
    levels=("whole",),
    unit="1",
    compute=segregationsensory,
    formula=(
        r"\operatorname{mean}_{k \in \mathrm{LOW}} S_k, \quad "
        r"S_k = \frac{W_k - B_{k,\text{rest}}}{W_k} \text{ on } \max(z_{ij}, 0)"
    ),
    high="sensory networks keep to themselves",
    low="sensory networks are open to the others",
    methods=(
        "Segregation was averaged over sensory networks (visual, somatomotor), each "
        "network with the same weight."
    ),
    cite=("Chan2014",),
    caveat="A small network counts as much as a large one, and brings more noise.",
)
