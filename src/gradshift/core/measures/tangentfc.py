"""Connectivity in the tangent space at the mean of everybody."""

import numpy as np

from gradshift.core.cortex.measure import Measure, UnavailableError, Values
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.cortex.session import Session
from gradshift.core.cortex.tangent import covariance, displacement


def tangentfc(session: Session) -> Values:
    """Average the displacement from the mean within networks and between two."""
    if session.centre is None:
        raise UnavailableError("computed at the group level, from all sessions compared")
    regions = session.regions
    used = np.isfinite(np.diagonal(session.centre))
    mean = session.centre[np.ix_(used, used)]
    own = covariance(session)[np.ix_(used, used)]
    away = np.full(session.centre.shape, np.nan)
    away[np.ix_(used, used)] = displacement(own, mean)
    np.fill_diagonal(away, np.nan)
    means = ratio(*network_sums(away, regions))
    position = {name: i for i, name in enumerate(regions.network_names)}
    pairs = [means[position[first], position[second]] for first, second in regions.network_pairs]
    return {"network": np.diagonal(means).copy(), "network-pair": np.array(pairs)}


MEASURE = Measure(
    name="tangentfc",
    title="connectivity in tangent space",
    topic="networks",
    group="tangent",
    levels=("network", "network-pair"),
    unit="log units",
    needs="series",
    needs_everybody=True,
    compute=tangentfc,
    formula=(
        r"\operatorname{mean}_{i \in k,\, j \in l,\, i \neq j} \left[ \log \left( "
        r"\bar{C}^{-1/2} C \, \bar{C}^{-1/2} \right) \right]_{ij}, \\ "
        r"C \text{ the shrunk covariance of standardised cortical regions}, \; \bar{C} "
        r"\text{ the geometric mean over all sessions compared}"
    ),
    high="more coupled than in the mean of all sessions, beyond what other regions explain",
    low="less coupled than in the mean of all sessions; negative for about half of them",
    methods=(
        "Tangent-space connectivity was the matrix logarithm of each session's covariance "
        "(standardised cortical regions, Ledoit-Wolf shrinkage, the same time for all sessions of "
        "a person), whitened by the geometric mean over all sessions compared, which is blind to "
        "their roles; means over the pairs of regions within a network and between two."
    ),
    cite=("Varoquaux2010", "Dadi2019", "LedoitWolf2004"),
    caveat=(
        "A position among the sessions compared, not a correlation: it moves when somebody is "
        "added, and is not to be compared across studies. It predicts traits of people well "
        "(Dadi et al., 2019), which says nothing of a drug; in a test and retest of two people, "
        "sessions of one person were hardly more alike than those of both. Shrinkage depends on "
        "how long a session is, and there is no value for half of one."
    ),
)
