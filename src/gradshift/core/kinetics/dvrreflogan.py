"""Logan's graphical analysis with a reference region."""

import numpy as np

from gradshift.core.pet.curves import until_middle
from gradshift.core.pet.linear import late_line
from gradshift.core.pet.model import LATE, Fit, Model, Scan, late_frames


def dvrreflogan(scan: Scan) -> Fit:
    """Take the late slope of ``∫C/C`` on ``(∫Cr + Cr/k2')/C``."""
    assert scan.reference is not None
    assert scan.k2prime is not None
    late = late_frames(scan.frames)
    source = until_middle(scan.frames, scan.reference) + scan.reference / scan.k2prime
    x = np.repeat(source[:, None], scan.tissue.shape[1], axis=1)
    y = until_middle(scan.frames, scan.tissue)
    slope, error, intercept, curves = late_line(x, y, scan.tissue, late)
    return Fit(
        values=slope,
        errors=error,
        curves=curves,
        parameters={"bpnd": slope - 1, "intercept": intercept},
    )


MODEL = Model(
    name="dvrreflogan",
    title="distribution volume ratio (reference Logan plot)",
    outcome="DVR",
    unit="ratio",
    needs=("reference", "k2prime", "start", "unbroken"),
    fit=dvrreflogan,
    formula=(
        r"\frac{\int_0^t C}{C} = \mathrm{DVR} \, \frac{\int_0^t C_r + C_r / k_2'}{C} + b, "
        rf"\quad t \ge {LATE:g} \,\mathrm{{min}}; \qquad \mathrm{{BP_{{ND}}}} = \mathrm{{DVR}} - 1"
    ),
    high="more of the target than in the reference region",
    low="1: as in the reference region",
    methods=(
        "The distribution volume ratio was the slope of Logan's plot with the reference region "
        f"in place of plasma and k2' fixed, over frames from {LATE:g} minutes on."
    ),
    cite=("Logan1996",),
    caveat="A change in the reference region, or everywhere, cancels.",
)
