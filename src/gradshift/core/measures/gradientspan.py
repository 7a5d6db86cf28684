"""How far the principal gradient reaches, extremes included."""

import numpy as np

from gradshift.core.cortex.hierarchy import CITE, UNIT, aligned, whole
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientspan(session: Session) -> Values:
    """Subtract the smallest from the largest score of the principal gradient."""
    gradients = aligned(session)
    scores = gradients.scores[gradients.used, 0]
    return {"whole": whole(float(np.ptp(scores)), gradients)}


MEASURE = Measure(
    name="gradientspan",
    title="span of the principal gradient",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit=UNIT,
    compute=gradientspan,
    formula=r"\max(g_1) - \min(g_1)",
    high="a long hierarchy, its ends far apart",
    low="a flattened hierarchy",
    methods="The span of the principal gradient was the distance of its extreme regions.",
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
