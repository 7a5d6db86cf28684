"""Area under the curve of `participation` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import participation

MEASURE = thresholded(participation.MEASURE, graph.participation)
