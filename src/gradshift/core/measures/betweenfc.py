"""Connectivity between networks."""

import numpy as np

from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.cortex.session import Session


def betweenfc(session: Session) -> Values:
    """Average Fisher z over the pairs of regions between two networks, and between any two."""
    regions = session.regions
    sums, counts = network_sums(session.z, regions)
    position = {name: i for i, name in enumerate(regions.network_names)}
    means = ratio(sums, counts)
    pairs = [means[position[first], position[second]] for first, second in regions.network_pairs]
    sum_between = sums.sum() - np.trace(sums)
    count_between = counts.sum() - np.trace(counts)
    return {
        "network-pair": np.array(pairs, dtype=np.float64),
        "whole": ratio(np.array([sum_between]), np.array([count_between])),
    }


MEASURE = Measure(
    name="betweenfc",
    title="connectivity between networks",
    topic="networks",
    levels=("network-pair", "whole"),
    unit="Fisher z",
    compute=betweenfc,
    formula=(
        r"B_{kl} = \operatorname{mean}_{i \in k,\, j \in l} z_{ij}; \qquad "
        r"\text{whole: over all pairs of different networks}"
    ),
    high="the two networks exchange much",
    low="the two networks act apart, or against each other if negative",
    methods=(
        "Between-network connectivity was the mean Fisher-transformed correlation over all pairs "
        "of regions with one region in each network."
    ),
    cite=("Yeo2011", "Timmermann2023"),
    caveat=(
        "Its sign and size depend on global signal regression; a shift of all correlations "
        "moves it too."
    ),
)
