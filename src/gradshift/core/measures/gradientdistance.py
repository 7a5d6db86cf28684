"""How far two networks lie apart on the principal gradient."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.hierarchy import CITE, UNIT, aligned, network_means, with_status
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def gradientdistance(session: Session) -> Values:
    """Subtract network means, the network lower in the reference from the higher one."""
    gradients = aligned(session)
    regions = session.regions
    means = network_means(gradients.scores[:, 0], regions)
    principal = np.where(gradients.used, gradients.reference, np.nan)
    signs = np.sign(_pairwise(session, network_means(principal, regions)))
    return {"network-pair": with_status(signs * _pairwise(session, means), gradients)}


def _pairwise(session: Session, means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the second network of each pair from the first."""
    mean_of = dict(zip(session.regions.network_names, means, strict=True))
    return np.array([mean_of[a] - mean_of[b] for a, b in session.regions.network_pairs])


MEASURE = Measure(
    name="gradientdistance",
    title="distance on the principal gradient",
    topic="gradients",
    levels=("network-pair",),
    needs_reference=True,
    unit=UNIT,
    compute=gradientdistance,
    formula=(
        r"\operatorname{mean}_{\text{upper}} g_1 - \operatorname{mean}_{\text{lower}} g_1, "
        r"\quad \text{upper and lower network by the reference}"
    ),
    high="the networks lie far apart on the hierarchy",
    low="near 0: at the same place; below 0: in the order opposite to the reference",
    methods=(
        "The distance of two networks on the principal gradient was the difference of their "
        "mean scores, taken in the order they have in the reference."
    ),
    cite=CITE,
    caveat="Units depend on kernel and sparsity: never compare across settings or atlases.",
)
