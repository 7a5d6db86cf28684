"""The steps of runs that are images: the one read, denoising, and maps."""

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nipype.pipeline import engine as pe

from gradshift import __version__
from gradshift.bids.delays import find_maps
from gradshift.bids.elsewhere import locate
from gradshift.bids.fingerprint import fingerprint
from gradshift.bids.physio import find_recordings
from gradshift.bids.run import Run
from gradshift.bids.segmentation import find_segmentation
from gradshift.bids.sessions import unit_entities
from gradshift.errors import GradshiftError
from gradshift.output.identity import digest
from gradshift.participant.node import collect, step
from gradshift.participant.nodes.denoise import Denoise
from gradshift.participant.nodes.parcellate import Parcellate
from gradshift.participant.nodes.savemaps import SaveMaps
from gradshift.participant.nodes.voxelwise import Voxelwise
from gradshift.participant.plan import Plan, Session, grid

MEM_PARCELLATE = 0.3
"""Gigabytes of the step that reads, whatever the length of the run."""

BYTES_PER_VOXEL = 1.5
"""Of the step that maps voxels, per voxel and volume of the grid: a quarter of it is brain, of
which the series (4 bytes) and the ranks (2 bytes) are held."""

BYTES_PER_VERTEX = 6.0
"""Of that step on a surface, where all is brain."""


def add_run(workflow: pe.Workflow, run: Run, tag: str, plan: Plan) -> pe.Node:
    """Add the steps of one run; return the one that gives its `DenoisedRun`."""
    segmentation = find_segmentation(run)
    labelled = [] if segmentation is None else [segmentation.path]
    parcellate = step(
        Parcellate,
        f"parcellate_{tag}",
        plan.plugins,
        mem_gb=MEM_PARCELLATE,
        bold=str(run.bold),
        atlases=plan.atlas_files,
        labels=[] if run.problem else [str(path) for path in plan.labels[grid(run)]],
        content="" if run.problem else fingerprint([*run.images, *labelled]),
        tissues={} if segmentation is None else dict(segmentation.tissues),
        keep_voxels=False,
        problem=run.problem,
        **_files(mask=run.mask, right=run.right, segmentation=next(iter(labelled), None)),
    )
    beside = [path for path in (run.confounds, run.outliers) if path]
    beside.append(run.confounds.with_suffix(".json"))
    elsewhere = {} if run.problem else _elsewhere(run, plan)
    recordings = [] if run.problem else find_recordings(run.entities, plan.raw)
    derivatives = plan.asked.settings.inputs.derivatives
    systemic = {} if run.problem else find_maps(run.entities, derivatives)
    beside += [Path(path) for paths in elsewhere.values() for pair in paths for path in pair]
    denoise = step(
        Denoise,
        f"denoise_{tag}",
        plan.plugins,
        confounds=str(run.confounds),
        content="" if run.problem else fingerprint([*beside, *recordings, *systemic.values()]),
        source=run.bold.name,
        atlases=plan.atlas_files,
        recipes=list(plan.recipes),
        tr=run.tr,
        coverage_threshold=plan.analysis.coverage_threshold,
        denoised=run.denoised,
        elsewhere=elsewhere,
        recordings=[str(path) for path in recordings],
        systemic={desc: str(path) for desc, path in systemic.items()},
        phase_encoding=str(plan.acquisition(run).get("PhaseEncoding", "")),
        **_files(outliers=run.outliers),
    )
    workflow.connect([(parcellate, denoise, [("out_file", "parcels")])])
    return denoise


def _elsewhere(run: Run, plan: Plan) -> dict[str, list[list[str]]]:
    """Find the tables of other datasets, by recipe; one that lacks any is not in it."""
    tables = {}
    for recipe in plan.recipes:
        if recipe.elsewhere:
            with suppress(GradshiftError):  # it was said where the run was found
                located = locate(run.entities, recipe, plan.asked.settings.inputs.derivatives)
                tables[recipe.name] = [one.paths for one in located]
    return tables


def _files(**paths: Path | None) -> dict[str, Any]:
    """Return the files that there are, as inputs of a step."""
    return {name: str(path) for name, path in paths.items() if path is not None}


def add_maps(workflow: pe.Workflow, session: Session, plan: Plan) -> None:
    """Add the maps of voxels or vertices of a session, where its runs lie on one grid."""
    unit, tag = [run for run in session.runs if isinstance(run, Run)], session.tag
    grids = {grid(run): run for run in unit if not run.problem}
    if not plan.analysis.voxelwise or len(grids) != 1:
        return
    (example,) = grids.values()
    voxels = math.prod(example.shape) * sum(run.n_volumes for run in unit)
    each = BYTES_PER_VERTEX if example.surface else BYTES_PER_VOXEL
    surface = [str(path) for path in example.images] if example.surface else []
    parcels = [workflow.get_node(f"parcellate_{one}") for one in session.run_tags]
    for parcellate in parcels:
        parcellate.inputs.keep_voxels = True
    voxelwise = step(
        Voxelwise,
        f"voxelwise_{tag}",
        plan.plugins,
        mem_gb=MEM_PARCELLATE + each * voxels / 1e9,
        atlases=plan.atlas_files,
        reads=[parcellate.inputs.get_traitsfree() for parcellate in parcels],
        labels=[str(path) for path in plan.labels[grid(example)]],
        shape=example.shape,
        surface=surface,
        recipes=list(plan.recipes),
        homogeneity="reho" in plan.asked.measures,
    )
    collect(workflow, parcels, voxelwise, "parcels")
    collect(workflow, session.denoised, voxelwise, "denoised")
    workflow.connect(
        [
            (session.connect, voxelwise, [("out_file", "session")]),
            (session.person, voxelwise, [("out_file", "person")]),
            (voxelwise, session.measure, [("out_file", "voxelwise")]),
        ]
    )
    save = _save(unit, example, tag, plan)
    save.inputs.surface = surface
    workflow.connect([(voxelwise, save, [("out_file", "voxelwise")])])


def _save(unit: Sequence[Run], example: Run, tag: str, plan: Plan) -> pe.Node:
    return step(
        SaveMaps,
        f"save_maps_{tag}",
        plan.plugins,
        overwrite=plan.writes_again(example),
        entities=unit_entities(unit),
        atlases=plan.atlas_files,
        recipe_digests={recipe.name: digest(recipe.as_dict()) for recipe in plan.recipes},
        provenance=plan.provenance,
        shape=example.shape,
        affine=[list(row) for row in example.affine],
        smoothing=plan.analysis.smoothing,
        sources=plan.sources(unit),
        software=f"gradshift {__version__}",
        output_dir=str(plan.asked.output_dir),
    )
