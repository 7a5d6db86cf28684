"""PET as it was found: curves or finished values of regions, and the input function."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.pet import MODELS
from gradshift.bids.petdata import (
    check_decay,
    check_tissue_and_blood,
    displacement,
    frames_of,
    free_fraction,
    injected,
    is_uptake,
    read_blood,
    read_curves,
    read_finished,
    tissue_factor,
    undispersed,
)
from gradshift.bids.pettimes import decay, injection
from gradshift.core.kinetics import models
from gradshift.core.pet.blood import input_function
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.core.pet.model import Scan
from gradshift.core.series.parcellate import RegionMeans, average_map, parcellate
from gradshift.errors import InputError
from gradshift.images.volumes import VolumeHeader, read_header, read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.tracers.catalogue import from_json

Array = NDArray[np.float64]

PREFIX = re.compile(r"^(7|17)Networks_")

FARTHEST = 5.0
"""Millimetres from frame to frame above which motion gets a remark."""

BREAK = 0.1
"""Minutes between frames that get a remark."""


class _Found(NamedTuple):
    """Curves of regions, atlas by atlas."""

    frames: Frames
    tissue: list[Array]  # (T, R) each, kBq/mL; NaN for a region without
    reference: Array | None  # (T,)
    reasons: list[dict[str, str]]  # region to why there is no curve
    no_reference: str = ""  # why the curve of the reference region cannot be used


class _CurvesSpec(BaseInterfaceInputSpec):
    kind = traits.Enum("tacs", "image", "static", "table", "maps", desc="what the sources are")
    sources = InputMultiPath(File, mandatory=True, desc="curves, image, or finished values")
    models = traits.List(traits.Str, desc="what each finished source is of")
    reference = File(desc="curve or mask of the reference region")
    references = traits.List(traits.Str, desc="reference regions that there are curves of")
    mask = File(desc="brain mask on the grid of an image")
    blood = InputMultiPath(File(exists=True), desc="blood samples")
    blood_json = InputMultiPath(File(exists=True), desc="their JSON: a change must be seen")
    motion = File(desc="table with framewise displacement")
    metadata = traits.Any(desc="what the JSON files of the scan say")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on the grid, a file each")
    columns = traits.Any(desc="columns of finished tables, our name to theirs")
    coverage_threshold = traits.Float(desc="share of voxels in the mask")
    reference_name = traits.Str(desc="name of the reference region")
    tracer = traits.Dict(mandatory=True, desc="facts of the tracer")
    weight = traits.Either(None, traits.Float, desc="of the person in kg, where it is known")
    problem = traits.Str(desc="why the scan cannot be used; empty if it can")


class PetCurves(Step):
    """Curves of one PET scan in kBq/mL and minutes, checked, with its input function.

    Gives ``start``, ``end`` (T,), ``tissue_i`` (T, R) for atlas number i, and where there are
    such ``reference`` (T,), ``input_time``, ``input_parent``, ``input_whole_blood``; of finished
    results instead ``<model>_i`` (R,). The notes have ``reasons`` per atlas, ``remarks``,
    ``injected``, ``motion`` (mm), ``dose`` (kBq/g), ``free_fraction``, and of what may be missing
    why it is: ``no_input``, ``no_reference``, ``no_dose``, ``no_free_fraction``. What cannot be
    used hinders only the models that need it.
    """

    input_spec = _CurvesSpec

    def compute(self) -> Outcome:
        """Read one scan."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        notes: dict[str, Any] = {"remarks": [], "no_dose": "", "no_free_fraction": ""}
        notes["injected"] = self._injected(notes)
        notes["motion"] = self._motion(notes["remarks"])
        if self.inputs.kind in ("table", "maps"):
            arrays, reasons = (
                self._from_finished_tables()
                if self.inputs.kind == "table"
                else self._from_finished_maps()
            )
            names = [Path(path).name for path in self.inputs.sources]
            return Outcome(arrays, {**notes, "reasons": reasons, "finished": names})
        found = self._from_table() if self.inputs.kind == "tacs" else self._from_image()
        arrays = {"start": found.frames.start, "end": found.frames.end}
        arrays |= {f"tissue_{i}": curves for i, curves in enumerate(found.tissue)}
        notes["reasons"] = found.reasons
        reference = found.reference
        if reference is None:
            reference = self._region_as_reference(found)
        if reference is not None:
            arrays["reference"] = reference
        why = found.no_reference or self._no_reference()
        notes["no_reference"] = "" if reference is not None else why
        arrays |= self._blood(found, notes)
        notes["dose"] = self._dose(notes)
        notes["remarks"] += _breaks(found.frames)
        if "ImageDecayCorrected" not in self.inputs.metadata:
            notes["remarks"].append(
                "ImageDecayCorrected is in no JSON of the scan: taken for corrected"
            )
        return Outcome(arrays, notes)

    @property
    def _source(self) -> Path:
        return Path(self.inputs.sources[0])

    def _motion(self, remarks: list[str]) -> dict[str, float | None]:
        if not self.inputs.motion:
            return {"mean": None, "largest": None}
        mean, largest = displacement(Path(self.inputs.motion))
        if largest > FARTHEST:
            remarks.append(f"the head moved by {largest:.1f} mm from one frame to the next")
        known = np.isfinite(mean)
        return {"mean": mean if known else None, "largest": largest if known else None}

    def _injected(self, notes: dict[str, Any]) -> dict[str, float | None]:
        """Return what was injected; where it cannot be read, ``no_dose`` says why."""
        try:
            return injected(self.inputs.metadata)
        except InputError as error:
            notes["no_dose"] = str(error)
            return {"activity": None, "mass": None}

    def _dose(self, notes: dict[str, Any]) -> float | None:
        """Return injected activity per weight, kBq/g; 1 where it was divided by already."""
        metadata = self.inputs.metadata
        if is_uptake(metadata):
            return 1.0
        activity, weight = notes["injected"]["activity"], self.inputs.weight
        if not (activity and weight):
            return None
        factor = decay(metadata, injection(metadata), self._half_life)
        if factor is None:
            notes["no_dose"] = (
                f"{self._source.name} is corrected for decay to another time than the injection, "
                "and the half-life is not known"
            )
            return None
        return float(factor * activity / weight)

    @property
    def _half_life(self) -> float | None:
        return from_json(self.inputs.tracer).half_life

    def _blood(self, found: _Found, notes: dict[str, Any]) -> dict[str, Array]:
        """Build the input function; where there is none, ``no_input`` says why."""
        paths = [Path(path) for path in self.inputs.blood or ()]
        notes["no_input"], notes["free_fraction"] = "no blood samples", None
        if self.inputs.kind == "static":
            notes["no_input"] = "the scan is a single frame"
            return {}
        if not paths:
            return {}
        try:
            source, remarks = self._input(paths, found)
        except InputError as error:
            notes["no_input"] = str(error)
            return {}
        notes["no_input"] = ""
        try:
            notes["free_fraction"] = free_fraction(paths)
        except InputError as error:
            notes["no_free_fraction"] = str(error)
        notes["remarks"] += remarks
        notes["remarks"] += [
            f"{name} was not corrected for dispersion" for name in undispersed(paths)
        ]
        arrays = {"input_time": source.time, "input_parent": source.parent}
        if source.whole_blood is not None:
            arrays["input_whole_blood"] = source.whole_blood
        return arrays

    def _input(self, paths: Sequence[Path], found: _Found) -> tuple[InputFunction, list[str]]:
        """Read the blood, and hold it against the curves."""
        metadata, end, name = self.inputs.metadata, found.frames.end[-1], self._source.name
        remarks = check_decay(metadata, name)
        samples = read_blood(paths, end, injection(metadata))
        source, more = input_function(samples, end)
        check_tissue_and_blood(found.frames, found.tissue[0], source, name)
        return source, [*remarks, *more]

    def _region_as_reference(self, found: _Found) -> Array | None:
        """Take a region of an atlas as reference, where its name was given."""
        wanted = plain_name(self.inputs.reference_name)
        for path, curves in zip(self.inputs.atlases, found.tissue, strict=True):
            for name, curve in zip(read_regions(path).names, curves.T, strict=True):
                if plain_name(name) == wanted and np.isfinite(curve).all():
                    reference: Array = curve
                    return reference
        return None

    def _no_reference(self) -> str:
        there = ", ".join(self.inputs.references) or "none"
        name = self.inputs.reference_name or "a reference region"
        told = f"no curve of {name} beside {self._source.name}; curves of "
        told += f"reference regions there: {there}"
        if self.inputs.kind != "tacs":
            told += "; --pet-reference takes a mask on the grid of the image too"
        return told

    def _from_table(self) -> _Found:
        path, wanted = self._source, self.inputs.reference_name
        found = read_curves(path, self.inputs.metadata)
        position = {plain_name(name): i for i, name in enumerate(found.names)}
        tissue, reasons = [], []
        for atlas in self.inputs.atlases:
            names = read_regions(atlas).names
            at = [position.get(plain_name(name), -1) for name in names]
            columns = np.where(np.array(at) < 0, np.nan, found.activity[:, at])
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
            reference, problem = self._reference_curve(found.frames)
        elif plain_name(wanted) in position:
            reference = found.activity[:, position[plain_name(wanted)]]
        return _Found(found.frames, tissue, reference, reasons, problem)

    def _reference_curve(self, frames: Frames) -> tuple[Array | None, str]:
        """Read the curve of the reference region, or say why it cannot be used."""
        path = Path(self.inputs.reference)
        try:
            curve = read_curves(path, self.inputs.metadata)
        except InputError as error:
            return None, str(error)
        if len(curve.frames.start) != len(frames.start):
            return None, (
                f"{path.name} has {len(curve.frames.start)} frames, {self._source.name} has "
                f"{len(frames.start)}"
            )
        if not np.allclose(curve.frames.start, frames.start, atol=BREAK):
            return None, f"the frames of {path.name} have other times than {self._source.name}"
        return curve.activity.mean(axis=1), ""

    def _from_image(self) -> _Found:
        path, header = self._source, read_header(self._source, single=True)
        frames = frames_of(self.inputs.metadata, header.n_volumes, path.name)
        factor = tissue_factor(self.inputs.metadata, path.name)
        mask, atlases = self._grid(header)
        chosen = None
        if self.inputs.reference and not self.inputs.reference.endswith(".tsv"):
            chosen = read_mask(self.inputs.reference, header.shape, header.affine)
            atlases.append((chosen.astype(np.int32), 1))
            mask = mask | chosen
        found, empty = _means(header, atlases, mask)
        if empty != list(range(len(empty))):
            raise InputError(
                f"Frames {', '.join(str(volume + 1) for volume in empty)} of {path.name} hold no "
                "values; every frame after the injection is needed."
            )
        curves = [atlas.means * factor for atlas in found]
        for curve in curves:  # nothing has arrived yet
            curve[empty] = np.where(np.isnan(curve).all(axis=0), np.nan, 0.0)
        reference, problem = None, ""
        if chosen is not None:
            reference = curves.pop()[:, 0]
        elif self.inputs.reference:
            reference, problem = self._reference_curve(frames)
        return _Found(frames, curves, reference, self._uncovered(found, curves), problem)

    def _grid(
        self, header: VolumeHeader
    ) -> tuple[NDArray[np.bool_], list[tuple[NDArray[np.int32], int]]]:
        """Read the mask and the labels that lie on the grid of an image."""
        mask = np.ones(header.n_voxels, dtype=bool)
        if self.inputs.mask:
            mask = read_mask(self.inputs.mask, header.shape, header.affine)
        atlases = [
            (flat_labels(labels), len(read_regions(atlas)))
            for labels, atlas in zip(self.inputs.labels, self.inputs.atlases, strict=True)
        ]
        return mask, atlases

    def _uncovered(
        self, found: Sequence[RegionMeans], values: Sequence[Array]
    ) -> list[dict[str, str]]:
        """Take out the regions that an image does not cover, and say why."""
        reasons = []
        for means, path, curve in zip(found, self.inputs.atlases, values, strict=False):
            names = read_regions(path).names
            why = means.reasons(self.inputs.coverage_threshold)
            curve[..., list(why)] = np.nan
            reasons.append({names[i]: text for i, text in why.items()})
        return reasons

    def _from_finished_maps(self) -> tuple[dict[str, Array], list[dict[str, str]]]:
        arrays, reasons = {}, [dict[str, str]() for _ in self.inputs.atlases]
        for source, model in zip(self.inputs.sources, self.inputs.models, strict=True):
            header = read_header(source, single=True)
            if header.n_volumes > 1:
                raise InputError(f"{Path(source).name} has {header.n_volumes} volumes, not one.")
            first = read_header(self._source, single=True)
            same = header.shape == first.shape and np.allclose(header.affine, first.affine)
            if not same:
                raise InputError(
                    f"{Path(source).name} lies on another grid than {self._source.name}; choose "
                    "one grid with --bids-filter-file."
                )
            mask, atlases = self._grid(header)
            found, _ = _means(header, atlases, mask)
            values = [atlas.means[0] for atlas in found]
            for i, why in enumerate(self._uncovered(found, values)):
                arrays[f"{model}_{i}"] = values[i]
                reasons[i] |= why
        return arrays, reasons

    def _from_finished_tables(self) -> tuple[dict[str, Array], list[dict[str, str]]]:
        arrays: dict[str, Array] = {}
        reasons: list[dict[str, str]] = [{} for _ in self.inputs.atlases]
        for source, named in zip(self.inputs.sources, self.inputs.models, strict=True):
            path = Path(source)
            known = {name: name for name in models()}
            known |= {meas: ours for (of, meas), ours in MODELS.items() if of == named.lower()}
            table = read_finished(path, self.inputs.columns, known)
            position = {plain_name(name): i for i, name in enumerate(table["region"])}
            for i, atlas in enumerate(self.inputs.atlases):
                names = read_regions(atlas).names
                at = np.array([position.get(plain_name(name), -1) for name in names])
                for model in table.columns[1:]:
                    values = table[model].to_numpy(dtype=np.float64)[at]
                    if f"{model}_{i}" in arrays:
                        raise InputError(f"{path.name} has {model}, as a table before it has.")
                    arrays[f"{model}_{i}"] = np.where(at < 0, np.nan, values)
                reasons[i] |= {
                    name: f"not in {path.name}" for name, k in zip(names, at, strict=True) if k < 0
                }
        return arrays, reasons


