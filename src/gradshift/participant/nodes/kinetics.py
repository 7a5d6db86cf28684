"""Kinetic models of PET scans, and what a reader must know of their values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Flagged, averages
from gradshift.core.cortex.regions import Regions
from gradshift.core.kinetics import models
from gradshift.core.pet.curves import runs_test
from gradshift.core.pet.model import Fit, Model, UnfitError, fit
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.curves import scan_of
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.tracers.catalogue import Tracer, from_json

NOISY = 0.2
"""Standard error over value above which a value gets a remark."""

MISSED = 0.25
"""Share of regions whose residuals run together (p < .05) that is worth a warning."""


VISIBLE = 0.005
"""Share of the largest activity below which residuals do not matter."""


REASONS = (
    ("input", "no_input"),
    ("reference", "no_reference"),
    ("dose", "no_dose"),
    ("freefraction", "no_free_fraction"),
)
"""What a model can need, and the note that says why a scan does not have it."""


class Unfitted(str):
    """Why a model gives nothing."""

    __slots__ = ()


def with_cingulate(regions: Regions) -> Regions:
    """Add the set ACC, which spectroscopy is compared with, where it has regions."""
    found = regions.anterior_cingulate
    if not found or "ACC" in regions.sets:
        return regions
    return replace(regions, sets={**regions.sets, "ACC": found})


def _blood_volume(word: str) -> float | None:
    return None if word == "fit" else float(word)


class _PersonSpec(BaseInterfaceInputSpec):
    curves = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of PetCurves")
    k2prime = traits.Either(None, traits.Float, desc="1/min, where it was given")
    blood_volume = traits.Str(desc="share of blood, or fit")


class PetPerson(Step):
    """One efflux of the reference region for all sessions of a person.

    The notes have ``k2prime`` (1/min; None where it cannot be had) and ``k2prime_from``.
    """

    input_spec = _PersonSpec

    def compute(self) -> Outcome:
        """Take k2' as given, or the mean k2 of a one-tissue model of the reference region."""
        if self.inputs.k2prime is not None:
            return Outcome(notes={"k2prime": self.inputs.k2prime, "k2prime_from": "given"})
        found = []
        for path in self.inputs.curves:
            curves = Outcome.load(path)
            if curves.failure or not {"reference", "input_time"} <= set(curves.arrays):
                continue
            scan = scan_of(
                curves,
                curves.arrays["reference"][:, None],
                blood_volume=_blood_volume(self.inputs.blood_volume),
            )
            try:
                result = fit(models()["vt1tcm"], scan)
            except UnfitError:
                continue  # a scan that it cannot be had from; the others may tell
            if result.at_bound is not None and not result.at_bound[0]:
                found.append(float(result.parameters["k2"][0]))
        if not found:
            return Outcome(notes={"k2prime": None, "k2prime_from": "not known"})
        told = f"mean k2 of the reference region in {len(found)} sessions (one-tissue model)"
        return Outcome(notes={"k2prime": float(np.mean(found)), "k2prime_from": told})


