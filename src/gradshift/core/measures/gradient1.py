"""Position of each region on the principal gradient."""

from gradshift.core.cortex.hierarchy import CITE, METHODS, UNIT, component
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradient1(session: Session) -> Values:
    """Return the aligned scores of the principal gradient."""
    return {"region": component(session, 1)}


MEASURE = Measure(
    name="gradient1",
    title="principal gradient",
    topic="gradients",
    levels=("region", "network", "set"),
    needs_reference=True,
    unit=UNIT,
    compute=gradient1,
    formula=(
        r"g_1 = \psi \frac{\lambda}{1 - \lambda}, \\ \psi, \lambda "
        r"\text{ of the principal component of the diffusion map, after Procrustes alignment}"
    ),
    high="close to the high-order (default mode) end",
    low="close to the sensory end",
    methods=METHODS,
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
