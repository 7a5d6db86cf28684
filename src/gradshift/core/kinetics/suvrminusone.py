"""Late ratio to the reference region, minus 1: a stand-in for the binding potential."""

import numpy as np

from gradshift.core.pet.model import Fit, Model, Scan
from gradshift.core.pet.ratios import late_ratio


def suvrminusone(scan: Scan) -> Fit:
    """Subtract 1 from the late ratio, see `gradshift.core.pet.ratios.late_ratio`."""
    ratio, remark = late_ratio(scan)
    return Fit(
        values=ratio - 1,
        errors=np.full(len(ratio), np.nan),
        curves=np.full(scan.tissue.shape, np.nan),
        remark=remark,
    )


MODEL = Model(
    name="suvrminusone",
    title="uptake ratio minus 1",
    outcome="SUVR-1",
    unit="ratio",
    needs=("reference",),
    fit=suvrminusone,
    formula=r"\mathrm{SUVR} - 1",
    high="more uptake than in the reference region",
    low="0: as in the reference region",
    methods="The uptake ratio minus 1 stood in for the non-displaceable binding potential.",
    cite=("Naganawa2021",),
    caveat="Semi-quantitative and sensitive to blood flow.",
)
