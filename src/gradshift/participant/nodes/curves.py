"""PET as it was found: curves of regions, and the input function."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.blood import free_fraction, read_blood, undispersed
from gradshift.bids.frames import frames_of
from gradshift.bids.petdata import check_decay, check_tissue_and_blood, read_curves
from gradshift.bids.pettimes import decay, injection
from gradshift.bids.petunits import is_uptake, tissue_factor
from gradshift.core.pet.blood import input_function
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.core.pet.model import Scan
from gradshift.errors import InputError
from gradshift.images.header import read_header
from gradshift.images.volumes import read_mask
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.petrecords import RegionCurves, ScanFacts, ScanRecord
from gradshift.participant.nodes.petsource import SourceSpec, SourceStep, image_means, plain_name
from gradshift.tracers.catalogue import from_json

Array = NDArray[np.float64]

BREAK = 0.1
"""Minutes between frames that get a remark."""


class _Tissue(NamedTuple):
    """Curves of regions, atlas by atlas."""

    frames: Frames
    curves: list[Array]  # (T, R) each, kBq/mL; NaN for a region without
    reference: Array | None  # (T,)
    reasons: list[dict[str, str]]  # region to why there is no curve
    no_reference: str = ""  # why the curve of the reference region cannot be used


class _Blood(NamedTuple):
    """The input function, or why there is none."""

    source: InputFunction | None = None
    missing: str = ""
    free_fraction: float | None = None
    no_fraction: str = ""
    remarks: tuple[str, ...] = ()


class _Dose(NamedTuple):
    """Injected activity per weight (kBq/g), or why it is not known."""

    value: float | None = None
    missing: str = ""


class _Spec(SourceSpec):
    reference = File(desc="curve or mask of the reference region")
    references = traits.List(traits.Str, desc="reference regions that there are curves of")
    blood = InputMultiPath(File(exists=True), desc="blood samples")
    blood_json = InputMultiPath(File(exists=True), desc="their JSON: a change must be seen")
    reference_name = traits.Str(desc="name of the reference region")
    tracer = traits.Dict(mandatory=True, desc="facts of the tracer")
    weight = traits.Either(None, traits.Float, desc="of the person in kg, where it is known")


class PetCurves(SourceStep):
    """Curves of one PET scan in kBq/mL and minutes, checked, with its input function.

    Gives a `ScanRecord`. Blood, dose or reference region that cannot be used hinder only the
    models that need them.
    """

    input_spec = _Spec
    may_fail = True

    def compute(self) -> ScanRecord:
        """Read one scan."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        facts = self.facts()
        tissue = self._from_table() if self.inputs.kind == "tacs" else self._from_image()
        reference = tissue.reference
        if reference is None:
            reference = self._region_as_reference(tissue)
        blood, dose = self._blood(tissue), self._dose(facts)
        remarks = [*facts.remarks, *blood.remarks, *_breaks(tissue.frames)]
        if "ImageDecayCorrected" not in self.inputs.metadata:
            remarks.append("ImageDecayCorrected is in no JSON of the scan: taken for corrected")
        why = {
            "input": blood.missing,
            "reference": tissue.no_reference or self._no_reference() if reference is None else "",
            "dose": dose.missing,
            "freefraction": blood.no_fraction,
        }
        return ScanRecord(
            facts=replace(facts, remarks=tuple(remarks)),
            reasons=tuple(tissue.reasons),
            curves=RegionCurves(
                frames=tissue.frames,
                tissue=tuple(tissue.curves),
                reference=reference,
                source=blood.source,
                dose=dose.value,
                free_fraction=blood.free_fraction,
                missing={need: reason for need, reason in why.items() if reason},
            ),
        )

    def _dose(self, facts: ScanFacts) -> _Dose:
        """Return injected activity per weight; 1 where it was divided by already."""
        metadata, weight = self.inputs.metadata, self.inputs.weight
        if is_uptake(metadata):
            return _Dose(1.0)
        if not (facts.activity and weight):
            return _Dose(missing=facts.no_dose)
        factor = decay(metadata, injection(metadata), from_json(self.inputs.tracer).half_life)
        if factor is None:
            return _Dose(
                missing=f"{self.source.name} is corrected for decay to another time than the "
                "injection, and the half-life is not known"
            )
        return _Dose(factor * facts.activity / weight)

    def _blood(self, tissue: _Tissue) -> _Blood:
        """Build the input function, or say why there is none."""
        paths = [Path(path) for path in self.inputs.blood or ()]
        if self.inputs.kind == "static":
            return _Blood(missing="the scan is a single frame")
        if not paths:
            return _Blood(missing="no blood samples")
        try:
            source, remarks = self._input(paths, tissue)
        except InputError as error:
            return _Blood(missing=str(error))
        late = [f"{name} was not corrected for dispersion" for name in undispersed(paths)]
        fraction, why = None, ""
        try:
            fraction = free_fraction(paths)
        except InputError as error:
            why = str(error)
        return _Blood(source, "", fraction, why, (*remarks, *late))

    def _input(self, paths: Sequence[Path], tissue: _Tissue) -> tuple[InputFunction, list[str]]:
        """Read the blood, and hold it against the curves."""
        metadata, end, name = self.inputs.metadata, tissue.frames.end[-1], self.source.name
        remarks = check_decay(metadata, name)
        samples = read_blood(paths, end, injection(metadata))
        source, more = input_function(samples, end)
        check_tissue_and_blood(tissue.frames, tissue.curves[0], source, name)
        return source, [*remarks, *more]

    def _region_as_reference(self, tissue: _Tissue) -> Array | None:
        """Take a region of an atlas as reference, where its name was given."""
        wanted = plain_name(self.inputs.reference_name)
        for path, curves in zip(self.inputs.atlases, tissue.curves, strict=True):
            for name, curve in zip(read_regions(path).names, curves.T, strict=True):
                if plain_name(name) == wanted and np.isfinite(curve).all():
                    reference: Array = curve
                    return reference
        return None

    def _no_reference(self) -> str:
        others = ", ".join(self.inputs.references) or "none"
        name = self.inputs.reference_name or "a reference region"
        text = f"no curve of {name} beside {self.source.name}; curves of "
        text += f"reference regions there: {others}"
        if self.inputs.kind != "tacs":
            text += "; --pet-reference takes a mask on the grid of the image too"
        return text

    def _from_table(self) -> _Tissue:
        path, wanted = self.source, self.inputs.reference_name
        table = read_curves(path, self.inputs.metadata)
        position = {plain_name(name): i for i, name in enumerate(table.names)}
        tissue, reasons = [], []
        for atlas in self.inputs.atlases:
            names = read_regions(atlas).names
            at = [position.get(plain_name(name), -1) for name in names]
            columns = np.where(np.array(at) < 0, np.nan, table.activity[:, at])
            tissue.append(columns)
            reasons.append(
                {
                    name: f"no usable curve in {path.name}"
                    for name, column in zip(names, columns.T, strict=True)
                    if not np.isfinite(column).all()
                }
            )
        reference, problem = None, ""
        if self.inputs.reference:
            reference, problem = self._reference_curve(table.frames)
        elif plain_name(wanted) in position:
            reference = table.activity[:, position[plain_name(wanted)]]
        return _Tissue(table.frames, tissue, reference, reasons, problem)

    def _reference_curve(self, frames: Frames) -> tuple[Array | None, str]:
        """Read the curve of the reference region, or say why it cannot be used."""
        path = Path(self.inputs.reference)
        try:
            curve = read_curves(path, self.inputs.metadata)
        except InputError as error:
            return None, str(error)
        if len(curve.frames.start) != len(frames.start):
            return None, (
                f"{path.name} has {len(curve.frames.start)} frames, {self.source.name} has "
                f"{len(frames.start)}"
            )
        if not np.allclose(curve.frames.start, frames.start, atol=BREAK):
            return None, f"the frames of {path.name} have other times than {self.source.name}"
        return curve.activity.mean(axis=1), ""

    def _from_image(self) -> _Tissue:
        path, header = self.source, read_header(self.source, single=True)
        frames = frames_of(self.inputs.metadata, header.n_volumes, path.name)
        factor = tissue_factor(self.inputs.metadata, path.name)
        mask, atlases = self.grid(header)
        chosen = None
        if self.inputs.reference and not self.inputs.reference.endswith(".tsv"):
            chosen = read_mask(self.inputs.reference, header.shape, header.affine)
            atlases.append((chosen.astype(np.int32), 1))
            mask = mask | chosen
        regions, empty = image_means(header, atlases, mask)
        if empty != list(range(len(empty))):
            raise InputError(
                f"Frames {', '.join(str(volume + 1) for volume in empty)} of {path.name} hold no "
                "values; every frame after the injection is needed."
            )
        curves = [means.means * factor for means in regions]
        for curve in curves:  # nothing has arrived yet
            curve[empty] = np.where(np.isnan(curve).all(axis=0), np.nan, 0.0)
        reference, problem = None, ""
        if chosen is not None:
            reference = curves.pop()[:, 0]
        elif self.inputs.reference:
            reference, problem = self._reference_curve(frames)
        return _Tissue(frames, curves, reference, self.uncovered(regions, curves), problem)


def _breaks(frames: Frames) -> list[str]:
    """Say where a scan was interrupted."""
    return [
        f"there are no frames from {frames.end[k]:.3g} to {frames.start[k + 1]:.3g} minutes after "
        "the injection"
        for k in np.flatnonzero(frames.breaks > BREAK)
    ]


def scan_of(curves: RegionCurves, tissue: Array, **more: Any) -> Scan:
    """Build what the models take from the curves of a scan."""
    return Scan(
        frames=curves.frames,
        tissue=tissue,
        reference=curves.reference,
        input=curves.source,
        dose=curves.dose,
        free_fraction=curves.free_fraction,
        **more,
    )
