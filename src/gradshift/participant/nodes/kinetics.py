"""Kinetic models of PET scans."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from nipype.interfaces.base import File, traits
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.core.kinetics import models
from gradshift.core.pet.model import Fit, Model, UnfitError, fit
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.curves import scan_of
from gradshift.participant.nodes.fitted import Collected, Unfitted
from gradshift.participant.nodes.fittedrecords import FittedScan, PersonEfflux
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.petperson import share_of_blood
from gradshift.participant.nodes.petrecords import RegionCurves, ScanRecord
from gradshift.running.packing import Failure, load, read
from gradshift.tracers.catalogue import from_json


def with_cingulate(regions: Regions) -> Regions:
    """Add the set ACC, which spectroscopy is compared with, where it has regions."""
    cingulate = regions.anterior_cingulate
    if not cingulate or "ACC" in regions.sets:
        return regions
    return replace(regions, sets={**regions.sets, "ACC": cingulate})


class _KineticsSpec(StepSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves or FinishedPet")
    person = File(exists=True, mandatory=True, desc="outcome of PetPerson")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    models = traits.Dict(traits.Str, traits.Str, desc="the models, and digests of their code")
    blood_volume = traits.Str(desc="share of blood, or fit")
    reference_name = traits.Str(desc="label of the reference region in the tables")
    tracer = traits.Dict(mandatory=True, desc="facts of the tracer")


class Kinetics(Step):
    """All models of one scan; a `FittedScan`."""

    input_spec = _KineticsSpec

    def compute(self) -> FittedScan:
        """Fit every model to the regions of every atlas, and average."""
        record = load(self.inputs.curves, ScanRecord)
        efflux = read(self.inputs.person, PersonEfflux)
        atlases, warnings, unfitted = [], [], []
        for i, path in enumerate(self.inputs.atlases):
            regions, tracer = with_cingulate(read_regions(path)), from_json(self.inputs.tracer)
            collected = Collected(regions, self.inputs.reference_name, tracer)
            reasons = {} if isinstance(record, Failure) else record.reasons[i]
            for model, outcome in self._outcomes(record, efflux, i):
                collected.add(model, outcome, reasons)
                if isinstance(outcome, Unfitted):
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
    ) -> Iterator[tuple[Model, Fit | Unfitted]]:
        """Yield what every model gives for atlas number i."""
        if isinstance(record, Failure):
            for name in self.inputs.models:
                yield models()[name], Unfitted(record.reason)
        elif record.curves is None:
            for name in models():
                if name in record.finished[i]:
                    yield models()[name], _as_fit(record.finished[i][name])
        else:
            for name in self.inputs.models:
                yield models()[name], self._fit(models()[name], record.curves, efflux, i)

    def _fit(
        self, model: Model, curves: RegionCurves, efflux: PersonEfflux, i: int
    ) -> Fit | Unfitted:
        tracer = from_json(self.inputs.tracer)
        if why_not := tracer.why_refused(model.name):
            return Unfitted(f"{model.name} is not offered for {tracer.name}: {why_not}")
        tissue = curves.tissue[i]
        if "input" in model.needs and curves.reference is not None:
            tissue = np.column_stack([tissue, curves.reference])
        scan = scan_of(
            curves,
            tissue,
            k2prime=efflux.k2prime,
            blood_volume=share_of_blood(self.inputs.blood_volume),
        )
        try:
            return fit(model, scan)
        except UnfitError as error:
            why = [curves.missing[need] for need in model.needs if need in curves.missing]
            return Unfitted(f"{error} ({'; '.join(why)})" if why else str(error))


def _as_fit(values: NDArray[np.float64]) -> Fit:
    nothing = np.full(len(values), np.nan)
    return Fit(values=values, errors=nothing, curves=np.empty((0, len(values))))
