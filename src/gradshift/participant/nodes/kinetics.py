"""Kinetic models of PET scans, and what a reader must know of their values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Flagged, Value, tabulate
from gradshift.core.cortex.regions import Regions
from gradshift.core.kinetics import models
from gradshift.core.pet.curves import runs_test
from gradshift.core.pet.model import Fit, Model, UnfitError, fit
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.curves import scan_of
from gradshift.participant.nodes.outcome import Failure, Step, StepSpec, load, read
from gradshift.participant.nodes.petrecords import (
    FittedAtlas,
    FittedScan,
    PersonEfflux,
    RegionCurves,
    ScanRecord,
)

REFERENCE_MODEL = "vt1tcm"
"""The model that gives k2 of the reference region."""

NOISY = 0.2
"""Standard error over value above which a value gets a remark."""

USUAL = (5.0, 40.0)
"""VT of grey matter, mL/cm3; many regions beyond are worth a warning."""

USUAL_REFERENCE = (3.0, 8.0)
"""VT of the centrum semiovale, mL/cm3; beyond is worth a warning."""

MISSED = 0.25
"""Share of regions whose residuals run together (p < .05) that is worth a warning."""


VISIBLE = 0.005
"""Share of the largest activity below which residuals do not matter."""


def with_cingulate(regions: Regions) -> Regions:
    """Add the set ACC, which spectroscopy is compared with, where it has regions."""
    found = regions.anterior_cingulate
    if not found or "ACC" in regions.sets:
        return regions
    return replace(regions, sets={**regions.sets, "ACC": found})


def _blood_volume(word: str) -> float | None:
    return None if word == "fit" else float(word)


@dataclass(frozen=True)
class _Unfitted:
    """Why a model gives nothing."""

    reason: str


class _PersonSpec(StepSpec):
    curves = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of PetCurves")
    model_code = traits.Str(desc="digest of the code of the model of the reference region")
    k2prime = traits.Either(None, traits.Float, desc="1/min, where it was given")
    blood_volume = traits.Str(desc="share of blood, or fit")


class PetPerson(Step):
    """One efflux of the reference region for all sessions of a person; a `PersonEfflux`."""

    input_spec = _PersonSpec

    def compute(self) -> PersonEfflux:
        """Take k2' as given, or the mean k2 of a one-tissue model of the reference region."""
        if self.inputs.k2prime is not None:
            return PersonEfflux(k2prime=self.inputs.k2prime, origin="given")
        fitted = [k2 for path in self.inputs.curves if (k2 := self._efflux(path)) is not None]
        if not fitted:
            return PersonEfflux(k2prime=None, origin="not known")
        origin = f"mean k2 of the reference region in {len(fitted)} sessions (one-tissue model)"
        return PersonEfflux(k2prime=float(np.mean(fitted)), origin=origin)

    def _efflux(self, path: str) -> float | None:
        """Fit k2 of the reference region of one scan."""
        record = load(path, ScanRecord)
        curves = None if isinstance(record, Failure) else record.curves
        if curves is None or curves.reference is None or curves.source is None:
            return None
        volume = _blood_volume(self.inputs.blood_volume)
        scan = scan_of(curves, curves.reference[:, None], blood_volume=volume)
        result = fit(models()[REFERENCE_MODEL], scan)
        if result.at_bound is None or result.at_bound[0]:
            return None
        return float(result.parameters["k2"][0])


