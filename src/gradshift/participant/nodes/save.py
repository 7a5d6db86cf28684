"""Giving results their BIDS names."""

from collections.abc import Mapping
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
from gradshift.bids.write import write_array, write_json, write_map, write_matrix, write_table
from gradshift.core.measures import measures
from gradshift.core.series.maps import MAPS, smooth
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.outcome import Outcome
from gradshift.participant.nodes.parcellate import regions_of

DESCRIPTIONS = {
    "pearson": ("Pearson correlation", "Pearson correlation of the denoised region series."),
    "partial": (
        "partial correlation",
        "Partial correlation of the denoised region series, from a covariance shrunk by the "
        "Ledoit-Wolf rule.",
    ),
}


class _RunSpec(BaseInterfaceInputSpec):
    parcels = File(exists=True, mandatory=True, desc="outcome of Parcellate")
    denoised = File(exists=True, mandatory=True, desc="outcome of Denoise")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the run")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe = traits.Str(mandatory=True, desc="name of the primary recipe")
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class _Saved(TraitedSpec):
    files = traits.List(traits.Str, desc="what was written")


class SaveRun(SimpleInterface):
    """Write the quality tables and the coverage of one run."""

    input_spec = _RunSpec
    output_spec = _Saved

    def _run_interface(self, runtime: Any) -> Any:
        parcels = Outcome.load(self.inputs.parcels)
        denoised = Outcome.load(self.inputs.denoised)
        root = Path(self.inputs.output_dir)
        files: list[Path] = []
        if not parcels.failure:
            for i, path in enumerate(self.inputs.atlases):
                files += self._save_coverage(root, parcels, i, path, denoised)
        notes = denoised.notes.get("recipes", {}).get(self.inputs.recipe)
        if notes and not notes["failure"]:
            files += self._save_quality(root, denoised, notes)
        self._results["files"] = [str(path) for path in files]
        return runtime

    def _save_coverage(
        self, root: Path, parcels: Outcome, i: int, atlas: str, denoised: Outcome
    ) -> list[Path]:
        regions, entities = read_regions(atlas), Outcome.load(atlas).notes["entities"]
        found = regions_of(parcels, i)
        reasons = denoised.notes["reasons"][i] if denoised.notes else {}
        path = outputs.coverage_path(root, self.inputs.entities, entities)
        columns = ("name", "coverage", "n_voxels", "tsnr", "status")
        rows = zip(
            regions.names,
            found.coverage,
            found.n_voxels,
            found.tsnr,
            [reasons.get(name, "ok") for name in regions.names],
            strict=True,
        )
        about = {
            "name": "Region of the atlas",
            "coverage": "Share of the region's voxels inside the brain mask with signal",
            "n_voxels": "Voxels of the region on the grid of the run",
            "tsnr": "Temporal mean over standard deviation, averaged over the voxels",
            "status": "ok, or why the region is n/a in all results",
        }
        write_table(path, columns, rows)
        resolution = outputs.resolution(self.inputs.entities)
        write_json(outputs.sidecar(path), {**_columns(about), **resolution})
        return [path]

    def _save_quality(self, root: Path, denoised: Outcome, notes: dict[str, Any]) -> list[Path]:
        recipe, entities = self.inputs.recipe, self.inputs.entities
        kept = denoised.arrays[f"kept_{recipe}"]
        quality = outputs.quality_path(root, entities)
        write_table(
            quality,
            ("fd", "dvars", "kept"),
            zip(denoised.arrays["fd"], denoised.arrays["dvars"], kept.astype(int), strict=True),
        )
        about = {
            "fd": "Framewise displacement (mm)",
            "dvars": "Standardised DVARS",
            "kept": f"1 for volumes retained by the recipe {recipe}, 0 for others",
        }
        write_json(outputs.sidecar(quality), _columns(about))
        outliers = outputs.outliers_path(root, entities)
        censored: NDArray[np.bool_] = denoised.arrays[f"censored_{recipe}"]
        write_table(outliers, notes["censored"], censored.astype(int))
        write_json(
            outputs.sidecar(outliers),
            _columns({name: f"1 for volumes left out: {name}" for name in notes["censored"]}),
        )
        return [quality, outliers]


