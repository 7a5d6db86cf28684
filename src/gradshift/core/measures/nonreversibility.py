"""How different the recording looks played backwards (exploratory)."""

import numpy as np

from gradshift.core.cortex.lagged import CAVEAT, METHODS, directed
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def nonreversibility(session: Session) -> Values:
    """Return the mean square of the strongest asymmetries."""
    return {"whole": np.array([directed(session).nonreversibility])}


MEASURE = Measure(
    name="nonreversibility",
    title="non-reversibility in time",
    topic="direction",
    group="reversal",
    levels=("whole",),
    needs="series",
    unit="squared nats",
    compute=nonreversibility,
    formula=(
        r"\operatorname{mean} \text{ of the largest 5 \% of } (I_{ij} - I_{ji})^2, "
        r"\; i < j, \\ I = -\tfrac{1}{2} \ln(1 - C^2), \; C_{ij} = r(x_i(t), x_j(t + 1))"
    ),
    high="activity flows in a preferred direction",
    low="near 0: no arrow of time",
    methods=(
        f"{METHODS} "
        "Global non-reversibility was the mean square of the largest twentieth of the differences "
        "between the two directions."
    ),
    cite=("Deco2022",),
    caveat=(f"{CAVEAT} Grows as volumes get fewer: noise has asymmetries too."),
)
