"""Area under the curve of `eigenvectorcentrality` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import eigenvectorcentrality

MEASURE = thresholded(eigenvectorcentrality.MEASURE, graph.eigenvector_centrality)
