"""The graph of the participant level: one workflow for all runs, one part per person."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from nipype.pipeline import engine as pe

from gradshift import __version__
from gradshift.bids.inputs import Run
from gradshift.bids.sessions import group_runs, unit_entities
from gradshift.core.cortex.options import Options
from gradshift.core.measures import measures
from gradshift.participant.nodes.connect import Connect
from gradshift.participant.nodes.denoise import Denoise
from gradshift.participant.nodes.figures import Figures
from gradshift.participant.nodes.measure import Measures
from gradshift.participant.nodes.outcome import Outcome
from gradshift.participant.nodes.parcellate import Parcellate
from gradshift.participant.nodes.person import Person
from gradshift.participant.nodes.save import SaveMaps, SaveRun, SaveSession
from gradshift.participant.nodes.voxelwise import Voxelwise
from gradshift.recipes.catalogue import Recipe
from gradshift.settings import Analysis

MEM_PARCELLATE = 0.3
"""Gigabytes of the step that reads, whatever the length of the run."""


BYTES_PER_VOXEL = 1.5
"""Of the step that maps voxels, per voxel and volume of the grid: a quarter of it is brain, of
which the series (4 bytes) and the ranks (2 bytes) are held."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the graph is built from, besides the runs.

    Parameters
    ----------
    recipes : sequence of Recipe
        The first is the primary one.
    atlases : sequence of Path
        The regions of every atlas; the first is the primary one.
    labels : mapping
        Their labels by `grid`.
    analysis : Analysis
    settings : mapping
        The options that change numbers, to be kept with them.
    output_dir, work_dir : Path
    sessions : mapping of str to sequence of str
        The sessions of each person in the order of time, as far as it is known.
    untouched : collection of str
        People, with prefix, whose results are all there: they are written only if they change.
    """

    recipes: Sequence[Recipe]
    atlases: Sequence[Path]
    labels: Mapping[object, Sequence[Path]]
    analysis: Analysis
    settings: Mapping[str, object]
    output_dir: Path
    work_dir: Path
    sessions: Mapping[str, Sequence[str]]
    untouched: Collection[str] = ()

    def writes_again(self, run: Run) -> bool:
        """Tell whether results are written that the intermediate results already stand for."""
        return f"sub-{run.entities['sub']}" not in self.untouched


def grid(run: Run) -> tuple[object, ...]:
    """Return what two runs must share to lie on the same grid."""
    affine = tuple(tuple(round(value, 4) for value in row) for row in run.affine)
    return run.entities["space"], run.shape, affine


def build(runs: Sequence[Run], plan: Plan) -> pe.Workflow:
    """Build the graph for all runs.

    Parameters
    ----------
    runs : sequence of Run
        A run with a problem gets rows without values, and the reason.
    plan : Plan

    Returns
    -------
    Workflow
        ``sub_<label>_task_<label>`` for every person and task: sessions of a person meet in
        its ``person`` node, nothing crosses from one person to another.
    """
    minor = "_".join(__version__.split(".")[:2])
    workflow = pe.Workflow(name=f"gradshift_{minor}", base_dir=str(plan.work_dir))
    for (sub, task), found in groupby(sorted(runs, key=_person), key=_person):
        workflow.add_nodes([_person_workflow(f"sub_{sub}_task_{task}", list(found), plan)])
    return workflow


def _person(run: Run) -> tuple[str, str]:
    return run.entities["sub"], run.entities.get("task", "none")


def _person_workflow(name: str, runs: Sequence[Run], plan: Plan) -> pe.Workflow:
    """Connect the steps of one person and task.

    Inputs
    ------
    Every run: its image, mask and confounds.

    Outputs
    -------
    Written by the ``save`` nodes.
    """
    workflow = pe.Workflow(name=name)
    units = group_runs(runs, combine=plan.analysis.combine_runs)
    person = pe.Node(
        Person(
            labels=[_session_label(unit) for unit in units],
            atlases=[str(path) for path in plan.atlases],
            recipes=[recipe.name for recipe in plan.recipes],
            options=measure_options(plan.analysis),
        ),
        name="person",
    )
    sessions = pe.Node(_merge(len(units)), name="sessions", run_without_submitting=True)
    for number, unit in enumerate(units, start=1):
        connect = _unit_workflow(workflow, unit, plan, person)
        workflow.connect([(connect, sessions, [("out_file", f"in{number}")])])
    workflow.connect([(sessions, person, [("out", "sessions")])])
    _add_figures(workflow, units, plan)
    return workflow


def _add_figures(workflow: pe.Workflow, units: Sequence[Sequence[Run]], plan: Plan) -> None:
    """Add the step that draws the figures of a person once everything is saved."""
    runs = [run for unit in units for run in unit]
    figures = pe.Node(
        Figures(
            entities=[dict(run.entities) for run in runs],
            tr=[run.tr for run in runs],
            atlas=Outcome.load(plan.atlases[0]).notes["name"],
            recipe=plan.recipes[0],
            sessions=list(plan.sessions.get(runs[0].entities["sub"], ())),
            output_dir=str(plan.output_dir),
        ),
        name="figures",
        overwrite=plan.writes_again(runs[0]),
    )
    found = {
        kind: [
            workflow.get_node(f"{kind}_{tag}_{number}")
            for unit in units
            for tag in [_tag(unit)]
            for number, _ in enumerate(unit, start=1)
        ]
        for kind in ("parcellate", "denoise", "save_run")
    }
    tags = [_tag(unit) for unit in units]
    measured = [workflow.get_node(f"measure_{tag}") for tag in tags]
    saved = [workflow.get_node(f"{kind}_{tag}") for kind in ("save", "save_maps") for tag in tags]
    _collect(workflow, found["parcellate"], "out_file", figures, "parcels")
    _collect(workflow, found["denoise"], "out_file", figures, "denoised")
    _collect(workflow, measured, "out_file", figures, "outcomes")
    everything = [*found["save_run"], *filter(None, saved)]
    _collect(workflow, everything, "files", figures, "saved")


def _collect(
    workflow: pe.Workflow, nodes: Sequence[pe.Node], output: str, target: pe.Node, field: str
) -> None:
    """Feed the same output of many nodes into one input."""
    merge = pe.Node(_merge(len(nodes)), name=f"all_{field}", run_without_submitting=True)
    for number, node in enumerate(nodes, start=1):
        workflow.connect([(node, merge, [(output, f"in{number}")])])
    workflow.connect([(merge, target, [("out", field)])])


def _session_label(unit: Sequence[Run]) -> str:
    entities = unit_entities(unit)
    named = [f"{key}-{entities[key]}" for key in ("ses", "run") if key in entities]
    return " ".join(named) or "the only session"


def _tag(unit: Sequence[Run]) -> str:
    """Name a session among the nodes of its person."""
    named = [
        f"{key}_{value}"
        for key, value in unit_entities(unit).items()
        if key not in ("sub", "task", "space", "res", "den")
    ]
    return "_".join(named) or "session"


def _unit_workflow(
    workflow: pe.Workflow, unit: Sequence[Run], plan: Plan, person: pe.Node
) -> pe.Node:
    """Add the steps of one session to a person's graph; return its ``connect`` node."""
    tag = _tag(unit)
    atlases = [str(path) for path in plan.atlases]
    recipes = list(plan.recipes)
    connect = pe.Node(
        Connect(
            labels=[run.label for run in unit],
            n_atlases=len(atlases),
            recipes=recipes,
            tr=[run.tr for run in unit],
            connectivity=plan.analysis.connectivity,
        ),
        name=f"connect_{tag}",
    )
    runs = pe.Node(_merge(len(unit)), name=f"runs_{tag}", run_without_submitting=True)
    reads = pe.Node(_merge(len(unit)), name=f"reads_{tag}", run_without_submitting=True)
    for number, run in enumerate(unit, start=1):
        parcellate, denoise = _run_nodes(workflow, run, f"{tag}_{number}", plan)
        workflow.connect([(parcellate, reads, [("out_file", f"in{number}")])])
        workflow.connect([(denoise, runs, [("out_file", f"in{number}")])])
    measure = pe.Node(
        Measures(
            atlases=atlases,
            recipes=[recipe.name for recipe in recipes],
            measures=list(plan.analysis.measures or measures()),
            options=measure_options(plan.analysis),
        ),
        name=f"measure_{tag}",
    )
    save = pe.Node(
        SaveSession(
            entities=unit_entities(unit),
            atlases=atlases,
            recipes=recipes,
            connectivity=plan.analysis.connectivity,
            sources=[run.bold.name for run in unit],
            runs=[dict(run.entities) for run in unit],
            software=f"gradshift {__version__}",
            settings=dict(plan.settings),
            output_dir=str(plan.output_dir),
        ),
        name=f"save_{tag}",
        overwrite=plan.writes_again(unit[0]),
    )
    workflow.connect(
        [
            (runs, connect, [("out", "denoised")]),
            (connect, measure, [("out_file", "session")]),
            (person, measure, [("out_file", "person")]),
            (connect, save, [("out_file", "session")]),
            (person, save, [("out_file", "person")]),
            (measure, save, [("out_file", "measures")]),
        ]
    )
    grids = {grid(run): run for run in unit if not run.problem}
    if plan.analysis.voxelwise and len(grids) == 1:
        (example,) = grids.values()
        voxelwise = _voxel_nodes(workflow, unit, example, tag, plan)
        workflow.connect(
            [
                (reads, voxelwise, [("out", "parcels")]),
                (runs, voxelwise, [("out", "denoised")]),
                (connect, voxelwise, [("out_file", "session")]),
                (person, voxelwise, [("out_file", "person")]),
                (voxelwise, measure, [("out_file", "voxelwise")]),
            ]
        )
    return connect


