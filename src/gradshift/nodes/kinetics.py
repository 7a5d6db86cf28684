"""PET: curves of regions, the input function, kinetic models, and their tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    Directory,
    File,
    InputMultiPath,
    SimpleInterface,
    TraitedSpec,
    traits,
)
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.petdata import (
    check_tissue_and_blood,
    frames_of,
    read_blood,
    read_curves,
    read_finished,
    tissue_factor,
    undispersed,
)
from gradshift.bids.write import write_array, write_json, write_table
from gradshift.core.blood import input_function
from gradshift.core.curves import Frames, InputFunction
from gradshift.core.kinetics import Fit, Model, Scan, UnfitError, fit, models
from gradshift.core.measures import Flagged, averages
from gradshift.core.parcellate import parcellate
from gradshift.core.regions import Regions
from gradshift.errors import InputError
from gradshift.images.volumes import read_header, read_mask, stream
from gradshift.nodes.atlas import flat_labels, read_regions
from gradshift.nodes.outcome import Outcome, Step

PREFIX = re.compile(r"^(7|17)Networks_")
NOISY = 0.2
"""Standard error over value above which a value gets a remark."""

USUAL = (5.0, 40.0)
"""VT of grey matter, mL/cm3; many regions beyond are worth a warning."""


class _CurvesSpec(BaseInterfaceInputSpec):
    kind = traits.Enum("tacs", "image", "table", desc="what the source is")
    source = File(mandatory=True, desc="curves, 4-D image, or finished values")
    reference = File(desc="curve or mask of the reference region")
    mask = File(desc="brain mask on the grid of an image")
    blood = InputMultiPath(File(exists=True), desc="blood samples")
    blood_json = InputMultiPath(File(exists=True), desc="their JSON: a change must be seen")
    metadata = traits.Any(desc="what the JSON files of the scan say")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on the grid, a file each")
    columns = traits.Any(desc="columns of finished tables, our name to theirs")
    coverage_threshold = traits.Float(desc="share of voxels in the mask")
    reference_name = traits.Str(desc="name of the reference region")
    problem = traits.Str(desc="why the scan cannot be used; empty if it can")


class PetCurves(Step):
    """Curves of one PET scan in kBq/mL and minutes, checked, with its input function.

    Gives ``start``, ``end`` (T,), ``tissue_i`` (T, R) for atlas number i, and where there are
    such ``reference`` (T,), ``input_time``, ``input_parent``, ``input_whole_blood``; of a
    finished table instead ``<model>_i`` (R,). The notes have ``reasons`` per atlas, ``remarks``
    and ``lacking``: why there is no input function.
    """

    input_spec = _CurvesSpec

    def compute(self) -> Outcome:
        """Read one scan."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        if self.inputs.kind == "table":
            return self._finished()
        frames, tissue, reference, reasons = (
            self._from_table() if self.inputs.kind == "tacs" else self._from_image()
        )
        arrays: dict[str, NDArray[Any]] = {"start": frames.start, "end": frames.end}
        arrays |= {f"tissue_{i}": found for i, found in enumerate(tissue)}
        if reference is not None:
            arrays["reference"] = reference
        notes: dict[str, Any] = {"reasons": reasons, "remarks": [], "lacking": "no blood samples"}
        blood = [Path(path) for path in self.inputs.blood or ()]
        if blood:
            injected = float(self.inputs.metadata.get("InjectionStart") or 0.0)
            samples = read_blood(blood, frames.end[-1], injected)
            try:
                source, remarks = input_function(samples, frames.end[-1])
            except InputError as error:
                notes["lacking"] = str(error)
            else:
                name = Path(self.inputs.source).name
                check_tissue_and_blood(frames, tissue[0], source, self.inputs.metadata, name)
                arrays |= {"input_time": source.time, "input_parent": source.parent}
                if source.whole_blood is not None:
                    arrays["input_whole_blood"] = source.whole_blood
                notes["lacking"] = ""
                notes["remarks"] += remarks
                notes["remarks"] += [
                    f"{found} was not corrected for dispersion" for found in undispersed(blood)
                ]
        if "ImageDecayCorrected" not in self.inputs.metadata:
            notes["remarks"].append(
                "ImageDecayCorrected is in no JSON of the scan: taken for corrected"
            )
        return Outcome(arrays, notes)

    def _from_table(
        self,
    ) -> tuple[
        Frames, list[NDArray[np.float64]], NDArray[np.float64] | None, list[dict[str, str]]
    ]:
        path, wanted = Path(self.inputs.source), self.inputs.reference_name
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
            curve = read_curves(Path(self.inputs.reference), self.inputs.metadata)
            if len(curve.frames.start) != len(found.frames.start):
                raise InputError(
                    f"{Path(self.inputs.reference).name} has {len(curve.frames.start)} frames, "
                    f"{path.name} has {len(found.frames.start)}."
                )
            reference = curve.activity.mean(axis=1)
        elif plain_name(wanted) in position:
            reference = found.activity[:, position[plain_name(wanted)]]
        return found.frames, tissue, reference, reasons

    def _from_image(
        self,
    ) -> tuple[
        Frames, list[NDArray[np.float64]], NDArray[np.float64] | None, list[dict[str, str]]
    ]:
        path = Path(self.inputs.source)
        header = read_header(path)
        frames = frames_of(self.inputs.metadata, header.n_volumes, path.name)
        factor = tissue_factor(self.inputs.metadata, path.name)
        mask = np.ones(header.n_voxels, dtype=bool)
        if self.inputs.mask:
            mask = read_mask(self.inputs.mask, header.shape, header.affine)
        atlases = [
            (flat_labels(labels), len(read_regions(atlas)))
            for labels, atlas in zip(self.inputs.labels, self.inputs.atlases, strict=True)
        ]
        if self.inputs.reference:
            chosen = read_mask(self.inputs.reference, header.shape, header.affine)
            atlases.append((chosen.astype(np.int32), 1))
            mask = mask | chosen
        found = parcellate(
            lambda: stream(header),
            atlases,
            mask,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
        )
        empty = list(found.bad_volumes)
        if empty != list(range(len(empty))):
            raise InputError(
                f"Frames {', '.join(str(volume + 1) for volume in empty)} of {path.name} hold no "
                "values; every frame after the injection is needed."
            )
        curves = [atlas.means * factor for atlas in found.atlases]
        for curve in curves:  # nothing has arrived yet
            curve[empty] = np.where(np.isnan(curve).all(axis=0), np.nan, 0.0)
        reasons = []
        for atlas, spec, curve in zip(found.atlases, self.inputs.atlases, curves, strict=False):
            names = read_regions(spec).names
            why = atlas.reasons(self.inputs.coverage_threshold)
            curve[:, list(why)] = np.nan
            reasons.append({names[i]: text for i, text in why.items()})
        reference = curves.pop()[:, 0] if self.inputs.reference else None
        return frames, curves, reference, reasons

    def _finished(self) -> Outcome:
        path = Path(self.inputs.source)
        table = read_finished(path, self.inputs.columns, list(models()))
        position = {plain_name(name): i for i, name in enumerate(table["region"])}
        arrays, reasons = {}, []
        for i, atlas in enumerate(self.inputs.atlases):
            names = read_regions(atlas).names
            at = np.array([position.get(plain_name(name), -1) for name in names])
            for model in table.columns[1:]:
                values = table[model].to_numpy(dtype=np.float64)[at]
                arrays[f"{model}_{i}"] = np.where(at < 0, np.nan, values)
            reasons.append({name: f"not in {path.name}" for name, k in zip(names, at, strict=True)
                            if k < 0})  # fmt: skip
        return Outcome(arrays, {"reasons": reasons, "remarks": [], "finished": path.name})


