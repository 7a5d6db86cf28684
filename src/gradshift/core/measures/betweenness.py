"""How many shortest paths run through a region."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="betweenness",
    title="betweenness centrality",
    topic="graph",
    group="paths",
    levels=("region", "set"),
    unit="share of pairs",
    compute=of_regions(graph.betweenness),
    formula=(
        r"\frac{2}{(N-1)(N-2)} \, \#\{ j < k : \text{ the shortest path from } j \text{ to } k "
        r"\text{ runs through } i \}, \\ \text{lengths } 1/w_{ij}"
    ),
    high="paths between others run through it",
    low="no path between others runs through it",
    methods=(
        f"{GRAPH_METHODS} "
        "Betweenness was the share of pairs of other regions whose shortest path (length one "
        "over weight) ran through a region."
    ),
    cite=("Freeman1977", "Brandes2001"),
    caveat=f"{CAVEAT} Very sensitive to noise in single connections.",
)
