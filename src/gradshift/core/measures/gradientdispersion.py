"""How widely regions scatter in the space of the first three gradients."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.hierarchy import aligned, whole, with_status
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientdispersion(session: Session) -> Values:
    """Compute dispersion within networks, between networks and over the whole cortex."""
    gradients = aligned(session)
    regions = session.regions
    space = gradients.scores[:, :3]
    index = np.where(gradients.used, regions.network_index, -1)
    members = [space[index == i] for i in range(len(regions.network_names))]
    centres = {
        name: _centre(inside) for name, inside in zip(regions.network_names, members, strict=True)
    }
    between = [np.linalg.norm(centres[a] - centres[b]) for a, b in regions.network_pairs]
    return {
        "network": with_status(np.array([_scatter(inside) for inside in members]), gradients),
        "network-pair": with_status(np.array(between), gradients),
        "whole": whole(_scatter(space[gradients.used]), gradients),
    }


def _centre(space: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the median of each gradient; NaN without regions."""
    return np.median(space, axis=0) if len(space) else np.full(space.shape[1], np.nan)


def _scatter(space: NDArray[np.float64]) -> float:
    """Sum the squared distances of regions to their centre; NaN without regions."""
    return float(np.sum((space - _centre(space)) ** 2)) if len(space) else np.nan


MEASURE = Measure(
    name="gradientdispersion",
    title="dispersion in gradient space",
    topic="gradients",
    levels=("network", "network-pair", "whole"),
    needs_reference=True,
    unit="squared diffusion units (network, whole); diffusion units (network-pair)",
    compute=gradientdispersion,
    formula=(
        r"\sum_{i} \lVert g_i - \tilde{g} \rVert^2 \text{ over a network or the cortex;} "
        r"\\ \lVert \tilde{g}_a - \tilde{g}_b \rVert \text{ between networks;} "
        r"\\ g \text{ the first three gradients}, \; \tilde{g} \text{ their median}"
    ),
    high="regions of a network are unlike; networks are far apart",
    low="regions of a network are alike; networks are close together",
    methods=(
        "In the space of the first three gradients, within-network dispersion was the sum of "
        "squared distances of regions to their network's median, between-network dispersion "
        "the distance of two medians, global dispersion the sum over all regions."
    ),
    cite=("Bethlehem2020",),
    caveat="Sums grow with the number of regions: never compare across atlases.",
)
