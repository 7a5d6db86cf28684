"""Area under the curve of `clustering` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import clustering

MEASURE = thresholded(clustering.MEASURE, graph.clustering)
