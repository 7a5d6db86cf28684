"""How far the principal gradient reaches, without its extreme regions."""

import numpy as np

from gradshift.core.cortex.hierarchy import CITE, UNIT, aligned, whole
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientrange(session: Session) -> Values:
    """Subtract the 5th from the 95th percentile of the principal gradient."""
    gradients = aligned(session)
    scores = gradients.scores[gradients.used, 0]
    return {"whole": whole(float(np.subtract(*np.percentile(scores, (95, 5)))), gradients)}


MEASURE = Measure(
    name="gradientrange",
    title="range of the principal gradient",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit=UNIT,
    compute=gradientrange,
    formula="P_{95}(g_1) - P_{5}(g_1)",
    high="a long hierarchy, its ends far apart",
    low="a flattened hierarchy",
    methods=(
        "The range of the principal gradient was the distance of its 95th from its 5th percentile."
    ),
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
