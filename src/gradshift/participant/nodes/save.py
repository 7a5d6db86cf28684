"""Giving the results of BOLD runs and sessions their BIDS names."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from nipype.interfaces.base import File, InputMultiPath, traits

from gradshift.bids import outputs
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_array, write_matrix, write_table
from gradshift.core.cortex.common import Common
from gradshift.core.cortex.measure import Value
from gradshift.core.cortex.variants import Variant
from gradshift.core.measures import measures
from gradshift.core.series.series import RegionSeries
from gradshift.output.identity import digest
from gradshift.participant.nodes.atlas import atlas_digests, read_atlas
from gradshift.participant.nodes.outcome import Save, SaveSpec
from gradshift.participant.nodes.sessionrecords import (
    CommonGround,
    JoinedRuns,
    JoinedSession,
    MeasuredSession,
)
from gradshift.recipes.recipe import Recipe
from gradshift.running.packing import read

DESCRIPTIONS = {
    "pearson": ("Pearson correlation", "Pearson correlation of the denoised region series."),
    "partial": (
        "partial correlation",
        "Partial correlation of the denoised region series, from a covariance shrunk by the "
        "Ledoit-Wolf rule.",
    ),
}


OF_FILE = ("task", "run", "space")
"""Entities that are columns of a table of measures."""

CHOICE = (
    "What differs from the choices of the participant level: first half or second half, of the "
    "retained volumes; density, of graphs whose area under a curve is a measure"
)


class _SessionSpec(SaveSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    measures = File(exists=True, mandatory=True, desc="outcome of Measures")
    coarser = File(desc="outcome of Measures of the session resampled, where it was")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the session")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Any, desc="recipes")
    connectivity = traits.Str(mandatory=True, desc="estimator of the matrices")
    gives = traits.Enum("voxels", "vertices", "series", "matrix", desc="what the source has")
    sources = InputMultiPath(traits.Str, desc="the files read, as URIs")
    runs = traits.List(traits.Dict, desc="BIDS entities of the runs")
    contents = traits.Dict(desc="what tells the content of files apart, by name")
    acquisitions = traits.List(traits.Dict, desc="how each run was acquired")
    software = traits.Str(mandatory=True, desc="name and version")
    settings = traits.Dict(desc="the options that change numbers")
    origins = traits.Dict(desc="what sidecars say of the code of the measures")


class SaveSession(Save):
    """Write the series, matrices and measures of one session."""

    input_spec = _SessionSpec
    seconds = 1.0

    def save(self, root: Path) -> list[Path]:
        """Write the results of every atlas and recipe."""
        session = read(self.inputs.session, JoinedSession)
        person = read(self.inputs.person, CommonGround)
        measured = read(self.inputs.measures, MeasuredSession)
        again = self._resampled()
        files = []
        for i, path in enumerate(self.inputs.atlases):
            for recipe in self.inputs.recipes:
                target = outputs.Target(
                    entities=self.inputs.entities,
                    atlas=read_atlas(path).entities,
                    recipe=recipe.name,
                )
                sidecar = self._sidecar(recipe, session, path)
                if joined := session.joined.get(recipe.name):
                    common = person.recipes[recipe.name][i]
                    sidecar |= _retained(joined, i) | _shared(common, joined.series[i].tr)
                    files += self._save_series(root, target, joined, i, sidecar)
                    others = measured.variants[recipe.name][i]
                    files.append(self._save_variants(root, target, others, sidecar))
                resampled = {"Resampled": again[recipe.name][i]} if again else {}
                values = measured.values[recipe.name][i]
                files.append(self._save_measures(root, target, values, sidecar | resampled))
        return files

    def _resampled(self) -> dict[str, list[list[dict[str, object]]]]:
        """Return the values of larger parts than regions of the session resampled."""
        if not self.inputs.coarser:
            return {}
        values = read(self.inputs.coarser, MeasuredSession).values
        columns = ("measure", "level", "label", "value")
        return {
            recipe: [
                [
                    {name: getattr(value, name) for name in columns}
                    for value in of_atlas
                    if value.level != "region"
                ]
                for of_atlas in by_atlas
            ]
            for recipe, by_atlas in values.items()
        }

    def _sidecar(self, recipe: Recipe, session: JoinedSession, atlas: str) -> dict[str, object]:
        """Collect what every sidecar of a session has."""
        record = read_atlas(atlas)
        return {
            "Sources": list(self.inputs.sources),
            "Runs": [dict(entities) for entities in self.inputs.runs],
            "SourceContents": dict(self.inputs.contents or {}),
            "Acquisitions": [dict(how) for how in self.inputs.acquisitions or ()],
            "Software": self.inputs.software,
            "Entities": dict(self.inputs.entities),
            **outputs.resolution(self.inputs.entities),
            "Atlas": record.name,
            "AtlasEntities": record.entities,
            "Estimator": self.inputs.connectivity,
            **({} if self.inputs.gives == "voxels" else {"SourceGives": self.inputs.gives}),
            "DenoisingRecipe": recipe.as_dict(),
            "Excluded": session.failures.get(recipe.name),
            **self.inputs.provenance,
            **atlas_digests(record, self.inputs.entities),
            "RecipeDigest": digest(recipe.as_dict()),
        }

    def _save_series(
        self,
        root: Path,
        target: outputs.Target,
        joined: JoinedRuns,
        i: int,
        sidecar: Mapping[str, object],
    ) -> list[Path]:
        regions, estimator = joined.series[i], self.inputs.connectivity
        reasons = {"RegionsLeftOut": regions.reasons}
        series = outputs.series_path(root, target)
        write_array(series, regions.names, regions.series)
        retained = {
            "RetainedVolumes": regions.volumes,
            "RetainedVolumesRun": regions.run_of,
        }
        write_json(outputs.sidecar(series), {**sidecar, **reasons, **retained})
        matrix = outputs.matrix_path(root, target, estimator)
        write_matrix(matrix, regions.names, joined.matrices[i])
        relation = _relation(estimator, joined.shrinkage[i] if joined.shrinkage else None)
        relation["NodeFiles"] = outputs.node_files(target.atlas)
        write_json(outputs.sidecar(matrix), {**sidecar, **reasons, **relation})
        return [series, matrix]

    def _save_measures(
        self,
        root: Path,
        target: outputs.Target,
        values: Sequence[Value],
        sidecar: Mapping[str, object],
    ) -> Path:
        path = outputs.measures_path(root, target)
        write_measures(
            path, values, "func", self.inputs.entities, str(sidecar["Atlas"]), target.recipe
        )
        described = {
            name: {
                "Description": measures()[name].methods,
                "Units": measures()[name].unit,
                **self.inputs.origins.get(name, {}),
            }
            for name in dict.fromkeys(value.measure for value in values)
        }
        settings = dict(self.inputs.settings)
        write_json(outputs.sidecar(path), {**sidecar, "Settings": settings, "Measures": described})
        return path

    def _save_variants(
        self,
        root: Path,
        target: outputs.Target,
        variants: Sequence[Variant],
        sidecar: Mapping[str, object],
    ) -> Path:
        path = outputs.variants_path(root, target)
        write_variants(path, variants, self.inputs.entities, str(sidecar["Atlas"]), target.recipe)
        write_json(outputs.sidecar(path), {**sidecar, "choice": {"Description": CHOICE}})
        return path


def write_measures(
    path: Path,
    values: Sequence[Value],
    modality: str,
    entities: Mapping[str, str],
    atlas: str | None,
    recipe: str,
) -> None:
    """Write a table of measures.

    Parameters
    ----------
    path : Path
    values : sequence of Value
    modality : {'func', 'pet', 'mrs'}
    entities : mapping of str to str
        Of the session or scan.
    atlas : str, optional
        Its name.
    recipe : str
    """
    cells = partial(_cells, (modality, *map(entities.get, OF_FILE), atlas, recipe))
    write_table(path, outputs.MEASURE_COLUMNS, map(cells, values))


def write_variants(
    path: Path,
    variants: Sequence[Variant],
    entities: Mapping[str, str],
    atlas: str,
    recipe: str,
) -> None:
    """Write the values of a BOLD session with other choices; parameters as of the measures."""
    cells = partial(_cells, ("func", *map(entities.get, OF_FILE), atlas, recipe))
    rows = ((*cells(variant.value), variant.choice) for variant in variants)
    write_table(path, outputs.VARIANT_COLUMNS, rows)


def _cells(of_file: Sequence[str | None], value: Value) -> tuple[object, ...]:
    """Return the cells of a value behind those that are the same in the whole file."""
    columns = outputs.MEASURE_COLUMNS[len(of_file) :]
    return (*of_file, *(getattr(value, column) for column in columns))


def _retained(joined: JoinedRuns, i: int) -> dict[str, object]:
    """Say what denoising and censoring left of a session."""
    series = joined.series[i]
    n_retained = len(series.volumes) or None  # of matrices alone it is not known
    return {
        "RepetitionTime": series.tr,
        "SamplingFrequency": 1 / series.tr,
        "NumberOfVolumes": len(series.fd) or None,
        "NumberOfVolumesRetained": n_retained,
        "MinutesRetained": n_retained and n_retained * series.tr / 60,
        "MeanFramewiseDisplacement": series.mean_fd,
        "MeanFramewiseDisplacementRetained": series.mean_fd_retained,
        **_unfiltered(series),
        "ConfoundRegressors": joined.regressor_names,
        "DegreesOfFreedom": joined.degrees_of_freedom,
        "Warnings": joined.warnings,
        **({"Physiology": dict(joined.physiology)} if joined.physiology else {}),
    }


def _unfiltered(series: RegionSeries) -> dict[str, object]:
    """Say what displacement was before the motion parameters were filtered, where they were."""
    mean = series.mean_fd_unfiltered
    return {} if mean is None else {"MeanFramewiseDisplacementUnfiltered": mean}


def _shared(common: Common, tr: float) -> dict[str, object]:
    """Say what a session shares with the others of its person."""
    return {
        "NumberOfCommonVolumes": common.n_volumes(tr),
        "RegionsLeftOutOfMeasures": common.reasons,
        "RegionsLeftOutOfGradients": common.dropout,
    }


def _relation(estimator: str, shrinkage: float | None) -> dict[str, object]:
    """Describe a matrix as BEP017 wants it."""
    measure, description = DESCRIPTIONS[estimator]
    relation: dict[str, object] = {
        "RelationshipMeasure": measure,
        "MeasureDescription": description,
        "MeasureUnits": outputs.UNITLESS,
        "Weighted": True,
        "Directed": False,
        "ValidDiagonal": True,
        "NonNegative": False,
        "StorageFormat": "Full",
    }
    return relation if shrinkage is None else {**relation, "LedoitWolfShrinkage": shrinkage}
