"""How much influence a region has on the whole network."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import CAVEAT, GRAPH_METHODS, of_regions
from gradshift.core.cortex.measure import Measure

MEASURE = Measure(
    name="eigenvectorcentrality",
    title="eigenvector centrality",
    topic="graph",
    levels=("region", "set"),
    unit="unit-norm loading",
    compute=of_regions(graph.eigenvector_centrality),
    formula=r"|v_i|, \quad W v = \lambda_{\max} v, \; \lVert v \rVert = 1",
    high="connected with regions that are themselves well connected: influential",
    low="on the edge of the network",
    methods=(
        f"{GRAPH_METHODS} "
        "Eigenvector centrality was the loading on the leading eigenvector of the weights, "
        "scaled to unit length."
    ),
    cite=("Bonacich1972", "Lohmann2010"),
    caveat=f"{CAVEAT} Loadings shrink as regions are added: never compare across atlases.",
)
