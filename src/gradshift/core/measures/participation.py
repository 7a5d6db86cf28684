"""How evenly a region's connections spread over networks."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="participation",
    title="participation coefficient",
    topic="graph",
    levels=("region", "set"),
    unit="coefficient",
    compute=of_regions(graph.participation),
    formula=(
        r"P_i = 1 - \sum_m \left( \frac{k_{im}}{k_i} \right)^2, \quad "
        r"m \text{ the networks}"
    ),
    high="near 1: connected evenly with all networks",
    low="0: connected with one network only",
    methods=(
        f"{GRAPH_METHODS} The participation coefficient was taken over the networks of the atlas."
    ),
    cite=("Guimera2005", "Rubinov2010"),
    caveat=CAVEAT,
)
