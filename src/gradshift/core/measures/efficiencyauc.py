"""Area under the curve of `efficiency` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import efficiency

MEASURE = thresholded(efficiency.MEASURE, graph.efficiency)
