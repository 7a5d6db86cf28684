"""The arterial input function, from samples of blood.

Times are minutes since injection, activities kBq/mL, corrected for decay to injection.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import InputFunction
from gradshift.core.pet.parent import BEYOND, parent_fraction
from gradshift.core.pet.samples import Samples
from gradshift.errors import InputError

Array = NDArray[np.float64]


def input_function(recordings: Sequence[Samples], end: float) -> tuple[InputFunction, list[str]]:
    """Join recordings into the parent input function.

    Samples from before the injection are left out: there is no tracer then. Plasma is linear
    between its samples, from 0 at injection. Where a recording has whole blood only (an
    autosampler), its plasma is whole blood times the ratio of plasma to whole blood of the
    samples that have both, linear between them. The parent fraction is `parent_fraction`.

    Parameters
    ----------
    recordings : sequence of Samples
    end : float
        End of the scan, minutes.

    Returns
    -------
    InputFunction
        Up to the end of the scan.
    list of str
        What a reader must know.

    Raises
    ------
    InputError
        If plasma or parent fraction is missing, or blood ends long before the scan.
    """
    time, plasma, whole, fraction = (
        np.concatenate(
            [getattr(recording, name)[~(recording.time < 0)] for recording in recordings]
        )
        for name in ("time", "plasma", "whole_blood", "parent_fraction")
    )
    remarks = []
    filled = _plasma_from_whole(time, plasma, whole)
    if filled is not None:
        plasma = filled
        remarks.append("plasma of samples with whole blood only was made from their ratio")
    if not np.isfinite(plasma).any():
        raise InputError("The blood has no plasma activity, which an input function needs.")
    if not np.isfinite(fraction).any():
        raise InputError(
            "The blood has no parent fraction (metabolite_parent_fraction), without which plasma "
            "is no input function."
        )
    known, values = _series(time, plasma)
    if known[-1] < end - BEYOND:
        raise InputError(
            f"The blood samples end at {known[-1]:.3g} minutes, the scan at {end:.3g} minutes; "
            "an input function must cover the scan."
        )
    shares, remark = parent_fraction(*_series(time, fraction, start=1.0), at=known)
    remarks += [remark] if remark else []
    if np.isfinite(whole).any():
        blood = np.interp(known, *_series(time, whole))
    if known[-1] < end:
        known, values = np.append(known, end), np.append(values, values[-1])
        shares = np.append(shares, shares[-1])
        remarks.append(f"the last {end - known[-2]:.2g} minutes of blood were carried on")
        if np.isfinite(whole).any():
            blood = np.append(blood, blood[-1])
    return (
        InputFunction(known, values * shares, blood if np.isfinite(whole).any() else None),
        remarks,
    )


def _plasma_from_whole(time: Array, plasma: Array, whole: Array) -> Array | None:
    """Give samples of whole blood only their plasma; None where there is nothing to give."""
    both = np.isfinite(plasma) & np.isfinite(whole) & (whole > 0)
    alone = np.isnan(plasma) & np.isfinite(whole)
    if not (alone.any() and both.any()):
        return None
    order = np.argsort(time[both])
    ratio = (plasma[both] / whole[both])[order]
    return np.where(alone, whole * np.interp(time, time[both][order], ratio), plasma)


def _series(time: Array, values: Array, *, start: float = 0.0) -> tuple[Array, Array]:
    """Sort the samples that have a value, average those at the same time, begin at 0."""
    finite = np.isfinite(values) & np.isfinite(time)
    known, index = np.unique(time[finite], return_inverse=True)
    means = np.bincount(index, values[finite]) / np.bincount(index)
    if len(known) == 0 or known[0] > 0:
        known, means = np.append(0.0, known), np.append(start, means)
    return known, means
