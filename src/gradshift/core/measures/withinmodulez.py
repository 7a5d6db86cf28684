"""How strongly a region is connected within its own network, against its peers."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="withinmodulez",
    title="within-network strength",
    topic="graph",
    levels=("region", "set"),
    unit="standard deviations",
    compute=of_regions(graph.within_module_z),
    formula=(
        r"\frac{k_i(m) - \operatorname{mean}_{j \in m} k_j(m)}"
        r"{\operatorname{SD}_{j \in m} k_j(m)}, \quad k_i(m) = \sum_{j \in m} w_{ij}, \; m \ni i"
    ),
    high="a hub of its network",
    low="on the edge of its network",
    methods=(
        f"{GRAPH_METHODS} "
        "The within-module z-score compared a region's strength within its network with that "
        "of the network's other regions (population standard deviation)."
    ),
    cite=("Guimera2005", "Rubinov2010"),
    caveat=CAVEAT,
)
