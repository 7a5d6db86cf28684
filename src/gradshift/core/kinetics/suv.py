"""Late activity by what was injected per weight."""

import numpy as np

from gradshift.core.pet.model import Fit, Model, Scan
from gradshift.core.pet.ratios import late_weights


def suv(scan: Scan) -> Fit:
    """Divide mean activity from 60 to 90 (or else 40 to 60) minutes by dose per weight."""
    assert scan.dose is not None
    weights, remark = late_weights(scan.frames)
    return Fit(
        values=weights @ scan.tissue / scan.dose,
        errors=np.full(scan.tissue.shape[1], np.nan),
        curves=np.full(scan.tissue.shape, np.nan),
        remark=remark,
    )


MODEL = Model(
    name="suv",
    title="standardised uptake value",
    outcome="SUV",
    unit="g/mL",
    needs=("dose",),
    fit=suv,
    formula=(
        r"\mathrm{SUV} = \frac{\operatorname{mean} C}{\text{injected activity} / \text{weight}}, "
        r"\quad \text{from 60 to 90 min, or else from 40 to 60 min}"
    ),
    high="more uptake",
    low="less uptake",
    methods=(
        "The standardised uptake value was the mean activity from 60 to 90 minutes (40 to 60 "
        "where the scan was shorter) over injected activity per weight."
    ),
    cite=(),
    caveat="Semi-quantitative, and sensitive to blood flow and to uptake elsewhere.",
)