def _voxel_nodes(
    workflow: pe.Workflow, unit: Sequence[Run], example: Run, tag: str, plan: Plan
) -> pe.Node:
    """Add the steps of the voxel maps of a session, on the grid of one of its runs."""
    atlases = [str(path) for path in plan.atlases]
    voxels = math.prod(example.shape) * sum(run.n_volumes for run in unit)
    voxelwise = pe.Node(
        Voxelwise(
            atlases=atlases,
            labels=[str(path) for path in plan.labels[grid(example)]],
            shape=example.shape,
            recipes=list(plan.recipes),
        ),
        name=f"voxelwise_{tag}",
        mem_gb=MEM_PARCELLATE + BYTES_PER_VOXEL * voxels / 1e9,
    )
    save = pe.Node(
        SaveMaps(
            entities=unit_entities(unit),
            atlases=atlases,
            recipes=[recipe.name for recipe in plan.recipes],
            shape=example.shape,
            affine=[list(row) for row in example.affine],
            smoothing=plan.analysis.smoothing,
            sources=[run.bold.name for run in unit],
            software=f"gradshift {__version__}",
            output_dir=str(plan.output_dir),
        ),
        name=f"save_maps_{tag}",
        overwrite=plan.writes_again(example),
    )
    workflow.connect([(voxelwise, save, [("out_file", "voxelwise")])])
    return voxelwise


