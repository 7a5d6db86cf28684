"""Connectivity of structures beyond the cortex with its networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import mean_connection
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session


def systemfc(session: Session) -> Values:
    """Average Fisher z over all pairs of a region of a structure and one of a network."""
    regions = session.regions
    systems, networks = np.array(regions.systems), np.array(regions.networks)
    means = [
        mean_connection(session.z, systems == system, networks == network)
        for system, network in regions.system_pairs
    ]
    return {"network-pair": np.array(means, dtype=np.float64)}


def _labels(regions: Regions) -> tuple[str, ...]:
    """Join a structure and a network in alphabetical order, as pairs of networks are."""
    return tuple("-".join(sorted(pair)) for pair in regions.system_pairs)


MEASURE = Measure(
    name="systemfc",
    title="connectivity of subcortex and cerebellum with networks",
    topic="networks",
    levels=("network-pair",),
    labels=_labels,
    unit="Fisher z",
    compute=systemfc,
    formula=r"S_{sk} = \operatorname{mean}_{i \in s,\, j \in k} z_{ij}",
    high="the structure exchanges much with the network",
    low="the structure acts apart from the network, or against it if negative",
    methods=(
        "Connectivity of thalamus, striatum, pallidum, hippocampus, amygdala and cerebellum, as "
        "far as the atlas has them, with each network was the mean Fisher-transformed correlation "
        "over all pairs of regions."
    ),
    cite=("Yeo2011", "Tian2020"),
    caveat=(
        "Small, deep regions have a lower signal than the cortex and are closer to vessels and "
        "ventricles: noise lowers the values, and a change of noise changes them."
    ),
)