class Unfitted(str):
    """Why a model gives nothing."""

    __slots__ = ()


def with_cingulate(regions: Regions) -> Regions:
    """Add the set ACC, which spectroscopy is compared with, where it has regions."""
    found = regions.anterior_cingulate
    if not found or "ACC" in regions.sets:
        return regions
    return replace(regions, sets={**regions.sets, "ACC": found})


def plain_name(name: str) -> str:
    """Return what two spellings of a region's name share."""
    return PREFIX.sub("", name.strip()).lower()


def scan_of(curves: Outcome, tissue: NDArray[np.float64], **more: Any) -> Scan:
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
        **more,
    )


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
            result = fit(models()["vt1tcm"], scan)
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


class Kinetics(Step):
    """All models of one scan.

    The notes have, per atlas number, ``rows`` (of the table of measures) and ``table`` (of
    kinetic parameters, by column), ``warnings``; the arrays ``curves_<model>_<i>`` (T, R).
    """

    input_spec = _KineticsSpec

    def compute(self) -> Outcome:
        """Fit every model to the regions of every atlas, and average."""
        curves, person = Outcome.load(self.inputs.curves), Outcome.load(self.inputs.person)
        arrays: dict[str, NDArray[Any]] = {}
        rows, tables, warnings = [], [], []
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
                if isinstance(found, Fit):
                    columns |= _columns(
                        name, found, len(regions), _status(found, regions, reasons)
                    )
                    if np.isfinite(found.curves).any():
                        arrays[f"curves_{name}_{i}"] = found.curves[:, : len(regions)]
                    warnings += _warnings(model, regions, found)
            rows.append(mine)
            tables.append(columns)
        return Outcome(
            arrays, {"rows": rows, "tables": tables, "warnings": list(dict.fromkeys(warnings))},
        )  # fmt: skip

    def _fit(self, model: Model, curves: Outcome, person: Outcome, i: int) -> Fit | Unfitted:
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
            why = curves.notes["lacking"] if "input" in model.needs and scan.input is None else ""
            return Unfitted(f"{error}: {why}" if why else str(error))


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


