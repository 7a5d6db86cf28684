"""How unevenly many steps regions are away from each other."""

import numpy as np

from gradshift.core.cortex.graph import geodesic_entropy
from gradshift.core.cortex.hub import CAVEAT, connected
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def geodesicentropy(session: Session) -> Values:
    """Average the entropy of the numbers of steps over thresholded graphs."""
    connected(session)
    return {"whole": np.array([np.mean([geodesic_entropy(g) for g in session.thresholded])])}


MEASURE = Measure(
    name="geodesicentropy",
    title="geodesic entropy",
    topic="graph",
    group="entropy",
    levels=("whole",),
    unit="nats",
    compute=geodesicentropy,
    formula=(
        r"\operatorname{mean}_{\text{densities}} \operatorname{mean}_i \Bigl( -\sum_s p_i(s) "
        r"\ln p_i(s) \Bigr), \\ p_i(s) \text{ the share of regions that are } s \text{ steps from "
        r"} i"
    ),
    high="some regions are near, others many steps away: distances differ",
    low="near 0: all regions are equally many steps from each other",
    methods=(
        "Geodesic entropy was the entropy of the numbers of steps from a region to all that it "
        "reaches, mean over connected regions, in graphs of the strongest positive connections, "
        "each one step long, averaged over densities from 10 to 30 % in steps of 5 % (where not "
        "stated otherwise)."
    ),
    cite=("Viol2019",),
    caveat=(
        f"{CAVEAT} In a test and retest of two people, sessions of one person were no more alike "
        "than those of both. Published values are of other numbers of regions and connections, "
        "count negative correlations, too, and (in CopBET) leave out regions from which all "
        "others are equally far, which count as 0 here: compare no absolute values."
    ),
)
