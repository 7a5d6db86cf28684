"""How much of the connectivity the principal gradient accounts for."""

from gradshift.core.cortex.hierarchy import aligned, whole
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientshare(session: Session) -> Values:
    """Return the variance share of the unaligned component most like the principal one."""
    gradients = aligned(session)
    return {"whole": whole(gradients.share, gradients)}


MEASURE = Measure(
    name="gradientshare",
    title="share of the principal gradient",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit="share",
    compute=gradientshare,
    formula=(
        r"\frac{\lambda'_b}{\sum_{k=1}^{10} \lambda'_k}, \quad "
        r"\lambda' = \frac{\lambda}{1 - \lambda}, \; b \text{ the one most like the reference}"
    ),
    high="the principal gradient dominates",
    low="other components matter as much",
    methods=(
        "The variance share of the principal gradient was λ/(1-λ) of the unaligned component "
        "with the highest absolute correlation with the reference, over the sum for ten."
    ),
    cite=("Bethlehem2020",),
    caveat="Aligned components have no eigenvalue; with near-equal ones the share jumps.",
)
