"""Whether high-order and sensory cortex are as connected with each other as within."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import low_and_high, mean_connection
from gradshift.core.cortex.session import Session


def ordercollapse(session: Session) -> Values:
    """Subtract connectivity within low and high order from that between them."""
    low, high = low_and_high(session.regions)
    between = mean_connection(session.z, low, high)
    within_low = mean_connection(session.z, low, low)
    within_high = mean_connection(session.z, high, high)
    return {"whole": np.array([between - (within_low + within_high) / 2])}


MEASURE = Measure(
    name="ordercollapse",
    title="collapse of the order of networks",
    topic="networks",
    levels=("whole",),
    unit="Fisher z",
    compute=ordercollapse,
    formula=(
        r"C = I_{LH} - \tfrac{1}{2} (W_{\mathrm{LOW}} + W_{\mathrm{HIGH}}), \quad "
        r"W_X = \operatorname{mean}_{i < j \,\in\, X} z_{ij}"
    ),
    high="near 0: low and high order are no longer told apart",
    low="negative: each keeps to itself",
    methods=(
        "Collapse of the order was the connectivity between low- and high-order cortex minus the "
        "mean of the connectivity within each, which a shift common to all connections leaves "
        "unchanged."
    ),
    cite=("Timmermann2023", "Girn2022"),
    caveat=(
        "A contrast defined for this app, not taken from the cited studies; free of an added "
        "shift, not of a change of scale of all correlations (such as noise)."
    ),
)
