"""How widely regions spread along the principal gradient."""

from gradshift.core.cortex.hierarchy import CITE, UNIT, aligned, whole
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientsd(session: Session) -> Values:
    """Compute the standard deviation of the principal gradient over regions."""
    gradients = aligned(session)
    scores = gradients.scores[gradients.used, 0]
    return {"whole": whole(float(scores.std(ddof=1)), gradients)}


MEASURE = Measure(
    name="gradientsd",
    title="spread of the principal gradient",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit=UNIT,
    compute=gradientsd,
    formula=r"\operatorname{SD}(g_1) \quad \text{(ddof 1)}",
    high="regions spread widely along the hierarchy",
    low="a flattened hierarchy",
    methods="The spread of the principal gradient was its standard deviation over regions.",
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
