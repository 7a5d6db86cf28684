"""One-tissue compartment model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import propagated, tissue_response
from gradshift.core.pet.model import Fit, Model, Scan
from gradshift.core.pet.separable import SeparableFit, separable_fit

K2_BOUNDS = (1e-5, 0.5)
"""1/min."""

MOST_BLOOD = 0.2
"""Largest share of blood that a fit may give."""


def vt1tcm(scan: Scan) -> Fit:
    """Fit ``C = (1 - vB) K1 exp(-k2 t) * Cp + vB Cwb``, averaged over frames; VT = K1 / k2."""
    assert scan.input is not None
    source, frames, tissue = scan.input, scan.frames, scan.tissue

    def shape(rates: NDArray[np.float64]) -> NDArray[np.float64]:
        return tissue_response(source, frames, rates)

    blood, volume, remark = source.blood_in(frames), scan.blood_volume, ""
    if blood is None:
        blood, volume = np.zeros(len(tissue)), 0.0
        remark = "no whole blood: blood volume taken as 0"
    if volume is not None:
        return _fixed(shape, scan, blood, np.full(tissue.shape[1], volume), remark)
    free = separable_fit(shape, tissue, frames.weights, K2_BOUNDS, other=blood)
    inside = (free.share >= 0) & (free.share <= MOST_BLOOD)
    bounded = _fixed(shape, scan, blood, np.clip(free.share, 0, MOST_BLOOD))
    return _joined(_result(free, free.share), bounded, inside)


def _fixed(
    shape: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    scan: Scan,
    blood: NDArray[np.float64],
    share: NDArray[np.float64],
    remark: str = "",
) -> Fit:
    """Fit with a known share of blood in each region."""
    less = scan.tissue - np.outer(blood, np.nan_to_num(share))
    fit = separable_fit(shape, less, scan.frames.weights, K2_BOUNDS)
    result = _result(fit, np.where(np.isnan(fit.rate), np.nan, share), remark)
    curves = result.curves + np.outer(blood, np.nan_to_num(share))
    return Fit(**{**vars(result), "curves": curves})


def _result(fit: SeparableFit, share: NDArray[np.float64], remark: str = "") -> Fit:
    k1 = fit.size / (1 - share)
    volume = k1 / fit.rate
    gradient = [volume / fit.size, -volume / fit.rate]
    if fit.covariance.shape[1] == 3:
        gradient.append(volume / (1 - share))
    errors = propagated(np.stack(gradient, axis=1), fit.covariance)
    return Fit(
        values=volume,
        errors=errors,
        curves=fit.fitted,
        parameters={"k1": k1, "k2": fit.rate, "vb": share},
        remark=remark,
        at_bound=fit.at_bound,
    )


def _joined(free: Fit, bounded: Fit, inside: NDArray[np.bool_]) -> Fit:
    """Take regions from the free fit where its share of blood is possible."""
    assert free.at_bound is not None
    assert bounded.at_bound is not None
    return Fit(
        values=np.where(inside, free.values, bounded.values),
        errors=np.where(inside, free.errors, bounded.errors),
        curves=np.where(inside, free.curves, bounded.curves),
        parameters={
            name: np.where(inside, free.parameters[name], bounded.parameters[name])
            for name in free.parameters
        },
        at_bound=np.where(inside, free.at_bound, bounded.at_bound),
    )


MODEL = Model(
    name="vt1tcm",
    title="volume of distribution (one-tissue model)",
    outcome="VT",
    unit="mL/cm3",
    needs=("input", "start"),
    fit=vt1tcm,
    formula=r"C = (1 - v_B) \, K_1 e^{-k_2 t} \otimes C_p + v_B C_{wb}, \quad V_T = K_1 / k_2",
    high="more of the tracer's target",
    low="less of the tracer's target",
    methods=(
        "The total volume of distribution was K1/k2 of a one-tissue compartment model, fitted to "
        "frame averages with weights proportional to frame duration."
    ),
    cite=("Finnema2018",),
    caveat="The delay between blood and tissue is not fitted.",
)
