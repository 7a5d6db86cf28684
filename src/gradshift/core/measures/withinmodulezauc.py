"""Area under the curve of `withinmodulez` over thresholded graphs."""

from gradshift.core import graph
from gradshift.core.hub import thresholded
from gradshift.core.measures import withinmodulez

MEASURE = thresholded(withinmodulez.MEASURE, graph.within_module_z)
