"""System segregation with negative correlations kept."""

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.separation import segregation
from gradshift.core.cortex.session import Session


def segregationsigned(session: Session) -> Values:
    """Compare connections within and between networks, negative ones as they are."""
    return segregation(session.z, session.regions)


MEASURE = Measure(
    name="segregationsigned",
    title="segregation of networks, with negative connectivity",
    topic="networks",
    levels=("network", "whole"),
    unit="1",
    compute=segregationsigned,
    formula=(
        r"S = \frac{W - B}{W}, \\ W, B \text{ the mean of } z_{ij} "
        r"\text{ over all pairs within, between networks}"
    ),
    high="networks keep to themselves; above 1 where they act against each other",
    low="networks are connected to others as strongly as within",
    methods=(
        "System segregation was also computed with negative Fisher-transformed correlations kept."
    ),
    cite=("Chan2014",),
    caveat="Changes its scale under global signal regression, which makes correlations negative.",
)