class _KineticsSpec(BaseInterfaceInputSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves")
    person = File(exists=True, mandatory=True, desc="outcome of PetPerson")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    models = traits.List(traits.Str, desc="names of the models")
    blood_volume = traits.Str(desc="share of blood, or fit")
    reference_name = traits.Str(desc="label of the reference region in the tables")
    tracer = traits.Dict(mandatory=True, desc="facts of the tracer")


class Kinetics(Step):
    """All models of one scan.

    The notes have, per atlas number, ``rows`` (of the table of measures) and ``table`` (of
    kinetic parameters, by column), ``warnings``, ``nothing`` (why no model gives a value; empty
    if one does); the arrays ``curves_<model>_<i>`` (T, R).
    """

    input_spec = _KineticsSpec

    def compute(self) -> Outcome:
        """Fit every model to the regions of every atlas, and average."""
        curves, person = Outcome.load(self.inputs.curves), Outcome.load(self.inputs.person)
        arrays: dict[str, NDArray[Any]] = {}
        rows, tables, warnings, unfitted = [], [], [], []
        finished = curves.notes.get("finished")
        for i, path in enumerate(self.inputs.atlases):
            regions = with_cingulate(read_regions(path))
            mine: list[dict[str, Any]] = []
            columns: dict[str, list[Any]] = {"name": list(regions.names)}
            names = self.inputs.models
            if finished:
                names = [name for name in models() if f"{name}_{i}" in curves.arrays]
            for name in names:
                model = models()[name]
                reasons = {} if curves.failure else curves.notes["reasons"][i]
                found: Fit | Unfitted
                if curves.failure:
                    found = Unfitted(curves.failure)
                elif finished:
                    found = _as_fit(curves.arrays[f"{name}_{i}"])
                else:
                    found = self._fit(model, curves, person, i)
                mine += _rows(model, regions, found, reasons, self.inputs.reference_name)
                if isinstance(found, Unfitted):
                    unfitted.append(str(found))
                    continue
                columns |= _columns(name, found, len(regions), _status(found, regions, reasons))
                tracer = from_json(self.inputs.tracer)
                warnings += _warnings(model, regions, found, tracer, self.inputs.reference_name)
                if np.isfinite(found.curves).any():
                    fitted = found.curves[:, : len(regions)]
                    arrays[f"curves_{name}_{i}"] = fitted
                    tissue = curves.arrays[f"tissue_{i}"]
                    runs = runs_test(tissue - fitted)
                    columns[f"{name}_runs_p"] = runs.tolist()
                    warnings += _missed(model, runs, tissue, fitted)
            rows.append(mine)
            tables.append(columns)
        values = [row["value"] for mine in rows for row in mine]
        nothing = "; ".join(dict.fromkeys(unfitted)) or "no region has a value"
        return Outcome(
            arrays,
            {
                "rows": rows,
                "tables": tables,
                "warnings": list(dict.fromkeys(warnings)),
                "nothing": "" if np.isfinite(values).any() else nothing,
            },
        )

    def _fit(self, model: Model, curves: Outcome, person: Outcome, i: int) -> Fit | Unfitted:
        tracer = from_json(self.inputs.tracer)
        if why_not := tracer.why_refused(model.name):
            return Unfitted(f"{model.name} is not offered for {tracer.name}: {why_not}")
        tissue = curves.arrays[f"tissue_{i}"]
        if "input" in model.needs and "reference" in curves.arrays:
            tissue = np.column_stack([tissue, curves.arrays["reference"]])
        scan = scan_of(
            curves,
            tissue,
            k2prime=person.notes["k2prime"],
            blood_volume=_blood_volume(self.inputs.blood_volume),
        )
        try:
            return fit(model, scan)
        except UnfitError as error:
            why = [
                curves.notes[note]
                for need, note in REASONS
                if need in model.needs and curves.notes[note]
            ]
            return Unfitted(f"{error} ({'; '.join(why)})" if why else str(error))


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


def _rows(
    model: Model,
    regions: Regions,
    found: Fit | Unfitted,
    reasons: Mapping[str, str],
    reference_name: str,
) -> list[dict[str, Any]]:
    """Give every region, set, network and the cortex a row."""
    values = np.full(len(regions), np.nan)
    status = [str(found)] * len(regions)
    if isinstance(found, Fit):
        values, status = found.values[: len(regions)], _status(found, regions, reasons)
    flagged = Flagged(values, status)
    levels = {"region": flagged}
    levels |= {level: averages(regions, level, flagged) for level in ("set", "network", "whole")}
    if not regions.cortical.any():
        del levels["whole"]
    rows = []
    for level, these in levels.items():
        for label, value, said in zip(
            regions.labels(level), these.values, these.status, strict=True
        ):
            why = str(found) if isinstance(found, Unfitted) else said
            rows.append(_row(model, level, label, float(value), why))
    if isinstance(found, Fit) and len(found.values) > len(regions):
        value = float(found.values[-1])
        rows.append(_row(model, "set", reference_name, value, found.remark or "ok"))
    return rows


def _row(model: Model, level: str, label: str, value: float, status: str) -> dict[str, Any]:
    return {
        "measure": model.name,
        "level": level,
        "label": label,
        "value": value,
        "unit": model.unit,
        "status": status,
    }


def _columns(name: str, found: Fit, n: int, status: Sequence[str]) -> dict[str, list[Any]]:
    columns = {name: found.values[:n].tolist(), f"{name}_se": found.errors[:n].tolist()}
    for parameter, values in found.parameters.items():
        columns[f"{name}_{parameter}"] = values[:n].tolist()
    return {**columns, f"{name}_status": list(status)}


def _warnings(
    model: Model, regions: Regions, found: Fit, tracer: Tracer, reference_name: str
) -> list[str]:
    """Warn of values that the cortex or the reference region does not have with this tracer."""
    warnings = []
    cortex = found.values[: len(regions)][regions.cortical]
    for usual in tracer.plausible:
        low, high = usual.low, usual.high
        if usual.outcome != model.outcome:
            continue
        told = f"outside {low:g} to {high:g} {model.unit}, where {tracer.name} has"
        beyond = int(((cortex < low) | (cortex > high)).sum())
        if usual.where == "cortex" and beyond > len(cortex) / 2:
            warnings.append(
                f"{model.name} of {beyond} of {len(cortex)} cortical regions lies {told} it: "
                "check units, blood and tracer."
            )
        if usual.where == "reference":
            warnings += [
                f"{model.name} of {reference_name} is {value:.3g} {model.unit}, {told} that of "
                "the reference region: check the reference region."
                for value in found.values[len(regions) :]
                if not low <= value <= high
            ]
    return warnings


def _missed(
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
