"""What kinetic models gave for the regions of an atlas, and what a reader must know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Flagged, Value, tabulate
from gradshift.core.cortex.regions import Regions
from gradshift.core.pet.model import Fit, Model
from gradshift.core.pet.runs import runs_test
from gradshift.participant.nodes.fittedrecords import FittedAtlas
from gradshift.participant.nodes.fitwarnings import NOISY, missed_shape, warn_of_values
from gradshift.tracers.tracer import Tracer


@dataclass(frozen=True)
class Unfitted:
    """Why a model gives nothing."""

    reason: str


class Collected:
    """What the models gave for the regions of one atlas, so far."""

    def __init__(self, regions: Regions, reference_name: str, tracer: Tracer) -> None:
        self.regions = regions
        self.reference_name = reference_name
        self.tracer = tracer
        self.values: list[Value] = []
        self.table: dict[str, tuple[Any, ...]] = {"name": regions.names}
        self.curves: dict[str, NDArray[np.float64]] = {}
        self.warnings: list[str] = []

    def add(self, model: Model, outcome: Fit | Unfitted, reasons: Mapping[str, str]) -> None:
        """Add the values of a model."""
        regions, reference = self.regions, self.reference_name
        self.values += _values(model, regions, outcome, reasons, reference)
        if isinstance(outcome, Fit):
            status = _status(outcome, regions, reasons)
            self.table |= _columns(model.name, outcome, len(regions), status)
            self.warnings += warn_of_values(model, regions, outcome, self.tracer, reference)

    def add_curves(self, model: Model, fitted: Fit, tissue: NDArray[np.float64]) -> None:
        """Add the curves that a model fitted, and whether they miss those measured."""
        curves = fitted.curves[:, : len(self.regions)]
        runs = runs_test(tissue - curves)
        self.curves[model.name] = curves
        self.table[f"{model.name}_runs_p"] = tuple(runs.tolist())
        self.warnings += missed_shape(model, runs, tissue, curves)

    def atlas(self) -> FittedAtlas:
        """Return all of it."""
        return FittedAtlas(values=tuple(self.values), table=self.table, curves=self.curves)


def _status(fitted: Fit, regions: Regions, reasons: Mapping[str, str]) -> list[str]:
    """Say of every region ok, or what a reader must know."""
    status = []
    for k, name in enumerate(regions.names):
        value, error = fitted.values[k], fitted.errors[k]
        if not np.isfinite(value):
            status.append(reasons.get(name, "no fit"))
            continue
        remarks = [fitted.remark] if fitted.remark else []
        if np.isfinite(error) and error > NOISY * abs(value):
            remarks.append(f"standard error above {100 * NOISY:g} % of the value")
        if fitted.at_bound is not None and fitted.at_bound[k]:
            remarks.append("rate constant at its bound")
        status.append("; ".join(remarks) or "ok")
    return status


def _values(
    model: Model,
    regions: Regions,
    outcome: Fit | Unfitted,
    reasons: Mapping[str, str],
    reference_name: str,
) -> list[Value]:
    """Give every region, set, network and the cortex a row, and the reference where fitted."""
    levels = ["region", "set", "network", *(["whole"] if regions.cortical.any() else [])]
    if isinstance(outcome, Unfitted):
        nothing = {
            level: Flagged(np.full(n, np.nan), [outcome.reason] * n)
            for level in levels
            for n in [len(regions.labels(level))]
        }
        return tabulate(model, regions, nothing, levels, {})
    status = _status(outcome, regions, reasons)
    flagged = Flagged(outcome.values[: len(regions)], status)
    values = tabulate(model, regions, {"region": flagged}, levels, {})
    return values + [
        Value(model.name, "set", reference_name, float(value), model.unit, outcome.remark or "ok")
        for value in outcome.values[len(regions) :][-1:]
    ]


def _columns(name: str, fitted: Fit, n: int, status: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return the columns of a model in the table of kinetic parameters."""
    columns = {name: fitted.values, f"{name}_se": fitted.errors}
    columns |= {f"{name}_{parameter}": values for parameter, values in fitted.parameters.items()}
    plain = {column: tuple(values[:n].tolist()) for column, values in columns.items()}
    return {**plain, f"{name}_status": tuple(status)}
