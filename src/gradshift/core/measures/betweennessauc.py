"""Area under the curve of `betweenness` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import betweenness

MEASURE = thresholded(betweenness.MEASURE, graph.betweenness)
