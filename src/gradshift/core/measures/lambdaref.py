"""How strongly a session's connectivity follows the reference hierarchy."""

import numpy as np

from gradshift.core.cortex.hierarchy import any_gradients
from gradshift.core.cortex.measure import Flagged, Measure, Values
from gradshift.core.cortex.session import Session


def lambdaref(session: Session) -> Values:
    """Return the strength of the reference gradient, which needs no alignment."""
    gradients = any_gradients(session)
    value = np.array([gradients.lambda_ref])
    if gradients.problem:
        return {"whole": Flagged(value, [gradients.problem])}
    coarse = gradients.kind == "coarse"
    return {
        "whole": Flagged(
            value, [gradients.status if coarse else "ok"], [gradients.kind if coarse else "ok"]
        )
    }


MEASURE = Measure(
    name="lambdaref",
    title="strength of the hierarchy",
    topic="gradients",
    levels=("whole",),
    needs_reference=True,
    unit="eigenvalue",
    compute=lambdaref,
    formula=(
        r"\lambda_{\mathrm{ref}} = \frac{\langle g, P g \rangle_\pi}{\langle g, g \rangle_\pi}, "
        r"\\ P \text{ the transition operator of the session}, \; \pi \text{ its stationary "
        r"distribution}, \\ g \text{ the reference gradient}"
    ),
    high="near 1: regions alike in connectivity lie close together on the reference hierarchy",
    low="the reference hierarchy says little about who is alike: flattened",
    methods=(
        "The strength of the hierarchy was the Rayleigh quotient of the reference's principal "
        "gradient under the session's diffusion operator, which needs neither eigenvectors nor "
        "alignment."
    ),
    cite=("Coifman2006",),
    caveat="Depends on kernel and sparsity; defined here, not taken from the literature.",
)
