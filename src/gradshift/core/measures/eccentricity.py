"""How far regions lie from the centre of the space of the first three gradients."""

import numpy as np

from gradshift.core.cortex.hierarchy import UNIT, aligned, per_region, whole
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def eccentricity(session: Session) -> Values:
    """Compute the distance of each region from the centroid of all."""
    gradients = aligned(session)
    space = gradients.scores[:, :3]
    distance = np.linalg.norm(space - space[gradients.used].mean(axis=0), axis=1)
    return {
        "region": per_region(distance, gradients),
        "whole": whole(float(distance[gradients.used].mean()), gradients),
    }


MEASURE = Measure(
    name="eccentricity",
    title="eccentricity in gradient space",
    topic="gradients",
    levels=("region", "network", "set", "whole"),
    needs_reference=True,
    unit=UNIT,
    compute=eccentricity,
    formula=r"\lVert g_i - \bar{g} \rVert, \quad g \text{ the first three gradients}",
    high="a connectivity profile unlike the average one: segregated",
    low="a connectivity profile near the average one: integrated",
    methods=(
        "Eccentricity was the distance of a region from the centroid of all regions in the "
        "space of the first three gradients."
    ),
    cite=("Bethlehem2020", "Park2021"),
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
