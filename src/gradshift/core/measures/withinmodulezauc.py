"""Area under the curve of `withinmodulez` over thresholded graphs."""

from gradshift.core.cortex import graph
from gradshift.core.cortex.hub import thresholded
from gradshift.core.measures import withinmodulez

MEASURE = thresholded(withinmodulez.MEASURE, graph.within_module_z)
