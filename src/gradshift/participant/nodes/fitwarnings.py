"""Warnings of fitted values that a scan should not have."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.core.pet.model import Fit, Model
from gradshift.tracers.tracer import Tracer

NOISY = 0.2
"""Standard error over value above which a value gets a remark."""

MISSED = 0.25
"""Share of regions whose residuals run together (p < .05) that is worth a warning."""


VISIBLE = 0.005
"""Share of the largest activity below which residuals do not matter."""


def warn_of_values(
    model: Model, regions: Regions, fitted: Fit, tracer: Tracer, reference_name: str
) -> list[str]:
    """Warn of values that the cortex or the reference region does not have with this tracer."""
    warnings = []
    cortex = fitted.values[: len(regions)][regions.cortical]
    for usual in tracer.plausible:
        low, high = usual.low, usual.high
        if usual.outcome != model.outcome:
            continue
        limits = f"outside {low:g} to {high:g} {model.unit}, where {tracer.name} has"
        beyond = int(((cortex < low) | (cortex > high)).sum())
        if usual.where == "cortex" and beyond > len(cortex) / 2:
            warnings.append(
                f"{model.name} of {beyond} of {len(cortex)} cortical regions lies {limits} it: "
                "check units, blood and tracer."
            )
        if usual.where == "reference":
            warnings += [
                f"{model.name} of {reference_name} is {value:.3g} {model.unit}, {limits} that of "
                "the reference region: check the reference region."
                for value in fitted.values[len(regions) :]
                if not low <= value <= high
            ]
    return warnings


def missed_shape(
    model: Model,
    runs: NDArray[np.float64],
    tissue: NDArray[np.float64],
    fitted: NDArray[np.float64],
) -> list[str]:
    """Warn of curves that a model misses by more than next to nothing."""
    known = np.isfinite(runs)
    if not known.any():
        return []
    away = np.sqrt(np.nanmean((tissue - fitted)[:, known] ** 2, axis=0))
    far = away > VISIBLE * np.nanmax(tissue[:, known], axis=0)
    missed = int((far & (runs[known] < 0.05)).sum())
    if missed <= MISSED * known.sum():
        return []
    return [
        f"{model.name} misses the curves of {missed} of {known.sum()} regions: their residuals "
        "run together (runs test, p < .05)."
    ]
