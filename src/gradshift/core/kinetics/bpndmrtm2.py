"""Multilinear reference tissue model with two parameters."""

import numpy as np

from gradshift.core.pet.curves import propagated, until_middle
from gradshift.core.pet.linear import linear_fit
from gradshift.core.pet.model import Fit, Model, Scan


def bpndmrtm2(scan: Scan) -> Fit:
    """Fit ``C = g1 (∫Cr + Cr/k2') + g2 ∫C``; BPND = -g1/g2 - 1."""
    assert scan.reference is not None
    assert scan.k2prime is not None
    frames, tissue = scan.frames, scan.tissue
    source = until_middle(frames, scan.reference) + scan.reference / scan.k2prime
    design = np.stack(
        [np.repeat(source[:, None], tissue.shape[1], axis=1), until_middle(frames, tissue)], axis=2
    )
    fit = linear_fit(design, tissue, frames.weights)
    g1, g2 = fit.beta.T
    gradient = np.stack([-1 / g2, g1 / g2**2], axis=1)
    return Fit(
        values=-g1 / g2 - 1,
        errors=propagated(gradient, fit.covariance),
        curves=fit.fitted,
        parameters={"r1": g1 / scan.k2prime, "k2a": -g2},
    )


MODEL = Model(
    name="bpndmrtm2",
    title="binding potential (MRTM2)",
    outcome="BPND",
    unit="ratio",
    needs=("reference", "k2prime", "start", "unbroken"),
    fit=bpndmrtm2,
    formula=(
        r"C = \gamma_1 \left( \int_0^t C_r + C_r / k_2' \right) + \gamma_2 \int_0^t C, \quad "
        r"\mathrm{BP_{ND}} = -\gamma_1 / \gamma_2 - 1"
    ),
    high="more of the target than in the reference region",
    low="0: as in the reference region",
    methods=(
        "Non-displaceable binding potential came from the two-parameter multilinear reference "
        "tissue model with k2' fixed, over all frames, weighted by duration."
    ),
    cite=("Ichise2003",),
    caveat="A change in the reference region, or everywhere, cancels.",
)
