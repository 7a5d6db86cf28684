"""What a kinetic model is, and how it is fitted to a scan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import Frames, InputFunction, from_injection

LATE = 30.0
"""Minutes after which graphical plots are taken for straight (t*)."""


FEWEST = 5
"""Frames that a straight line needs."""

LATEST_START = 1.0
"""Minutes after injection at which a scan may start and still count as one from injection."""

LONGEST_BREAK = 5.0
"""Minutes between two frames that a straight line may bridge."""

OUTCOMES = {
    "VT": "volume of distribution",
    "VT/fP": "volume of distribution by free fraction in plasma",
    "DVR": "distribution volume ratio",
    "BPND": "binding potential",
    "SUVR": "uptake ratio",
    "SUVR-1": "uptake ratio minus 1",
    "SUV": "standardised uptake value",
}
"""What a model can give, in words that hold for every tracer."""

NEEDS = {
    "input": "an arterial input function (blood with plasma and parent fraction)",
    "reference": "a reference region",
    "k2prime": "k2' of the reference region (--k2prime, or blood to fit it)",
    "start": "a scan of several frames that starts with the injection",
    "unbroken": f"frames without a break of more than {LONGEST_BREAK:g} minutes",
    "dose": "the injected activity and the weight of the person (InjectedRadioactivity in the "
    "JSON of the scan, weight in participants.tsv)",
    "freefraction": "the free fraction in plasma (PlasmaFreeFraction in the JSON of the blood)",
}
"""What a model can need, in words."""


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
        frames = self.frames
        present = {
            "input": self.input is not None,
            "reference": self.reference is not None,
            "k2prime": self.k2prime is not None,
            "start": len(frames.start) >= FEWEST and frames.start[0] < LATEST_START,
            "unbroken": not (frames.breaks > LONGEST_BREAK).any(),
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
        What its outcome is called in a sentence or a figure, without article and label. It
        holds for every tracer; what a tracer's outcome stands for is said by the tracer.
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
    outcome : str
        Key of `OUTCOMES`; a model of the package has one, a lab's own may give something else.
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
    outcome: str = ""

    def __post_init__(self) -> None:
        if unknown := set(self.needs) - set(NEEDS):
            raise ValueError(f"Model {self.name} needs {sorted(unknown)}, which nothing gives.")
        if self.outcome and self.outcome not in OUTCOMES:
            raise ValueError(
                f"Model {self.name} gives {self.outcome!r}; it must be one of "
                f"{', '.join(OUTCOMES)}."
            )


def fit(model: Model, scan: Scan) -> Fit:
    """Fit a model to what a scan has from the injection on, or say why it cannot be.

    Returns
    -------
    Fit
        Its curves are those of all frames, NaN before the injection.

    Raises
    ------
    UnfitError
        If the scan lacks something, has too few frames, or no solution is found.
    """
    frames, scale = from_injection(scan.frames)
    after = np.isfinite(scale)
    if not after.any():
        raise UnfitError("no frame after the injection")
    tissue = scan.tissue[after] * scale[after, None]
    reference = None if scan.reference is None else scan.reference[after] * scale[after]
    scan = replace(scan, frames=frames, tissue=tissue, reference=reference)
    if lacking := scan.lacks(model):
        raise UnfitError(f"{model.name} needs {' and '.join(lacking)}")
    try:
        fitted = model.fit(scan)
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        raise UnfitError(f"{model.name} has no solution ({error})") from error
    curves = np.full((len(after), tissue.shape[1]), np.nan)
    curves[after] = fitted.curves / scale[after, None]
    return replace(fitted, curves=curves)


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