class _SessionSpec(BaseInterfaceInputSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    measures = File(exists=True, mandatory=True, desc="outcome of Measures")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the session")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Any, desc="recipes")
    connectivity = traits.Str(mandatory=True, desc="estimator of the matrices")
    sources = InputMultiPath(traits.Str, desc="names of the BOLD files")
    runs = traits.List(traits.Dict, desc="BIDS entities of the runs")
    software = traits.Str(mandatory=True, desc="name and version")
    settings = traits.Dict(desc="the options that change numbers")
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class SaveSession(SimpleInterface):
    """Write the series, matrices and measures of one session."""

    input_spec = _SessionSpec
    output_spec = _Saved

    def _run_interface(self, runtime: Any) -> Any:
        session = Outcome.load(self.inputs.session)
        person = Outcome.load(self.inputs.person)
        rows = Outcome.load(self.inputs.measures).notes["rows"]
        files = []
        for i, path in enumerate(self.inputs.atlases):
            atlas = Outcome.load(path).notes
            for recipe in self.inputs.recipes:
                target = outputs.Target(
                    entities=self.inputs.entities, atlas=atlas["entities"], recipe=recipe.name
                )
                about = self._about(recipe, session, atlas)
                if not session.notes["recipes"][recipe.name]["failure"]:
                    common = person.notes[recipe.name]
                    about["NumberOfCommonVolumes"] = common["n_common"]
                    about["RegionsLeftOutOfMeasures"] = common["reasons"][i]
                    about["RegionsLeftOutOfGradients"] = common["dropout"][i]
                    files += self._save_series(target, session, i, path, about)
                files.append(self._save_measures(target, rows[recipe.name][i], about))
        self._results["files"] = [str(path) for path in files]
        return runtime

    def _about(self, recipe: Any, session: Outcome, atlas: Mapping[str, Any]) -> dict[str, Any]:
        """Collect what every sidecar of a session says."""
        notes = session.notes["recipes"][recipe.name]
        about: dict[str, Any] = {
            "Sources": list(self.inputs.sources),
            "Runs": [dict(entities) for entities in self.inputs.runs],
            "Software": self.inputs.software,
            "Entities": dict(self.inputs.entities),
            **outputs.resolution(self.inputs.entities),
            "Atlas": atlas["name"],
            "AtlasEntities": atlas["entities"],
            "Estimator": self.inputs.connectivity,
            "DenoisingRecipe": recipe.as_dict(),
            "Excluded": notes["failure"] or None,
        }
        if not notes["failure"]:
            about |= {
                "RepetitionTime": notes["tr"],
                "SamplingFrequency": 1 / notes["tr"],
                "NumberOfVolumes": notes["n_volumes"],
                "NumberOfVolumesRetained": notes["n_retained"],
                "MinutesRetained": notes["n_retained"] * notes["tr"] / 60,
                "MeanFramewiseDisplacement": notes["mean_fd"],
                "MeanFramewiseDisplacementRetained": notes["mean_fd_retained"],
                "ConfoundRegressors": notes["regressors"],
                "DegreesOfFreedom": notes["degrees_of_freedom"],
                "Warnings": notes["warnings"],
            }
        return about

    def _save_series(
        self, target: outputs.Target, session: Outcome, i: int, atlas: str, about: dict[str, Any]
    ) -> list[Path]:
        root, key = Path(self.inputs.output_dir), f"{target.recipe}_{i}"
        names = read_regions(atlas).names
        reasons = {"RegionsLeftOut": session.notes["reasons"][i]}
        series = outputs.series_path(root, target)
        write_array(series, names, session.arrays[f"series_{key}"])
        retained = {
            "RetainedVolumes": session.arrays[f"volumes_{target.recipe}"],
            "RetainedVolumesRun": session.arrays[f"run_{target.recipe}"],
        }
        write_json(outputs.sidecar(series), {**about, **reasons, **retained})
        estimator = self.inputs.connectivity
        matrix = outputs.matrix_path(root, target, estimator)
        write_matrix(matrix, names, session.arrays[f"matrix_{key}"])
        measure, description = DESCRIPTIONS[estimator]
        relation: dict[str, Any] = {
            "RelationshipMeasure": measure,
            "MeasureDescription": description,
            "Weighted": True,
            "Directed": False,
            "ValidDiagonal": True,
            "NonNegative": False,
            "StorageFormat": "Full",
        }
        shrinkage = session.notes["recipes"][target.recipe]["shrinkage"]
        if shrinkage:
            relation["LedoitWolfShrinkage"] = shrinkage[i]
        write_json(outputs.sidecar(matrix), {**about, **reasons, **relation})
        return [series, matrix]

    def _save_measures(
        self, target: outputs.Target, rows: list[dict[str, Any]], about: dict[str, Any]
    ) -> Path:
        path = outputs.measures_path(Path(self.inputs.output_dir), target)
        entities = self.inputs.entities
        fixed = (
            "func",
            entities.get("task"),
            entities.get("run"),
            entities["space"],
            about["Atlas"],
            target.recipe,
        )
        write_table(
            path,
            outputs.MEASURE_COLUMNS,
            (
                (
                    *fixed,
                    row["measure"],
                    row["level"],
                    row["label"],
                    row["value"],
                    row["unit"],
                    row["status"],
                )
                for row in rows
            ),
        )
        described = {
            name: {"Description": measures()[name].methods, "Units": measures()[name].unit}
            for name in dict.fromkeys(row["measure"] for row in rows)
        }
        settings = dict(self.inputs.settings)
        write_json(outputs.sidecar(path), {**about, "Settings": settings, "Measures": described})
        return path


class _MapsSpec(BaseInterfaceInputSpec):
    voxelwise = File(exists=True, mandatory=True, desc="outcome of Voxelwise")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the session")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    shape = traits.Tuple(traits.Int, traits.Int, traits.Int, desc="voxels along x, y and z")
    affine = traits.List(traits.List(traits.Float), desc="voxels to mm")
    smoothing = traits.Float(desc="full width at half maximum in mm")
    sources = InputMultiPath(traits.Str, desc="names of the BOLD files")
    software = traits.Str(mandatory=True, desc="name and version")
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class SaveMaps(SimpleInterface):
    """Write the voxel maps of one session."""

    input_spec = _MapsSpec
    output_spec = _Saved

    def _run_interface(self, runtime: Any) -> Any:
        found = Outcome.load(self.inputs.voxelwise)
        files = []
        for recipe in found.notes:
            for name in MAPS:
                if (key := f"{name}_{recipe}") in found.arrays:
                    measure = measures()[name]
                    about = {"Description": measure.methods, "Units": measure.unit}
                    files.append(self._save(found, recipe, key, name, {}, about))
            for i, atlas in enumerate(self.inputs.atlases):
                if (key := f"seed_{recipe}_{i}") in found.arrays:
                    about = {
                        "Description": "Connectivity with the posterior cingulate: correlation "
                        "of each voxel with the mean series of its regions.",
                        "Units": "Fisher z",
                    }
                    entities = Outcome.load(atlas).notes["entities"]
                    files.append(self._save(found, recipe, key, "zpcc", entities, about))
        self._results["files"] = [str(path) for path in files]
        return runtime

    def _save(
        self,
        found: Outcome,
        recipe: str,
        key: str,
        stat: str,
        atlas: Mapping[str, str],
        about: Mapping[str, str],
    ) -> Path:
        target = outputs.Target(entities=self.inputs.entities, atlas=atlas, recipe=recipe)
        path = outputs.map_path(Path(self.inputs.output_dir), target, stat)
        places, affine = found.arrays[f"places_{recipe}"], np.array(self.inputs.affine)
        zooms = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        values = smooth(
            found.arrays[key], places, self.inputs.shape, tuple(zooms), self.inputs.smoothing
        )
        write_map(path, values, places, self.inputs.shape, affine)
        write_json(
            outputs.sidecar(path),
            {
                **about,
                **outputs.resolution(self.inputs.entities),
                "SkullStripped": True,
                "SmoothingFWHM": self.inputs.smoothing,
                "Remarks": found.notes[recipe]["remarks"],
                "Sources": list(self.inputs.sources),
                "Software": self.inputs.software,
            },
        )
        return path


def _columns(about: dict[str, str]) -> dict[str, dict[str, str]]:
    """Describe the columns of a table as BIDS wants it."""
    return {name: {"Description": text} for name, text in about.items()}
