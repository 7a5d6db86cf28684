"""Simplified reference tissue model with two parameters."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import convolve, propagated
from gradshift.core.pet.model import Fit, Model, Scan
from gradshift.core.pet.separable import separable_fit

K2A_BOUNDS = (1e-4, 0.5)
"""1/min."""


def bpndsrtm2(scan: Scan) -> Fit:
    """Fit ``C = R1 (Cr + (k2' - k2a) exp(-k2a t) * Cr)`` in the middle of frames."""
    assert scan.reference is not None
    assert scan.k2prime is not None
    k2prime, reference = scan.k2prime, scan.reference
    time, values = np.append(0.0, scan.frames.middle), np.append(0.0, reference)

    def shape(rates: NDArray[np.float64]) -> NDArray[np.float64]:
        return reference[:, None] + (k2prime - rates) * convolve(rates, time, values)[1:]

    fit = separable_fit(shape, scan.tissue, scan.frames.weights, K2A_BOUNDS)
    ratio = fit.size * k2prime / fit.rate
    gradient = np.stack([ratio / fit.size, -ratio / fit.rate], axis=1)
    return Fit(
        values=ratio - 1,
        errors=propagated(gradient, fit.covariance),
        curves=fit.fitted,
        parameters={"r1": fit.size, "k2a": fit.rate},
        at_bound=fit.at_bound,
    )


MODEL = Model(
    name="bpndsrtm2",
    title="binding potential (SRTM2)",
    outcome="BPND",
    unit="ratio",
    needs=("reference", "k2prime", "start", "unbroken"),
    fit=bpndsrtm2,
    formula=(
        r"C = R_1 \left( C_r + (k_2' - k_{2a}) \, e^{-k_{2a} t} \otimes C_r \right), \quad "
        r"\mathrm{BP_{ND}} = R_1 k_2' / k_{2a} - 1"
    ),
    high="more of the target than in the reference region",
    low="0: as in the reference region",
    methods=(
        "Non-displaceable binding potential came from the simplified reference tissue model with "
        "k2' fixed, evaluated in the middle of frames, the reference curve linear between them."
    ),
    cite=("Wu2002",),
    caveat="A change in the reference region, or everywhere, cancels.",
)
