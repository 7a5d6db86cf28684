"""How much connection a region has in all."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="strength",
    title="node strength",
    topic="graph",
    levels=("region", "set"),
    unit="summed Fisher z",
    compute=of_regions(graph.strength),
    formula=r"s_i = \sum_j w_{ij}, \quad w_{ij} = \max(z_{ij}, 0)",
    high="strongly connected with many regions",
    low="hardly connected",
    methods=(f"{GRAPH_METHODS} Node strength was the sum of a region's weights."),
    cite=("Rubinov2010",),
    caveat=CAVEAT,
)
