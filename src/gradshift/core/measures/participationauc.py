"""Area under the curve of `participation` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import participation

MEASURE = thresholded(participation.MEASURE, graph.participation)
