"""Area under the curve of `modularity` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import modularity

MEASURE = thresholded(modularity.MEASURE, graph.modularity)
