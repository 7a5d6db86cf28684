"""How much a region leads the others in time (exploratory)."""

import numpy as np

from gradshift.core.cortex.lagged import CAVEAT, METHODS, directed
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def lead(session: Session) -> Values:
    """Return the mean asymmetry of each region with the others."""
    values = np.full(len(session.regions), np.nan)
    values[session.nodes] = directed(session).lead
    return {"region": values}


MEASURE = Measure(
    name="lead",
    title="lead in time",
    topic="direction",
    levels=("region", "network", "set"),
    needs="series",
    unit="nats",
    compute=lead,
    formula=(
        r"\operatorname{mean}_{j \ne i} (I_{ij} - I_{ji}), \quad I = -\tfrac{1}{2} \ln(1 - C^2), "
        r"\; C_{ij} = r(x_i(t), x_j(t + 1))"
    ),
    high="above 0: its past tells more about others than theirs about it",
    low="below 0: it follows",
    methods=(
        f"{METHODS} "
        "The lead of a region was the mean over all other regions of the difference between the "
        "two directions."
    ),
    cite=("Deco2022",),
    caveat=CAVEAT,
)
