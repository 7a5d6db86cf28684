"""Area under the curve of `betweenness` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import betweenness

MEASURE = thresholded(betweenness.MEASURE, graph.betweenness)