def _warnings(model: Model, regions: Regions, found: Fit) -> list[str]:
    """Warn of volumes of distribution that grey matter does not have."""
    if not model.name.startswith("vt"):
        return []
    values = found.values[: len(regions)][regions.cortical]
    beyond = int(((values < USUAL[0]) | (values > USUAL[1])).sum())
    if beyond <= len(values) / 2 or not beyond:
        return []
    return [
        f"{model.name} of {beyond} of {len(values)} cortical regions lies outside {USUAL[0]:g} to "
        f"{USUAL[1]:g} mL/cm3, where [11C]UCB-J has it: check units, blood and tracer."
    ]


class _SaveSpec(BaseInterfaceInputSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves")
    person = File(exists=True, mandatory=True, desc="outcome of PetPerson")
    kinetics = File(exists=True, mandatory=True, desc="outcome of Kinetics")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the scan")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe = traits.Str(mandatory=True, desc="partial volume correction, or n/a")
    reference_name = traits.Str(desc="name of the reference region")
    source = traits.Str(mandatory=True, desc="name of the file the curves come from")
    software = traits.Str(mandatory=True, desc="name and version")
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class _Saved(TraitedSpec):
    files = traits.List(traits.Str, desc="what was written")


class SavePet(SimpleInterface):
    """Write the curves, parameters and measures of one PET scan."""

    input_spec = _SaveSpec
    output_spec = _Saved

    def _run_interface(self, runtime: Any) -> Any:
        curves, found = Outcome.load(self.inputs.curves), Outcome.load(self.inputs.kinetics)
        person = Outcome.load(self.inputs.person)
        root, files = Path(self.inputs.output_dir), []
        for i, path in enumerate(self.inputs.atlases):
            atlas = Outcome.load(path).notes
            target = outputs.Target(
                entities=dict(self.inputs.entities),
                atlas=atlas["entities"],
                recipe=self.inputs.recipe,
            )
            about = self._about(atlas, curves, person, found)
            if f"tissue_{i}" in curves.arrays:
                files += self._save_curves(root, target, curves, found, i, atlas, about)
            table = found.notes["tables"][i]
            if len(table) > 1:
                kinetics = outputs.kinetics_path(root, target)
                write_table(kinetics, list(table), zip(*table.values(), strict=True))
                write_json(outputs.sidecar(kinetics), about)
                files.append(kinetics)
            files.append(self._save_measures(root, target, found.notes["rows"][i], about))
        self._results["files"] = [str(path) for path in files]
        return runtime

    def _about(
        self, atlas: Mapping[str, Any], curves: Outcome, person: Outcome, found: Outcome
    ) -> dict[str, Any]:
        """Collect what every sidecar of a scan says."""
        names = dict.fromkeys(row["measure"] for rows in found.notes["rows"] for row in rows)
        return {
            "Modality": "pet",
            "Sources": [self.inputs.source],
            "Software": self.inputs.software,
            "Entities": dict(self.inputs.entities),
            "Atlas": atlas["name"],
            "AtlasEntities": atlas["entities"],
            "Recipe": self.inputs.recipe,
            "Excluded": curves.failure or None,
            "ReferenceRegion": self.inputs.reference_name,
            "k2prime": person.notes["k2prime"],
            "k2primeUnits": "1/min",
            "k2primeFrom": person.notes["k2prime_from"],
            "Warnings": [*curves.notes.get("remarks", []), *found.notes["warnings"]],
            "Measures": {
                name: {"Description": models()[name].methods, "Units": models()[name].unit}
                for name in names
            },
        }

    def _save_curves(
        self,
        root: Path,
        target: outputs.Target,
        curves: Outcome,
        found: Outcome,
        i: int,
        atlas: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> list[Path]:
        times = 60 * np.column_stack([curves.arrays["start"], curves.arrays["end"]])
        header = ["frame_start", "frame_end", *atlas["regions"]["names"]]
        files = []
        fitted = {
            name: found.arrays[f"curves_{name}_{i}"]
            for name in models()
            if f"curves_{name}_{i}" in found.arrays
        }
        for model, values in {"": curves.arrays[f"tissue_{i}"], **fitted}.items():
            path = outputs.tacs_path(root, target, model)
            write_array(path, header, np.column_stack([times, values]))
            told = {
                "frame_start": {"Description": "Start after injection", "Units": "s"},
                "frame_end": {"Description": "End after injection", "Units": "s"},
                "Units": "kBq/mL",
                "Content": f"Curves fitted by {model}" if model else "Mean activity of regions",
            }
            write_json(outputs.sidecar(path), {**about, **told})
            files.append(path)
        return files

    def _save_measures(
        self,
        root: Path,
        target: outputs.Target,
        rows: Sequence[Mapping[str, Any]],
        about: Mapping[str, Any],
    ) -> Path:
        path = outputs.pet_measures_path(root, target)
        entities = self.inputs.entities
        fixed = (
            "pet",
            entities.get("task"),
            entities.get("run"),
            entities.get("space"),
            about["Atlas"],
            target.recipe,
        )
        columns = outputs.MEASURE_COLUMNS[len(fixed) :]
        write_table(
            path, outputs.MEASURE_COLUMNS, ((*fixed, *(row[c] for c in columns)) for row in rows)
        )
        write_json(outputs.sidecar(path), about)
        return path
