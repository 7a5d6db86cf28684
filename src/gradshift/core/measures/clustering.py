"""How tightly the neighbours of a region are connected with each other."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="clustering",
    title="clustering coefficient",
    topic="graph",
    levels=("region", "set"),
    unit="coefficient",
    compute=of_regions(graph.clustering),
    formula=(
        r"C_i = \frac{\sum_{j, k} (w_{ij} w_{jk} w_{ki})^{1/3}}{k_i (k_i - 1)}, "
        r"\\ w \text{ over their maximum}, \; k_i \text{ the number of neighbours}"
    ),
    high="neighbours are connected with each other",
    low="neighbours are not connected",
    methods=(
        f"{GRAPH_METHODS} "
        "The clustering coefficient was the mean geometric mean of the weights of triangles "
        "around a region, weights divided by the largest."
    ),
    cite=("Onnela2005", "Rubinov2010"),
    caveat=f"{CAVEAT} Noise in the largest weight scales all values.",
)
