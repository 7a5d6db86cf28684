"""Position of each region on the third gradient."""

from gradshift.core.cortex.hierarchy import CITE, METHODS, UNIT, component
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradient3(session: Session) -> Values:
    """Return the aligned scores of the third gradient."""
    return {"region": component(session, 3)}


MEASURE = Measure(
    name="gradient3",
    title="third gradient",
    topic="gradients",
    levels=("region", "network", "set"),
    needs_reference=True,
    unit=UNIT,
    compute=gradient3,
    formula=(
        r"g_3 = \psi \frac{\lambda}{1 - \lambda}, \\ \psi, \lambda "
        r"\text{ of the component 3 of the diffusion map, after Procrustes alignment}"
    ),
    high="close to the reference's positive end",
    low="close to its negative end",
    methods=METHODS,
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