class _KineticsSpec(StepSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves or FinishedPet")
    person = File(exists=True, mandatory=True, desc="outcome of PetPerson")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    models = traits.Dict(traits.Str, traits.Str, desc="the models, and digests of their code")
    blood_volume = traits.Str(desc="share of blood, or fit")
    reference_name = traits.Str(desc="label of the reference region in the tables")


class Kinetics(Step):
    """All models of one scan; a `FittedScan`."""

    input_spec = _KineticsSpec

    def compute(self) -> FittedScan:
        """Fit every model to the regions of every atlas, and average."""
        record = load(self.inputs.curves, ScanRecord)
        efflux = read(self.inputs.person, PersonEfflux)
        atlases, warnings, unfitted = [], [], []
        for i, path in enumerate(self.inputs.atlases):
            collected = _Collected(with_cingulate(read_regions(path)), self.inputs.reference_name)
            reasons = {} if isinstance(record, Failure) else record.reasons[i]
            for model, outcome in self._outcomes(record, efflux, i):
                collected.add(model, outcome, reasons)
                if isinstance(outcome, _Unfitted):
                    unfitted.append(outcome.reason)
                elif np.isfinite(outcome.curves).any():
                    assert not isinstance(record, Failure)
                    assert record.curves is not None
                    collected.add_curves(model, outcome, record.curves.tissue[i])
            warnings += collected.warnings
            atlases.append(collected.atlas())
        values = [value.value for atlas in atlases for value in atlas.values]
        nothing = "; ".join(dict.fromkeys(unfitted)) or "no region has a value"
        return FittedScan(
            atlases=tuple(atlases),
            warnings=tuple(dict.fromkeys(warnings)),
            nothing="" if np.isfinite(values).any() else nothing,
        )

    def _outcomes(
        self, record: ScanRecord | Failure, efflux: PersonEfflux, i: int
    ) -> Iterator[tuple[Model, Fit | _Unfitted]]:
        """Yield what every model gives for atlas number i."""
        if isinstance(record, Failure):
            for name in self.inputs.models:
                yield models()[name], _Unfitted(record.reason)
        elif record.curves is None:
            for name in models():
                if name in record.finished[i]:
                    yield models()[name], _as_fit(record.finished[i][name])
        else:
            for name in self.inputs.models:
                yield models()[name], self._fit(models()[name], record.curves, efflux, i)

    def _fit(
        self, model: Model, curves: RegionCurves, efflux: PersonEfflux, i: int
    ) -> Fit | _Unfitted:
        tissue = curves.tissue[i]
        if "input" in model.needs and curves.reference is not None:
            tissue = np.column_stack([tissue, curves.reference])
        scan = scan_of(
            curves,
            tissue,
            k2prime=efflux.k2prime,
            blood_volume=_blood_volume(self.inputs.blood_volume),
        )
        try:
            return fit(model, scan)
        except UnfitError as error:
            why = [
                curves.missing[need].rstrip(".")
                for need in ("input", "reference")
                if need in model.needs and need in curves.missing
            ]
            return _Unfitted(f"{error} ({'; '.join(why)})" if why else str(error))


class _Collected:
    """What the models gave for the regions of one atlas, so far."""

    def __init__(self, regions: Regions, reference_name: str) -> None:
        self.regions = regions
        self.reference_name = reference_name
        self.values: list[Value] = []
        self.table: dict[str, tuple[Any, ...]] = {"name": regions.names}
        self.curves: dict[str, NDArray[np.float64]] = {}
        self.warnings: list[str] = []

    def add(self, model: Model, outcome: Fit | _Unfitted, reasons: Mapping[str, str]) -> None:
        """Add the values of a model."""
        regions, reference = self.regions, self.reference_name
        self.values += _values(model, regions, outcome, reasons, reference)
        if isinstance(outcome, Fit):
            status = _status(outcome, regions, reasons)
            self.table |= _columns(model.name, outcome, len(regions), status)
            self.warnings += _warnings(model, regions, outcome, reference)

    def add_curves(self, model: Model, fitted: Fit, tissue: NDArray[np.float64]) -> None:
        """Add the curves that a model fitted, and whether they miss those measured."""
        curves = fitted.curves[:, : len(self.regions)]
        runs = runs_test(tissue - curves)
        self.curves[model.name] = curves
        self.table[f"{model.name}_runs_p"] = tuple(runs.tolist())
        self.warnings += _missed(model, runs, tissue, curves)

    def atlas(self) -> FittedAtlas:
        """Return all of it."""
        return FittedAtlas(values=tuple(self.values), table=self.table, curves=self.curves)


def _as_fit(values: NDArray[np.float64]) -> Fit:
    nothing = np.full(len(values), np.nan)
    return Fit(values=values, errors=nothing, curves=np.empty((0, len(values))))


def _status(found: Fit, regions: Regions, reasons: Mapping[str, str]) -> list[str]:
    """Say of every region ok, or what a reader must know."""
    status = []
    for k, name in enumerate(regions.names):
        value, error = found.values[k], found.errors[k]
        if not np.isfinite(value):
            status.append(reasons.get(name, "no fit"))
            continue
        said = [found.remark] if found.remark else []
        if np.isfinite(error) and error > NOISY * abs(value):
            said.append(f"standard error above {100 * NOISY:g} % of the value")
        if found.at_bound is not None and found.at_bound[k]:
            said.append("rate constant at its bound")
        status.append("; ".join(said) or "ok")
    return status


def _values(
    model: Model,
    regions: Regions,
    outcome: Fit | _Unfitted,
    reasons: Mapping[str, str],
    reference_name: str,
) -> list[Value]:
    """Give every region, set, network and the cortex a row, and the reference where fitted."""
    levels = ["region", "set", "network", *(["whole"] if regions.cortical.any() else [])]
    if isinstance(outcome, _Unfitted):
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


def _warnings(model: Model, regions: Regions, found: Fit, reference_name: str) -> list[str]:
    """Warn of volumes of distribution that grey matter or the reference does not have."""
    if model.name not in ("vtlogan", "vt1tcm"):
        return []
    values = found.values[: len(regions)][regions.cortical]
    beyond = int(((values < USUAL[0]) | (values > USUAL[1])).sum())
    warnings = []
    if beyond > len(values) / 2:
        warnings.append(
            f"{model.name} of {beyond} of {len(values)} cortical regions lies outside "
            f"{USUAL[0]:g} to {USUAL[1]:g} mL/cm3, where [11C]UCB-J has it: check units, blood "
            "and tracer."
        )
    low, high = USUAL_REFERENCE
    return warnings + [
        f"{model.name} of {reference_name} is {value:.3g} mL/cm3, outside {low:g} to {high:g}, "
        "where [11C]UCB-J has that of the centrum semiovale: check the reference region."
        for value in found.values[len(regions) :]
        if not low <= value <= high
    ]


def _missed(
    model: Model,
    runs: NDArray[np.float64],
    tissue: NDArray[np.float64],
    fitted: NDArray[np.float64],
) -> list[str]:
    """Warn of curves that a model misses by more than next to nothing."""
    known = np.isfinite(runs)
    away = np.sqrt(np.nanmean((tissue - fitted)[:, known] ** 2, axis=0))
    far = away > VISIBLE * np.nanmax(tissue[:, known], axis=0)
    missed = int((far & (runs[known] < 0.05)).sum())
    if missed <= MISSED * known.sum():
        return []
    return [
        f"{model.name} misses the curves of {missed} of {known.sum()} regions: their residuals "
        "run together (runs test, p < .05)."
    ]
