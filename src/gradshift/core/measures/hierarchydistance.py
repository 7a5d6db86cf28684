"""How far high-order and sensory networks lie apart on the principal gradient."""

import numpy as np

from gradshift.core.cortex.hierarchy import CITE, UNIT, aligned, whole
from gradshift.core.cortex.measure import Measure, UnavailableError, Values
from gradshift.core.cortex.session import Session


def hierarchydistance(session: Session) -> Values:
    """Subtract the mean score of sensory from that of high-order regions."""
    gradients = aligned(session)
    high = gradients.scores[session.regions.high & gradients.used, 0]
    low = gradients.scores[session.regions.low & gradients.used, 0]
    if not (len(high) and len(low)):
        raise UnavailableError("no usable regions in high-order or in sensory networks")
    return {"whole": whole(float(np.mean(high) - np.mean(low)), gradients)}


MEASURE = Measure(
    name="hierarchydistance",
    title="distance of high-order from low-order networks on the principal gradient",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit=UNIT,
    compute=hierarchydistance,
    formula=(
        r"\operatorname{mean}_{\text{Default, Cont}} g_1 - "
        r"\operatorname{mean}_{\text{Vis, SomMot}} g_1"
    ),
    high="the ends of the hierarchy lie far apart",
    low="a flattened hierarchy",
    methods=(
        "The distance of the ends of the hierarchy was the mean principal gradient of default "
        "and control regions minus that of visual and somatomotor regions."
    ),
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
