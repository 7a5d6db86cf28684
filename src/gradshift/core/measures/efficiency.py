"""How easily any two regions reach each other."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_whole
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="efficiency",
    title="global efficiency",
    topic="graph",
    levels=("whole",),
    unit="Fisher z",
    compute=of_whole(graph.efficiency),
    formula=(
        r"\operatorname{mean}_{i \ne j} \frac{1}{d_{ij}}, \quad "
        r"d \text{ the shortest distance with lengths } 1/w_{ij}"
    ),
    high="regions reach each other over short, strong paths",
    low="long, weak paths, or none",
    methods=(
        f"{GRAPH_METHODS} "
        "Global efficiency was the mean of one over the shortest distance (lengths one over "
        "weight) of all pairs of regions."
    ),
    cite=("Latora2001",),
    caveat=CAVEAT,
)
