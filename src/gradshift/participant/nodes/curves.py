"""PET as it was found: curves or finished values of regions, and the input function."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.pet import MODELS
from gradshift.bids.petdata import (
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
from gradshift.core.kinetics import models
from gradshift.core.pet.blood import input_function
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.core.pet.model import Scan
from gradshift.core.series.parcellate import RegionMeans, average_map, parcellate
from gradshift.errors import InputError
from gradshift.images.volumes import VolumeHeader, read_header, read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Outcome, Step

Array = NDArray[np.float64]

PREFIX = re.compile(r"^(7|17)Networks_")

FARTHEST = 5.0
"""Millimetres from frame to frame above which motion gets a remark."""


class _Found(NamedTuple):
    """Curves of regions, atlas by atlas."""

    frames: Frames
    tissue: list[Array]  # (T, R) each, kBq/mL; NaN for a region without
    reference: Array | None  # (T,)
    reasons: list[dict[str, str]]  # region to why there is no curve


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
    weight = traits.Either(None, traits.Float, desc="of the person in kg, where it is known")
    problem = traits.Str(desc="why the scan cannot be used; empty if it can")


class PetCurves(Step):
    """Curves of one PET scan in kBq/mL and minutes, checked, with its input function.

    Gives ``start``, ``end`` (T,), ``tissue_i`` (T, R) for atlas number i, and where there are
    such ``reference`` (T,), ``input_time``, ``input_parent``, ``input_whole_blood``; of finished
    results instead ``<model>_i`` (R,). The notes have ``reasons`` per atlas, ``remarks``,
    ``injected``, ``motion`` (mm), ``dose`` (kBq/g), ``free_fraction``, and of what may be missing
    why it is: ``no_input``, ``no_reference``.
    """

    input_spec = _CurvesSpec

    def compute(self) -> Outcome:
        """Read one scan."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        notes: dict[str, Any] = {"remarks": [], "injected": injected(self.inputs.metadata)}
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
        notes["no_reference"] = "" if reference is not None else self._no_reference()
        arrays |= self._blood(found, notes)
        notes["dose"] = self._dose(notes["injected"])
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

    def _dose(self, given: Mapping[str, float | None]) -> float | None:
        """Return injected activity per weight, kBq/g; 1 where it was divided by already."""
        if is_uptake(self.inputs.metadata):
            return 1.0
        activity, weight = given["activity"], self.inputs.weight
        return activity / weight if activity and weight else None

    def _blood(self, found: _Found, notes: dict[str, Any]) -> dict[str, Array]:
        """Build the input function; where there is none, ``no_input`` says why."""
        paths = [Path(path) for path in self.inputs.blood or ()]
        notes["no_input"], notes["free_fraction"] = "no blood samples", None
        if self.inputs.kind == "static":
            notes["no_input"] = "the scan is a single frame"
            return {}
        if not paths:
            return {}
        end = found.frames.end[-1]
        samples = read_blood(paths, end, float(self.inputs.metadata.get("InjectionStart") or 0.0))
        try:
            source, remarks = input_function(samples, end)
        except InputError as error:
            notes["no_input"] = str(error)
            return {}
        check_tissue_and_blood(
            found.frames, found.tissue[0], source, self.inputs.metadata, self._source.name
        )
        notes["no_input"], notes["free_fraction"] = "", free_fraction(paths)
        notes["remarks"] += remarks
        notes["remarks"] += [
            f"{name} was not corrected for dispersion" for name in undispersed(paths)
        ]
        arrays = {"input_time": source.time, "input_parent": source.parent}
        if source.whole_blood is not None:
            arrays["input_whole_blood"] = source.whole_blood
        return arrays

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
        told = f"no curve of {self.inputs.reference_name} beside {self._source.name}; curves of "
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
        reference = None
        if self.inputs.reference:
            reference = self._reference_curve(found.frames)
        elif plain_name(wanted) in position:
            reference = found.activity[:, position[plain_name(wanted)]]
        return _Found(found.frames, tissue, reference, reasons)

    def _reference_curve(self, frames: Frames) -> Array:
        path = Path(self.inputs.reference)
        curve = read_curves(path, self.inputs.metadata)
        if len(curve.frames.start) != len(frames.start):
            raise InputError(
                f"{path.name} has {len(curve.frames.start)} frames, {self._source.name} has "
                f"{len(frames.start)}."
            )
        mean: Array = curve.activity.mean(axis=1)
        return mean

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
        reference = None
        if chosen is not None:
            reference = curves.pop()[:, 0]
        elif self.inputs.reference:
            reference = self._reference_curve(frames)
        return _Found(frames, curves, reference, self._uncovered(found, curves))

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
