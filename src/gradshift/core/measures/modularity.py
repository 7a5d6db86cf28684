"""How much connections keep to the networks of the atlas."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_whole
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="modularity",
    title="modularity",
    topic="graph",
    levels=("whole",),
    unit="Q",
    compute=of_whole(graph.modularity),
    formula=(
        r"Q = \frac{1}{2m} \sum_{ij} \left( w_{ij} - \frac{k_i k_j}{2m} \right) \delta_{ij}, "
        r"\\ \delta_{ij} = 1 \text{ within a network}, \; 2m = \sum_{ij} w_{ij}"
    ),
    high="connections stay within networks",
    low="connections ignore the networks",
    methods=(
        f"{GRAPH_METHODS} "
        "Modularity was Newman's Q of the weights for the networks of the atlas, not for "
        "communities found in the data."
    ),
    cite=("Newman2004",),
    caveat=CAVEAT,
)
