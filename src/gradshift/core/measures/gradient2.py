"""Position of each region on the second gradient."""

from gradshift.core.cortex.hierarchy import CITE, METHODS, UNIT, component
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradient2(session: Session) -> Values:
    """Return the aligned scores of the second gradient."""
    return {"region": component(session, 2)}


MEASURE = Measure(
    name="gradient2",
    title="second gradient",
    topic="gradients",
    levels=("region", "network", "set"),
    needs_reference=True,
    unit=UNIT,
    compute=gradient2,
    formula=(
        r"g_2 = \psi \frac{\lambda}{1 - \lambda}, \\ \psi, \lambda "
        r"\text{ of the component 2 of the diffusion map, after Procrustes alignment}"
    ),
    high="close to the reference's positive end",
    low="close to its negative end",
    methods=METHODS,
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
