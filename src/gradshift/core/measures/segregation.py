"""System segregation."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.separation import segregation as pooled_segregation
from gradshift.core.cortex.session import Session


def segregation(session: Session) -> Values:
    """Compare connections within and between networks, negative ones set to 0."""
    return pooled_segregation(np.maximum(session.z, 0.0), session.regions)


MEASURE = Measure(
    name="segregation",
    title="segregation of networks",
    topic="networks",
    levels=("network", "whole"),
    unit="1",
    compute=segregation,
    formula=(
        r"S = \frac{W - B}{W}, \\ W, B \text{ the mean of } \max(z_{ij}, 0) "
        r"\text{ over all pairs within, between networks}"
    ),
    high="networks keep to themselves",
    low="networks are connected to others as strongly as within",
    methods=(
        "System segregation was the difference of mean within- and mean between-network "
        "connectivity divided by the former, over pooled pairs of regions, with negative "
        "Fisher-transformed correlations set to zero."
    ),
    cite=("Chan2014",),
    caveat=(
        "Large networks weigh more in the whole-cortex value, as pairs are pooled; zeros hide "
        "changes of negative correlations (see segregationsigned)."
    ),
)
