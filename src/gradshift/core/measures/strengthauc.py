"""Area under the curve of `strength` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import strength

MEASURE = thresholded(strength.MEASURE, graph.strength)
