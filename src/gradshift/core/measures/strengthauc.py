"""Area under the curve of `strength` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import strength

MEASURE = thresholded(strength.MEASURE, graph.strength)