def _means(
    header: VolumeHeader,
    atlases: Sequence[tuple[NDArray[np.int32], int]],
    mask: NDArray[np.bool_],
) -> tuple[tuple[RegionMeans, ...], list[int]]:
    """Average an image over regions; list its volumes without values."""
    if header.n_volumes == 1:
        [(_, volumes)] = stream(header)
        values = volumes[0].astype(np.float64) * header.slope + header.intercept
        return average_map(values, atlases, mask), []
    found = parcellate(
        lambda: stream(header),
        atlases,
        mask,
        n_volumes=header.n_volumes,
        slope=header.slope,
        intercept=header.intercept,
    )
    return found.atlases, list(found.bad_volumes)


def _breaks(frames: Frames) -> list[str]:
    """Say where a scan was interrupted."""
    return [
        f"there are no frames from {frames.end[k]:.3g} to {frames.start[k + 1]:.3g} minutes after "
        "the injection"
        for k in np.flatnonzero(frames.breaks > BREAK)
    ]


def plain_name(name: str) -> str:
    """Return what two spellings of a region's name share."""
    return PREFIX.sub("", name.strip()).lower()


def scan_of(curves: Outcome, tissue: Array, **more: Any) -> Scan:
    """Build what the models take from what `PetCurves` found."""
    arrays = curves.arrays
    source = None
    if "input_time" in arrays:
        source = InputFunction(
            arrays["input_time"], arrays["input_parent"], arrays.get("input_whole_blood")
        )
    return Scan(
        frames=Frames(arrays["start"], arrays["end"]),
        tissue=tissue,
        reference=arrays.get("reference"),
        input=source,
        dose=curves.notes["dose"],
        free_fraction=curves.notes["free_fraction"],
        **more,
    )
