"""System segregation of high-order networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.regions import HIGH
from gradshift.core.cortex.separation import mean_segregation
from gradshift.core.cortex.session import Session


def segregationassociation(session: Session) -> Values:
    """Average the segregation of high-order networks, each with the same weight."""
    z = np.maximum(session.z, 0.0)
    return {"whole": mean_segregation(z, session.regions, HIGH)}


MEASURE = Measure(
    name="segregationassociation",
    title="segregation of high-order networks",
    topic="networks",
    levels=("whole",),
    unit="1",
    compute=segregationassociation,
    formula=(
        r"\operatorname{mean}_{k \in \mathrm{HIGH}} S_k, \quad "
        r"S_k = \frac{W_k - B_{k,\text{rest}}}{W_k} \text{ on } \max(z_{ij}, 0)"
    ),
    high="high-order networks keep to themselves",
    low="high-order networks are open to the others",
    methods=(
        "Segregation was averaged over high-order networks (default, control), each "
        "network with the same weight."
    ),
    cite=("Chan2014",),
    caveat="A small network counts as much as a large one, and brings more noise.",
)
