"""Late activity as a ratio to the reference region."""

import numpy as np

from gradshift.core.pet.model import Fit, Model, Scan
from gradshift.core.pet.ratios import late_ratio


def suvr(scan: Scan) -> Fit:
    """Divide mean activity from 60 to 90 (or else 40 to 60) minutes by the reference's."""
    ratio, remark = late_ratio(scan)
    return Fit(
        values=ratio,
        errors=np.full(len(ratio), np.nan),
        curves=np.full(scan.tissue.shape, np.nan),
        remark=remark,
    )


MODEL = Model(
    name="suvr",
    title="uptake ratio",
    outcome="SUVR",
    unit="ratio",
    needs=("reference",),
    fit=suvr,
    formula=(
        r"\mathrm{SUVR} = \frac{\operatorname{mean} C}{\operatorname{mean} C_r}, \quad "
        r"\text{from 60 to 90 min, or else from 40 to 60 min}"
    ),
    high="more uptake than in the reference region",
    low="1: as in the reference region",
    methods=(
        "The uptake ratio was the mean activity from 60 to 90 minutes (40 to 60 where the scan "
        "was shorter) over that of the reference region."
    ),
    cite=("Naganawa2021",),
    caveat="Semi-quantitative and sensitive to blood flow.",
)
