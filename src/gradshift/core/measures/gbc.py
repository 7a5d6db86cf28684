"""Global brain connectivity of each region."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import ratio
from gradshift.core.cortex.session import Session


def gbc(session: Session) -> Values:
    """Average Fisher z of each region with all other usable regions."""
    finite = np.isfinite(session.z)
    sums = np.where(finite, session.z, 0.0).sum(axis=1)
    return {"region": ratio(sums, finite.sum(axis=1).astype(np.float64))}


MEASURE = Measure(
    name="gbc",
    title="global brain connectivity",
    topic="networks",
    levels=("region", "set"),
    unit="Fisher z",
    compute=gbc,
    formula=r"\mathrm{GBC}_i = \operatorname{mean}_{j \ne i} z_{ij}",
    high="the region is connected with all the rest",
    low="the region stands apart",
    methods=(
        "Global brain connectivity of a region was its mean Fisher-transformed correlation with "
        "all other regions."
    ),
    cite=("Cole2010",),
    caveat=(
        "Regions of large networks have high values because many regions are their own "
        "network's; depends on which structures the atlas covers."
    ),
)
