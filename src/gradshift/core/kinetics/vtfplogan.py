"""Volume of distribution of Logan's plot by the free fraction in plasma."""

from gradshift.core.kinetics.vtlogan import MODEL as VT
from gradshift.core.pet.model import Fit, Model, Scan, divided


def vtfplogan(scan: Scan) -> Fit:
    """Divide VT by the share of tracer in plasma that is free."""
    assert scan.free_fraction is not None
    return divided(VT.fit(scan), scan.free_fraction)


MODEL = Model(
    name="vtfplogan",
    title="volume of distribution by free fraction (Logan plot)",
    outcome="VT/fP",
    unit="mL/cm3",
    needs=(*VT.needs, "freefraction"),
    fit=vtfplogan,
    formula=r"V_T / f_P",
    high="more of the tracer's target",
    low="less of the tracer's target",
    methods=("VT of Logan's plot was divided by the free fraction in plasma."),
    cite=(),
    caveat="Carries the error of the free fraction, which is measured once and is small.",
)
