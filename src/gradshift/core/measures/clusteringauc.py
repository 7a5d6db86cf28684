"""Area under the curve of `clustering` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import clustering

MEASURE = thresholded(clustering.MEASURE, graph.clustering)
