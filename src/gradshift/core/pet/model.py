"""What a kinetic model is, and how it is fitted to a scan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import Frames, InputFunction

LATE = 30.0
"""Minutes after which graphical plots are taken for straight (t*)."""


FEWEST = 5
"""Frames that a straight line needs."""


NEEDS = {
    "input": "an arterial input function (blood with plasma and parent fraction)",
    "reference": "a reference region",
    "k2prime": "k2' of the reference region (--k2prime, or blood to fit it)",
    "start": "a scan of several frames that starts with the injection",
    "dose": "the injected activity and the weight of the person (InjectedRadioactivity in the "
    "JSON of the scan, weight in participants.tsv)",
    "freefraction": "the free fraction in plasma (PlasmaFreeFraction in the JSON of the blood)",
}
"""What a model can need, in words."""


REFUSED = dict.fromkeys(
    ("srtm", "bpndsrtm", "mrtm", "bpndmrtm"),
    "SRTM with a free k2' is not offered for this tracer: target and centrum semiovale have "
    "nearly the same k2, so that k2' cannot be told from the data (errors above 60 % with 5 % "
    "blood volume); use bpndsrtm2 or bpndmrtm2 with --k2prime",
)
"""Models that are not offered, and why."""


class UnfitError(Exception):
    """A model that cannot be fitted to this scan; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What is known of one scan with T frames and R regions.

    Parameters
    ----------
    frames : Frames
    tissue : (T, R) array
        kBq/mL; a column of NaN for a region without a curve.
    reference : (T,) array, optional
        Curve of the reference region, kBq/mL.
    input : InputFunction, optional
    k2prime : float, optional
        Efflux from the reference region, 1/min.
    blood_volume : float, optional
        Share of a region that is blood; fitted if None.
    dose : float, optional
        Injected activity per weight of the person, kBq/g; 1 where `tissue` was divided by it.
    free_fraction : float, optional
        Share of the tracer in plasma that is not bound to protein.
    """

    frames: Frames
    tissue: NDArray[np.float64]
    reference: NDArray[np.float64] | None = None
    input: InputFunction | None = None
    k2prime: float | None = None
    blood_volume: float | None = 0.05
    dose: float | None = None
    free_fraction: float | None = None

    def lacks(self, model: "Model") -> list[str]:
        """Say what a model needs and this scan does not have."""
        present = {
            "input": self.input is not None,
            "reference": self.reference is not None,
            "k2prime": self.k2prime is not None,
            "start": len(self.frames.start) >= FEWEST and self.frames.start[0] < 1.0,
            "dose": self.dose is not None,
            "freefraction": self.free_fraction is not None,
        }
        return [NEEDS[need] for need in model.needs if not present[need]]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Results of a model in R regions.

    Parameters
    ----------
    values, errors : (R,) array
        The outcome and its standard error, NaN where there is none.
    curves : (T, R) array
        The fitted curves, kBq/mL; NaN in frames that were not used.
    parameters : mapping of str to (R,) array
        Whatever else was fitted.
    remark : str
        What a reader must know of all values; empty if nothing.
    at_bound : (R,) array of bool, optional
        Where a rate constant ended at its bound.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    curves: NDArray[np.float64]
    parameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    remark: str = ""
    at_bound: NDArray[np.bool_] | None = None


@dataclass(frozen=True, kw_only=True)
class Model:
    """A kinetic model and what it gives.

    Parameters
    ----------
    name : str
        The ``measure`` column of the tables, and the word for ``--pet-model``.
    title : str
        What its outcome is called in a sentence or a figure, without article and label.
    unit : str
    needs : tuple of str
        Keys of `NEEDS`.
    fit : callable
        Takes a `Scan` that has what is needed, returns a `Fit`; raises `UnfitError`.
    formula : str
        LaTeX, for the documentation.
    high, low : str
        What a high and what a low value mean.
    methods : str
        The sentence for the methods section.
    cite : tuple of str
        Keys of ``report/references.bib``.
    caveat : str
        What the value must not be taken for.
    """

    name: str
    title: str
    unit: str
    needs: tuple[str, ...]
    fit: Callable[[Scan], Fit]
    formula: str
    high: str
    low: str
    methods: str
    cite: tuple[str, ...]
    caveat: str

    def __post_init__(self) -> None:
        if unknown := set(self.needs) - set(NEEDS):
            raise ValueError(f"Model {self.name} needs {sorted(unknown)}, which nothing gives.")


def fit(model: Model, scan: Scan) -> Fit:
    """Fit a model to a scan, or say why it cannot be.

    Raises
    ------
    UnfitError
        If the scan lacks something, or has too few frames.
    """
    if lacking := scan.lacks(model):
        raise UnfitError(f"{model.name} needs {' and '.join(lacking)}")
    return model.fit(scan)


def divided(result: Fit, by: float) -> Fit:
    """Divide the outcome of a fit and its standard error; its curves are kept with the fit."""
    nothing = np.full(result.curves.shape, np.nan)
    return replace(result, values=result.values / by, errors=result.errors / by, curves=nothing)


def late_frames(frames: Frames) -> NDArray[np.bool_]:
    """Choose the frames after t*; there must be enough for a line.

    Raises
    ------
    UnfitError
    """
    late: NDArray[np.bool_] = frames.middle >= LATE
    if late.sum() < FEWEST:
        raise UnfitError(
            f"{int(late.sum())} frames after {LATE:g} minutes, {FEWEST} needed for a line"
        )
    return late