def measure_options(analysis: Analysis) -> Options:
    """Return the options that the measures see."""
    return Options(kernel=analysis.kernel, densities=analysis.densities)


def _run_nodes(workflow: pe.Workflow, run: Run, tag: str, plan: Plan) -> tuple[pe.Node, pe.Node]:
    """Add the steps of one run; return its ``parcellate`` and ``denoise`` nodes."""
    atlases = [str(path) for path in plan.atlases]
    parcellate = pe.Node(
        Parcellate(
            bold=str(run.bold),
            mask=str(run.mask),
            atlases=atlases,
            labels=[] if run.problem else [str(path) for path in plan.labels[grid(run)]],
            keep_voxels=plan.analysis.voxelwise,
            problem=run.problem,
        ),
        name=f"parcellate_{tag}",
        mem_gb=MEM_PARCELLATE,
    )
    denoise = pe.Node(
        Denoise(
            confounds=str(run.confounds),
            atlases=atlases,
            recipes=list(plan.recipes),
            tr=run.tr,
            coverage_threshold=plan.analysis.coverage_threshold,
        ),
        name=f"denoise_{tag}",
    )
    save = pe.Node(
        SaveRun(
            entities=dict(run.entities),
            atlases=atlases,
            recipe=plan.recipes[0].name,
            output_dir=str(plan.output_dir),
        ),
        name=f"save_run_{tag}",
        overwrite=plan.writes_again(run),
    )
    workflow.connect(
        [
            (parcellate, denoise, [("out_file", "parcels")]),
            (parcellate, save, [("out_file", "parcels")]),
            (denoise, save, [("out_file", "denoised")]),
        ]
    )
    return parcellate, denoise


def _merge(n: int) -> object:
    """Return an interface that collects n files into a list."""
    from nipype.interfaces.utility import Merge

    return Merge(n)
