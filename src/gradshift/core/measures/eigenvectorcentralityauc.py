"""Area under the curve of `eigenvectorcentrality` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import eigenvectorcentrality

MEASURE = thresholded(eigenvectorcentrality.MEASURE, graph.eigenvector_centrality)
