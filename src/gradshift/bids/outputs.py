"""What gradshift writes: where it lies, what it is called, and what is said beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradshift.bids.atlascopies import FOLDER
from gradshift.bids.names import file_name, folder
from gradshift.core.cortex.regions import Regions
from gradshift.images.grayordinates import SURFACE_SPACES

MEASURE_COLUMNS = (
    "modality", "task", "run", "space", "atlas", "recipe", "measure", "level", "label",
    "value", "unit", "status",
)  # fmt: skip

VARIANT_COLUMNS = (*MEASURE_COLUMNS, "choice")

VOLUME_MAP, CIFTI_MAP, GIFTI_MAP = ".nii.gz", ".dscalar.nii", ".shape.gii"
"""Extensions of maps of voxels, of grayordinates, and of the vertices of one hemisphere."""

LEFT, RIGHT = "_hemi-L", "_hemi-R"
"""How the names of the two files tell the hemispheres apart."""

Sidecar = Mapping[str, Any]
"""What the JSON file beside a table or an image says, by the keys of BIDS and of ours."""

UNITLESS = "unitless"
"""The ``MeasureUnits`` of correlations, and of other statistics that have no unit."""

STATISTICS = {"pearson": "pearsoncorrelation", "partial": "ledoitwolfpartialcorrelation"}
"""The ``stat`` entity of a matrix, by estimator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an output file belongs to.

    Parameters
    ----------
    entities : mapping of str to str
        Of the input, by short name; ``run`` is left out where runs were combined.
    atlas : mapping of str to str
        Entities of the atlas: ``atlas``, ``seg``, ``scale``.
    recipe : str
        Denoising recipe, the ``desc`` of the file; of PET the method of partial volume
        correction, ``n/a`` for none.
    """

    entities: Mapping[str, str]
    atlas: Mapping[str, str]
    recipe: str


def series_path(root: Path, target: Target) -> Path:
    """Name the file of denoised region series."""
    return _path(
        root, {**target.entities, **target.atlas, "desc": target.recipe}, "timeseries.tsv"
    )


def matrix_path(root: Path, target: Target, connectivity: str) -> Path:
    """Name the file of a connectivity matrix."""
    stat = STATISTICS[connectivity]
    return _path(
        root,
        {**target.entities, **target.atlas, "stat": stat, "desc": target.recipe},
        "relmat.tsv",
    )


def measures_path(root: Path, target: Target) -> Path:
    """Name the file of the measures of one session, atlas and recipe."""
    return _path(root, {**target.entities, **target.atlas, "desc": target.recipe}, "measures.tsv")


def variants_path(root: Path, target: Target) -> Path:
    """Name the file of the values of one session, atlas and recipe with other choices."""
    return _path(root, {**target.entities, **target.atlas, "desc": target.recipe}, "variants.tsv")


def coverage_path(root: Path, entities: Mapping[str, str], atlas: Mapping[str, str]) -> Path:
    """Name the file of the coverage of the regions in one run."""
    return _path(root, {**entities, **atlas, "stat": "coverage"}, "bold.tsv")


def quality_path(root: Path, entities: Mapping[str, str]) -> Path:
    """Name the file of motion and retained volumes of one run."""
    return _path(root, {**_acquired(entities), "desc": "qc"}, "timeseries.tsv")


def outliers_path(root: Path, entities: Mapping[str, str]) -> Path:
    """Name the file that says why volumes of one run were left out."""
    return _path(root, _acquired(entities), "outliers.tsv")


def map_path(root: Path, target: Target, stat: str) -> Path:
    """Name the file of a map; a map that rests on no atlas has none in its name.

    On fsaverage, where each hemisphere has a file, that of the left one.
    """
    entities = {**target.entities, **target.atlas, "stat": stat, "desc": target.recipe}
    return root / folder(entities, "func") / _map_name(entities)


def _map_name(entities: Mapping[str, str]) -> str:
    space = entities.get("space", "")
    if space not in SURFACE_SPACES:
        return file_name(entities, f"boldmap{VOLUME_MAP}")
    if space == "fsLR":
        return file_name(entities, f"boldmap{CIFTI_MAP}")
    name = file_name(entities, f"boldmap{GIFTI_MAP}")
    return ("_" + name).replace("_space-", f"{LEFT}_space-", 1).removeprefix("_")


def right_hemisphere(path: Path) -> Path:
    """Return the file of the right hemisphere beside that of the left one."""
    return path.with_name(path.name.replace(LEFT, RIGHT, 1))


def files_of_map(path: Path) -> list[Path]:
    """Return the files that a map is in."""
    return [path, right_hemisphere(path)] if path.name.endswith(GIFTI_MAP) else [path]


def tacs_path(root: Path, target: Target, model: str = "") -> Path:
    """Name the file of the curves of a PET scan, or of those that a model fitted."""
    return _pet_path(root, target, {"desc": model} if model else {}, "tacs.tsv")


def kinetics_path(root: Path, target: Target) -> Path:
    """Name the file of what kinetic models gave for a PET scan."""
    return _pet_path(root, target, {}, "kinpar.tsv")


def pet_measures_path(root: Path, target: Target) -> Path:
    """Name the file of the measures of a PET scan."""
    return _pet_path(root, target, {}, "measures.tsv")


def _pet_path(root: Path, target: Target, more: Mapping[str, str], suffix: str) -> Path:
    pvc = {} if target.recipe == "n/a" else {"pvc": target.recipe}
    entities = {**target.entities, **target.atlas, **more, **pvc}
    return root / folder(entities, "pet") / file_name(entities, suffix)


def mrs_measures_path(root: Path, entities: Mapping[str, str]) -> Path:
    """Name the file of the metabolite values of one session."""
    return root / folder(entities, "mrs") / file_name(entities, "measures.tsv")


def sidecar(path: Path) -> Path:
    """Return the JSON file beside a table or an image."""
    return path.with_name(path.name.split(".")[0] + ".json")


def resolution(entities: Mapping[str, str]) -> dict[str, str]:
    """Say in a sidecar what the ``res`` and ``den`` of a name mean, as BIDS requires."""
    return {
        key: f"That of {short}-{entities[short]} in the preprocessed images"
        for short, key in (("res", "Resolution"), ("den", "Density"))
        if short in entities
    }


def _acquired(entities: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in entities.items() if k not in ("space", "cohort", "res", "den")}


def _path(root: Path, entities: Mapping[str, str], suffix: str) -> Path:
    return root / folder(entities, "func") / file_name(entities, suffix)


def group_matrix_name(task: str, atlas: Mapping[str, str], stat: str, recipe: str) -> str:
    """Name the file of a group result that is a matrix."""
    entities = {**atlas, "stat": stat, "desc": recipe}
    if task != "n/a":
        entities["task"] = task
    return file_name(entities, "relmat.tsv")


def group_map_name(target: Target, stat: str) -> str:
    """Name the file of a group result that is a map; see `map_path`."""
    named = ("task", "space", "cohort", "res", "den")
    kept = {k: v for k, v in target.entities.items() if k in named}
    return _map_name({**kept, **target.atlas, "stat": stat, "desc": target.recipe})


def regions_path(root: Path, atlas: Mapping[str, str]) -> Path:
    """Name the file of the regions of an atlas, as they were used."""
    return root / FOLDER / f"{_atlas_stem(atlas)}_regions.json"


def node_files(atlas: Mapping[str, str]) -> list[str]:
    """Name the file that says what the rows of a matrix are, as ``NodeFiles`` of BEP017."""
    path = regions_path(Path(), atlas)
    return [f"bids::{path.as_posix()}"]


def atlas_description_path(root: Path, atlas: Mapping[str, str]) -> Path:
    """Name the file that says what an ``atlas-`` label stands for."""
    return root / f"atlas-{atlas['atlas']}_description.json"


def reference_path(root: Path, atlas: Mapping[str, str]) -> Path:
    """Name the file of the reference gradients of an atlas, where it ships some."""
    return root / FOLDER / f"{_atlas_stem(atlas)}_reference.tsv"


def vertices_path(root: Path, atlas: Mapping[str, str]) -> Path:
    """Name the file that gives each vertex of fsaverage5 its region."""
    return root / FOLDER / f"{_atlas_stem(atlas)}_fsaverage5.tsv"


def _atlas_stem(atlas: Mapping[str, str]) -> str:
    return file_name(atlas, "").rstrip("_")


def plain_regions(regions: Regions) -> Sidecar:
    """Return regions as plain JSON types; `regions_from` reads them back."""
    return {
        "names": list(regions.names),
        "networks": list(regions.networks),
        "hemispheres": list(regions.hemispheres),
        "centroids": regions.centroids.tolist(),
        "sets": {name: list(positions) for name, positions in regions.sets.items()},
    }


def regions_from(plain: Sidecar) -> Regions:
    """Build regions from plain JSON types."""
    return Regions(
        names=tuple(plain["names"]),
        networks=tuple(plain["networks"]),
        hemispheres=tuple(plain["hemispheres"]),
        centroids=np.array(plain["centroids"], dtype=np.float64),
        sets={name: tuple(positions) for name, positions in plain["sets"].items()},
    )
