"""Area under the curve of `modularity` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import modularity

MEASURE = thresholded(modularity.MEASURE, graph.modularity)
