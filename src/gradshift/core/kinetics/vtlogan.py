"""Logan's graphical analysis with an arterial input function."""

import numpy as np

from gradshift.core.pet.curves import until_middle
from gradshift.core.pet.linear import late_line
from gradshift.core.pet.model import LATE, Fit, Model, Scan, late_frames


def vtlogan(scan: Scan) -> Fit:
    """Take the late slope of ``∫C/C`` on ``∫Cp/C``, integrals to the middle of frames."""
    assert scan.input is not None
    late = late_frames(scan.frames)
    arrived = scan.input.integral(scan.frames.middle)
    x = np.repeat(arrived[:, None], scan.tissue.shape[1], axis=1)
    y = until_middle(scan.frames, scan.tissue)
    slope, error, intercept, curves = late_line(x, y, scan.tissue, late)
    return Fit(values=slope, errors=error, curves=curves, parameters={"intercept": intercept})


MODEL = Model(
    name="vtlogan",
    title="volume of distribution (Logan plot)",
    outcome="VT",
    unit="mL/cm3",
    needs=("input", "start", "unbroken"),
    fit=vtlogan,
    formula=(
        r"\frac{\int_0^t C}{C} = V_T \frac{\int_0^t C_p}{C} + b, \quad "
        rf"t \ge {LATE:g} \,\mathrm{{min}}"
    ),
    high="more of the tracer's target, or less of the tracer held back in plasma",
    low="less of the tracer's target",
    methods=(
        "The total volume of distribution was the slope of Logan's plot with the metabolite-"
        f"corrected arterial input function, over frames from {LATE:g} minutes on, equally "
        "weighted."
    ),
    cite=("Logan1990", "Finnema2018"),
    caveat="Biased downwards by noise, and by blood in the region, which it does not model.",
)
